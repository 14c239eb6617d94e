/*
 * Where a run's events come from.
 *
 * The run waits for each source's descriptor and asks it for events. All that follows (what is
 * said, the client, the gate) knows events only.
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_SOURCE_H
#define IMDSHIM_LAUNCHER_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/wire/address.h"
#include "shim/wire/event_text.h"

/* An event and where it came from. Its texts are the source's, until it is asked again. */
struct received {
    struct event event;
    bool remote;        /* it came from another host, or may have */
    union address peer; /* of a remote event: the address that it came from */
};

struct source { /* the first member of each source */
    const struct source_class *class;
    int fd;             /* for poll(2); -1: none */
    int64_t deadline;   /* ask then, even if fd is quiet: CLOCK_MONOTONIC; 0: never */
    unsigned malformed; /* what came and was no event */
};

struct source_class {
    const char *name;
    /*
     * For a source that must do something in the engine's process, else NULL: in the child
     * before exec, as child_plan's enter(); and in our process, with what that has sent.
     */
    int (*enter)(void *source);
    void (*started)(struct source *source, pid_t engine, int received);
    bool (*next)(struct source *source, struct received *received);
    void (*close)(struct source *source);
};

/* The next event that has arrived; false if there is none now. Never blocks. */
static inline bool source_next(struct source *source, struct received *received)
{
    return source->class->next(source, received);
}

static inline void source_close(struct source *source)
{
    source->class->close(source);
}

#endif
