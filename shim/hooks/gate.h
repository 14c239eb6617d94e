/*
 * connect(2) of a client that was started together with its engine. A connection to the run's
 * own name for the IMD port, on this host, waits until the engine is ready and then goes to
 * where the engine really listens. Every other connection passes untouched.
 *
 * The launcher is asked by a Unix socket; it answers when it knows, and EOF means refused. A
 * socket that is non-blocking waits too: for it the engine's start is a part of looking for the
 * host.
 *
 * Signals and cancellation act as in connect(2): a handler with SA_RESTART does not end the
 * wait, another ends it with EINTR, and then the connection is still being made (POSIX). So a
 * client may connect again, or wait for the socket to become writable, as Python does (PEP 475):
 * that wait first goes on waiting for the launcher.
 */
#ifndef IMDSHIM_SHIM_HOOKS_GATE_H
#define IMDSHIM_SHIM_HOOKS_GATE_H

#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>

/* In place of connect(). A cancellation point. */
int gate_connect(int fd, const struct sockaddr *address, socklen_t length);

/*
 * If hook_active(HOOK_RESUME), before a wait: each connect on the fds that a signal has
 * interrupted goes on. 1: the wait can begin; 0: its time is over, with the result in the sets;
 * -1: errno, EINTR included. A timeout of NULL is no limit. Cancellation points.
 */
int gate_resume_poll(struct pollfd *fds, nfds_t count, const struct timespec *timeout);
int gate_resume_select(int count, fd_set *const sets[3], const struct timespec *timeout);
int gate_resume(int fd, const struct timespec *timeout);

#endif
