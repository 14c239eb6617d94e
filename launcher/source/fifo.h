/*
 * The source of events on this host: a FIFO of one run in the private directory.
 *
 * It is named HOST.PID.RANDOM. A run that was killed leaves its FIFO behind; the next run on
 * the host removes it (its process is gone and nobody has it open for reading).
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_FIFO_H
#define IMDSHIM_LAUNCHER_SOURCE_FIFO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "launcher/source/source.h"

struct fifo {
    struct source source;
    char path[PATH_MAX];
    size_t length; /* bytes in the buffer */
    bool skipping; /* the rest of a line that was too long */
    char buffer[2 * EVENT_MAX];
    char line[2 * EVENT_MAX]; /* the last one, for the texts of its event */
};

/* Ends the program with status 125 if the FIFO cannot be made. */
void fifo_open(struct fifo *fifo);

/* Remove what killed runs of this host have left beside the FIFO. */
void fifo_sweep_others(const struct fifo *fifo);

#endif
