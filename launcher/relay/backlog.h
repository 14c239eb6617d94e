/*
 * What has come from the engine and is not yet with all clients: a part of one stream of bytes,
 * in the version that the clients get, of fixed size. Places in it are counted from the
 * stream's first byte. No system call.
 *
 * The bytes stand in one piece, so that they are received in their place and sent from there.
 * They are moved only if the space behind them has run out while clients are behind.
 */
#ifndef IMDSHIM_LAUNCHER_RELAY_BACKLOG_H
#define IMDSHIM_LAUNCHER_RELAY_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BACKLOG_LEAST_ROOM = 1 << 14, /* with less it counts as full */
    BACKLOG_MARKS = 32,
};

struct backlog {
    unsigned char *bytes;
    size_t size;
    size_t first, last; /* what is kept of them: first <= i < last */
    uint64_t start;     /* place of bytes[0] in the stream */
    /* Where frames begin: not all of them, but the first and then some at a distance. */
    uint64_t marks[BACKLOG_MARKS + 2];
    unsigned mark_count;
};

#define BACKLOG_NOWHERE UINT64_MAX

/* False and errno if there is no memory. */
bool backlog_make(struct backlog *backlog, size_t size);
void backlog_empty(struct backlog *backlog);
void backlog_free(struct backlog *backlog);

/* The places of the first byte that is kept, and of the one that comes next. */
uint64_t backlog_begin(const struct backlog *backlog);
uint64_t backlog_end(const struct backlog *backlog);

/*
 * Where the next bytes go, and how many may; NULL if it is full. What was asked for before is
 * not valid any more.
 */
unsigned char *backlog_room(struct backlog *backlog, size_t *size);

/* The same place, and nothing is moved. */
unsigned char *backlog_tail(struct backlog *backlog);

/* So many have been written there. */
void backlog_put(struct backlog *backlog, size_t length);

/* A frame begins with the next byte. */
void backlog_mark(struct backlog *backlog);

/* The first place known that is not before `at` and where a frame begins, or BACKLOG_NOWHERE. */
uint64_t backlog_frame(const struct backlog *backlog, uint64_t at);

/* What is there from a place on that is kept. */
const unsigned char *backlog_at(const struct backlog *backlog, uint64_t at, size_t *length);

/* What is before a place is not needed any more. */
void backlog_release(struct backlog *backlog, uint64_t upto);

#endif
