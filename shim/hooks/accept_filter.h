/*
 * --only-me: a connection to the IMD socket that comes from another user's process on this host
 * is closed before the engine sees it, and the engine goes on waiting as if nobody had come.
 *
 * GROMACS, LAMMPS and NAMD ask select(2) whether a client is there, and wait in accept(2) if
 * so: a stranger must be gone before select returns. So a connection is accepted there already.
 * An allowed one is kept for the engine's next accept(): the only descriptor we leave open in
 * it. It is not closed with the listener, and a process that is forked before that accept has
 * it too.
 *
 * An engine that learns of its client by epoll_wait(2), or by a select of more than FD_SETSIZE
 * descriptors, and has not made the listener non-blocking waits in accept for the next one.
 *
 * For hook_active(HOOK_FILTER). Each function takes no lock that another thread could hold,
 * allocates nothing, and is safe in a signal handler; the waits are cancellation points.
 */
#ifndef IMDSHIM_SHIM_HOOKS_ACCEPT_FILTER_H
#define IMDSHIM_SHIM_HOOKS_ACCEPT_FILTER_H

#include <poll.h>
#include <sys/select.h>

/* In place of the calls. They return what those would return if no stranger had come. */
int accept_filter_select(int count, fd_set *readable, fd_set *writable, fd_set *except,
                         struct timeval *timeout);
int accept_filter_pselect(int count, fd_set *readable, fd_set *writable, fd_set *except,
                          const struct timespec *timeout, const sigset_t *mask);
int accept_filter_poll(struct pollfd *fds, nfds_t count, int milliseconds);
int accept_filter_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                        const sigset_t *mask);

#endif
