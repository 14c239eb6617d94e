/*
 * Connects at the gate that a signal or a time limit has ended while the launcher had not
 * answered: POSIX has such a connection go on being made. Lock-free, in static storage; safe in
 * a signal handler, errno is kept.
 */
#ifndef IMDSHIM_SHIM_STATE_PENDING_CONNECTS_H
#define IMDSHIM_SHIM_STATE_PENDING_CONNECTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pending_connect {
    _Atomic uint64_t socket; /* the client's, by its inode; 0: this entry is free */
    _Atomic int fd;          /* of the client, for that socket */
    _Atomic int launcher;    /* our connection to the launcher, by which it will answer */
    _Atomic uint64_t launcher_inode;
};

/*
 * Takes over the connection to the launcher. NULL if there are too many: one whose socket has
 * been closed, by a client that gave up or a thread that was cancelled, is ended for it.
 */
struct pending_connect *pending_connect_begin(int fd, int launcher);

/*
 * Of the socket behind a descriptor; NULL if there is none, or if the client has closed the
 * connection to the launcher, which it does not know.
 */
struct pending_connect *pending_connect_of(int fd);

/* True: the caller closes the connection to the launcher. Of two threads that end one entry, one
 * does. */
bool pending_connect_end(struct pending_connect *pending);

/* Is there any? */
bool pending_connects_any(void);

#endif
