/*
 * Who is let in to a listener that is for one user: connections are accepted, and those of
 * another user's process on this host are closed.
 *
 * Lock-free, in static storage; safe in a signal handler.
 */
#ifndef IMDSHIM_SHIM_HOOKS_ADMISSION_H
#define IMDSHIM_SHIM_HOOKS_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct guarded; /* a listener */

/* From now on it is one of them; the IMD socket is, and the last few others. */
void admission_begin(uint64_t inode);

/* NULL if it is none. errno is kept. */
struct guarded *admission_of(int fd);

/*
 * Will accept() return at once, with a connection or an error? A connection has been accepted,
 * and is held until then. errno is kept.
 */
bool admission_has_client(struct guarded *listener, int fd);

/* Is any held? */
bool admission_holds(void);

/* As accept4(2). A cancellation point. */
int admission_accept(struct guarded *listener, int fd, struct sockaddr *address,
                     socklen_t *length, int flags);

#endif
