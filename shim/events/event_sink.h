/*
 * The way events leave the engine: an inherited descriptor, or a FIFO, or TCP where that FIFO
 * is not; opened, written and closed for each event, so that no descriptor of ours lives in the
 * engine.
 *
 * A channel never blocks the engine. A reader that is gone, not there yet, stopped or slow
 * costs an event at most CHANNEL_PATIENCE milliseconds, by TCP TCP_PATIENCE; then the event is
 * dropped. SIGPIPE is never delivered. errno is not kept here.
 */
#ifndef IMDSHIM_SHIM_EVENTS_EVENT_SINK_H
#define IMDSHIM_SHIM_EVENTS_EVENT_SINK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/events/tcp.h"

enum { CHANNEL_PATIENCE = 100 }; /* milliseconds */

struct channel {
    int fd; /* an inherited descriptor, or -1: use path */
    dev_t device;
    ino_t inode;
    uint64_t birth; /* as sys_birth() has it; 0: none, or nobody knows */
    char path[PATH_MAX];
    struct tcp tcp; /* beside the path */
};

/* The values of WIRE_FD, and of WIRE_FIFO. False if the text is not of its form. */
bool channel_parse_fd(struct channel *channel, const char *text);
bool channel_parse_fifo(struct channel *channel, const char *text);

/* Write a line whole or not at all. Without patience it is dropped at the first difficulty. */
void channel_write(const struct channel *channel, const char *line, size_t length,
                   bool patient);

#endif
