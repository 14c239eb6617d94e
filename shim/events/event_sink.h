/*
 * The way events leave the engine: an inherited descriptor, or a FIFO, or TCP where that FIFO
 * is not; opened, written and closed for each event, so that no descriptor of ours lives in the
 * engine.
 *
 * The engine is never blocked. A reader that is gone, not there yet, stopped or slow costs an
 * event at most EVENT_SINK_TIMEOUT_MS, or by TCP what tcp.h says; then the event is dropped.
 * SIGPIPE is never delivered. Safe in a signal handler; errno is not kept.
 */
#ifndef IMDSHIM_SHIM_EVENTS_EVENT_SINK_H
#define IMDSHIM_SHIM_EVENTS_EVENT_SINK_H

#include <limits.h>
#include <stdbool.h>

#include "shim/wire/event_text.h"
#include "shim/wire/handover.h"

enum { EVENT_SINK_TIMEOUT_MS = 100 };

struct event_sink {
    struct handover_fd file; /* its fd is -1: use the FIFO */
    char fifo[PATH_MAX];
    struct handover_tcp tcp; /* beside the FIFO */
};

enum event_weight {
    EVENT_OPTIONAL, /* dropped at the first difficulty */
    EVENT_REQUIRED, /* tried again until the time is over */
};

/*
 * Write an event as one line, whole or not at all. Not inlined: the line is on the stack,
 * perhaps a signal's, only while it is sent.
 */
__attribute__((noinline)) void event_sink_tell(const struct event_sink *sink,
                                               const struct event *event,
                                               enum event_weight weight);

#endif
