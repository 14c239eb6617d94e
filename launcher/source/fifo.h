/*
 * The launcher's end of the channel: a FIFO of one run in the private directory.
 *
 * It is named HOST.PID.RANDOM. A run that was killed leaves its FIFO behind; the next run on
 * the host removes it (its process is gone and nobody has it open for reading).
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_FIFO_H
#define IMDSHIM_LAUNCHER_SOURCE_FIFO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "launcher/source/event.h"

struct channel {
    int fd; /* for poll(2) */
    char path[PATH_MAX];
    size_t length; /* bytes in the buffer */
    bool skipping; /* the rest of a line that was too long */
    unsigned junk; /* lines that were no events */
    char buffer[2 * EVENT_MAX];
};

/* Ends the program with status 125 if the FIFO cannot be made. */
void channel_open(struct channel *channel);

/* The next event that has arrived; false if there is none now. Never blocks. */
bool channel_next(struct channel *channel, struct event *event);

/* Remove what killed runs of this host have left beside the FIFO. */
void channel_sweep(const struct channel *channel);

/* Remove the FIFO. */
void channel_close(struct channel *channel);

#endif
