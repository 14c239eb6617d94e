/*
 * A listening socket of ours.
 *
 * If a connection cannot be accepted because descriptors or memory have run out, it stays in
 * the backlog, and poll(2) would report it without end: the acceptor backs off for a while.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_ACCEPTOR_H
#define IMDSHIM_LAUNCHER_BASE_ACCEPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/wire/address.h"

struct acceptor {
    int fd;                /* -1: there is none */
    int64_t backoff_until; /* milliseconds of CLOCK_MONOTONIC; 0: it does not back off */
};

/*
 * The next connection, non-blocking; -1 if there is none now, or it backs off. peer may be NULL.
 */
int acceptor_next(struct acceptor *acceptor, union address *peer);

/* Is that an errno of descriptors or memory that have run out? */
bool acceptor_is_shortage(int error);

void acceptor_back_off(struct acceptor *acceptor);

/* True once, when its time to back off is over. */
bool acceptor_resumes(struct acceptor *acceptor);

void acceptor_close(struct acceptor *acceptor);

#endif
