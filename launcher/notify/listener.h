/*
 * An engine's socket, by a copy of its descriptor: what it is, and bind(2) and listen(2) on it
 * in the engine's place, as shim/hooks/rebind.c does inside an engine.
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_LISTENER_H
#define IMDSHIM_LAUNCHER_NOTIFY_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/wire/address.h"
#include "shim/wire/bind_override.h"

/* Its inode; 0 if it is no TCP socket. MPTCP counts as TCP. */
uint64_t listener_tcp_inode(int fd);

/*
 * The address that bind(2) is asked for, if the kernel would take it for this socket: one that
 * it would reject is not rewritten, so that the engine sees that error.
 */
bool listener_accepts(int fd, const void *raw, socklen_t length, union address *address);

/* As the program asks. Returns 0 or an errno. */
int listener_bind_as_asked(int fd, const void *raw, socklen_t length);

/*
 * Bind it where the override says instead. seed, given: bind_override.h. Returns 0 or an errno.
 */
int listener_bind(int fd, union address address, const struct bind_override *override,
                  unsigned seed, _Atomic unsigned *given);

/*
 * Before it listens: let it be connected to from one TCP port alone, in either family. The kernel
 * drops what else comes, so that another connect(2) has no answer, and nothing takes that back.
 * The connections that it accepts have the same filter. Returns 0 or an errno: EOPNOTSUPP of
 * MPTCP.
 */
int listener_admit_only(int fd, unsigned port);

#endif
