#include "launcher/relay/backlog.h"

#include <stdlib.h>
#include <string.h>

bool backlog_make(struct backlog *backlog, size_t size)
{
    *backlog = (struct backlog){.bytes = malloc(size), .size = size};
    return backlog->bytes != NULL;
}

void backlog_empty(struct backlog *backlog)
{
    backlog->first = backlog->last = 0;
    backlog->start = 0;
    backlog->mark_count = 0;
}

void backlog_free(struct backlog *backlog)
{
    free(backlog->bytes);
    *backlog = (struct backlog){.bytes = NULL};
}

uint64_t backlog_begin(const struct backlog *backlog)
{
    return backlog->start + backlog->first;
}

uint64_t backlog_end(const struct backlog *backlog)
{
    return backlog->start + backlog->last;
}

unsigned char *backlog_tail(struct backlog *backlog)
{
    return backlog->bytes + backlog->last;
}

/* To the front: at once if there is nothing to be moved, else not before half of it is free. */
static void move_to_front(struct backlog *backlog)
{
    size_t length = backlog->last - backlog->first;

    if (length > 0 && (backlog->first < backlog->size / 2 ||
                       backlog->size - backlog->last >= backlog->size / 4))
        return;
    memmove(backlog->bytes, backlog->bytes + backlog->first, length);
    backlog->start += backlog->first;
    backlog->first = 0;
    backlog->last = length;
}

unsigned char *backlog_room(struct backlog *backlog, size_t *size)
{
    move_to_front(backlog);
    *size = backlog->size - backlog->last;
    return *size >= BACKLOG_LEAST_ROOM ? backlog_tail(backlog) : NULL;
}

void backlog_put(struct backlog *backlog, size_t length)
{
    backlog->last += length;
}

void backlog_mark(struct backlog *backlog)
{
    uint64_t end = backlog_end(backlog);
    const uint64_t *last = &backlog->marks[backlog->mark_count];

    if (backlog->mark_count == 0 || end - last[-1] >= backlog->size / BACKLOG_MARKS)
        backlog->marks[backlog->mark_count++] = end;
}

uint64_t backlog_frame(const struct backlog *backlog, uint64_t at)
{
    for (unsigned i = 0; i < backlog->mark_count; i++)
        if (backlog->marks[i] >= at)
            return backlog->marks[i];
    return BACKLOG_NOWHERE;
}

const unsigned char *backlog_at(const struct backlog *backlog, uint64_t at, size_t *length)
{
    *length = (size_t)(backlog_end(backlog) - at);
    return backlog->bytes + (at - backlog->start);
}

void backlog_release(struct backlog *backlog, uint64_t upto)
{
    unsigned passed = 0;

    backlog->first = (size_t)(upto - backlog->start);
    while (passed < backlog->mark_count && backlog->marks[passed] < upto)
        passed++;
    backlog->mark_count -= passed;
    memmove(backlog->marks, backlog->marks + passed,
            backlog->mark_count * sizeof backlog->marks[0]);
}
