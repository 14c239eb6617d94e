/*
 * poll(2) and ppoll(2) of an engine with --only-me, and of a client whose connect at the gate
 * goes on: both hooks edit what the real call says. For hook_active(HOOK_FILTER | HOOK_RESUME).
 *
 * --only-me: GROMACS, LAMMPS and NAMD ask select(2) whether a client is there, and wait in
 * accept(2) if so: a stranger must be gone before that returns. So a connection is accepted there
 * already, admission.h. The calls return what they would if no stranger had come.
 *
 * The gate: Python, after a handler that does not raise, waits until the socket becomes writable
 * (PEP 475). In place of that socket the connection to the launcher is waited for; when the
 * launcher answers, the connect is made. One that fails is the result of the wait, with its errno.
 *
 * No lock is taken that another thread could hold, no memory is allocated; safe in a signal
 * handler, cancellation points.
 */
#ifndef IMDSHIM_SHIM_HOOKS_POLL_H
#define IMDSHIM_SHIM_HOOKS_POLL_H

#include <poll.h>
#include <signal.h>

int hooked_poll(struct pollfd *fds, nfds_t count, int milliseconds);
int hooked_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                 const sigset_t *mask);

#endif
