/*
 * --only-me: a connection to the IMD socket that comes from another user's process on this host
 * is closed before the engine sees it, and the engine goes on waiting as if nobody had come.
 *
 * GROMACS, LAMMPS and NAMD ask select(2) whether a client is there, and wait in accept(2) if
 * so: a stranger must be gone before select returns. So a connection is accepted there already.
 * One of ours is held for the accept that follows: the one descriptor in the engine that it has
 * not opened itself, and only here. It is not closed with the listener, and a process that is
 * forked before that accept has it too.
 *
 * An engine that learns of its client by epoll_wait(2), or by a select of more than FD_SETSIZE
 * descriptors, and has not made the listener non-blocking waits in accept for the next one.
 *
 * Each function takes no lock and allocates nothing, and is safe in a signal handler; the waits
 * are cancellation points, as the real calls are.
 */
#ifndef IMDSHIM_SHIM_HOOKS_ACCEPT_FILTER_H
#define IMDSHIM_SHIM_HOOKS_ACCEPT_FILTER_H

#include <poll.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/socket.h>

/* From now on, for this listener. */
void only_me_begin(uint64_t inode);

/* In place of the calls. Whatever they return is what those would without the strangers. */
int only_me_accept(int fd, struct sockaddr *address, socklen_t *length);
int only_me_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int only_me_select(int count, fd_set *readable, fd_set *writable, fd_set *except,
                   struct timeval *timeout);
int only_me_pselect(int count, fd_set *readable, fd_set *writable, fd_set *except,
                    const struct timespec *timeout, const sigset_t *mask);
int only_me_poll(struct pollfd *fds, nfds_t count, int milliseconds);
int only_me_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                  const sigset_t *mask);
int only_me_poll_chk(struct pollfd *fds, nfds_t count, int milliseconds, size_t size);
int only_me_ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                      const sigset_t *mask, size_t size);

#endif
