/*
 * --only-me: which connections an engine gets from a listener that is for one user. They are
 * accepted, and closed if they are another user's process on this host; strangers, in short.
 *
 * An allowed one is kept for the engine's next accept(): the only descriptor we leave open in
 * it. It is not closed with the listener, and a process that is forked before that accept has
 * it too. An engine that learns of its client by epoll_wait(2), or by a select of more than
 * FD_SETSIZE descriptors, and has not made the listener non-blocking waits in accept for the
 * next one.
 *
 * Lock-free, in static storage; safe in a signal handler. A process that is killed in the few
 * microseconds of a look leaves a listener that others share with O_NONBLOCK set.
 */
#ifndef IMDSHIM_SHIM_HOOKS_ADMISSION_H
#define IMDSHIM_SHIM_HOOKS_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct filtered_listener;

/* From now on it is one of them; the IMD socket is, and the last few others. */
void admission_begin(uint64_t inode);

/* NULL if it is none. errno is kept. */
struct filtered_listener *admission_of(int fd);

/*
 * Will accept() return at once, with a connection or an error? A connection has been accepted
 * then, and is kept for the engine's next accept(). Never blocks; errno is kept.
 */
bool admission_has_client(struct filtered_listener *listener, int fd);

/* Is any connection kept? */
bool admission_keeps_any(void);

/* As accept4(2). A cancellation point. */
int admission_accept(struct filtered_listener *listener, int fd, struct sockaddr *address,
                     socklen_t *length, int flags);

#endif
