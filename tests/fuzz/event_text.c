/*
 * The event parser: lines of any bytes.
 */
#include "shim/wire/event_text.h"

#include <limits.h>

#include "tests/fuzz/support/fuzz.h"

static void demand_plain(const char *value)
{
    DEMAND(is_printable(value) && strchr(value, ' ') == NULL);
}

/* Of what a line has not there is nothing. */
static void demand_has(const struct event *event)
{
    unsigned has = event->has;
    int family = event->address.any.sa_family;

    DEMAND((has & EVENT_HAS(KEY_HOST)) != 0 || event->host[0] == '\0');
    DEMAND((has & EVENT_HAS(KEY_ADDR)) != 0 ? family == AF_INET || family == AF_INET6
                                            : family == AF_UNSPEC);
    DEMAND((has & EVENT_HAS(KEY_ASKED)) != 0 || event->asked == 0);
    DEMAND((has & EVENT_HAS(KEY_FD)) != 0 || event->fd == 0);
    DEMAND((has & EVENT_HAS(KEY_UID)) != 0 || event->uid == 0);
    DEMAND((has & EVENT_HAS(KEY_REASON)) != 0 || event->reason[0] == '\0');
    DEMAND((has & EVENT_HAS(KEY_ERROR)) != 0 || event->error == 0);
    DEMAND((has & EVENT_HAS(KEY_NETNS)) != 0 || event->netns == 0);
    DEMAND((has & EVENT_HAS(KEY_EXE)) != 0 || event->exe[0] == '\0');
    DEMAND((has & EVENT_HAS(KEY_OBJECT)) != 0 || event->object[0] == '\0');
    DEMAND((has & EVENT_HAS(KEY_COMM)) != 0 || event->comm[0] == '\0');
}

static void demand_in_range(const struct event *event)
{
    bool listens = event->kind == KIND_LISTENING || event->kind == KIND_PASSED;
    bool has_address = (event->has & EVENT_HAS(KEY_ADDR)) != 0;

    DEMAND((unsigned)event->kind < EVENT_KINDS && event->has < EVENT_HAS(EVENT_KEYS));
    DEMAND((event->has & EVENT_HAS(KEY_PID)) != 0);
    DEMAND(event->port <= UINT16_MAX && event->asked <= UINT16_MAX);
    DEMAND(event->pid > 0 && event->pid <= INT_MAX);
    DEMAND(event->error <= INT_MAX && event->fd <= INT_MAX);
    DEMAND(event->kind != KIND_DENIED || event->port > 0);
    DEMAND(!listens || event->port > 0);
    DEMAND(has_address || (!listens && event->kind != KIND_REFUSED));
    DEMAND(!has_address || address_port(&event->address) == event->port);
    demand_plain(event->host);
    demand_plain(event->exe);
    demand_plain(event->object);
    demand_plain(event->comm);
    demand_plain(event->reason);
}

static void demand_same(const struct event *a, const struct event *b)
{
    DEMAND(a->kind == b->kind && a->has == b->has && a->port == b->port);
    DEMAND(a->asked == b->asked && a->pid == b->pid && a->fd == b->fd);
    DEMAND(a->uid == b->uid && a->error == b->error && a->netns == b->netns);
    DEMAND(memcmp(&a->address, &b->address, sizeof a->address) == 0);
    DEMAND(strcmp(a->host, b->host) == 0 && strcmp(a->exe, b->exe) == 0);
    DEMAND(strcmp(a->object, b->object) == 0 && strcmp(a->comm, b->comm) == 0);
    DEMAND(strcmp(a->reason, b->reason) == 0);
}

/*
 * What was understood, said again, is understood in the same way. Values stay escaped, and a '%'
 * in them would be escaped again: of an event that has one only the length is looked at.
 */
static void demand_comes_back(const struct event *event)
{
    const char *names[] = {event->host, event->exe, event->object, event->comm, event->reason};
    char *line = malloc(EVENT_MAX + 1);
    size_t length = event_text_format(event, line);
    bool plain = true;
    struct event back;

    DEMAND(length <= EVENT_MAX && line[length] == '\0' && line[length - 1] == '\n');
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        plain = plain && strchr(names[i], '%') == NULL;
    if (plain) {
        line[length - 1] = '\0';
        DEMAND(event_text_parse(line, &back));
        demand_same(&back, event);
    }
    free(line);
}

static void take_line(char *line)
{
    struct event event, again;
    char *copy = fuzz_block(line, strlen(line) + 1);
    bool taken = event_text_parse(line, &event);

    DEMAND(event_text_parse(copy, &again) == taken);
    if (taken) {
        demand_same(&again, &event);
        demand_in_range(&event);
        demand_has(&event);
        demand_comes_back(&event);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};

    while (input.left > 0) {
        char *line = take_text(&input, '\n');

        take_line(line);
        free(line);
    }
    return 0;
}
