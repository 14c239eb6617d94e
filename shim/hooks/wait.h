/*
 * The engine waits on its IMD socket for a client: "ready" is reported just before its first
 * wait, and its sleep(3) is cut short when a client connects.
 *
 * GROMACS looks for a client, sleeps for a second, looks again; and sleeps once more when it
 * has accepted one (imd.cpp, ImdSession::Impl::blockConnect): two seconds of each run. POSIX
 * lets sleep(3) return early, with the seconds left. Only the thread that waits is woken, and
 * only from these two sleeps.
 *
 * Each function keeps errno, takes no lock, allocates nothing and is safe in a signal handler.
 */
#ifndef IMDSHIM_SHIM_HOOKS_WAIT_H
#define IMDSHIM_SHIM_HOOKS_WAIT_H

#include <poll.h>
#include <sys/select.h>

#include "shim/kernel/listener.h"
#include "shim/state/settings.h"

/* The IMD socket listens, and that has been told. */
void wait_begin(const struct listener *listener, const struct settings *settings);

/* Another socket listens: on the same port in the other family, a client may come there too. */
void wait_on_twin(const struct listener *listener);

/* Before a call that waits on a descriptor, a poll set, or a select set. */
__attribute__((cold)) void before_wait(int fd);
__attribute__((cold)) void before_poll(const struct pollfd *fds, nfds_t count);
__attribute__((cold)) void before_select(int count, const fd_set *readable);

/* Before epoll_ctl(), of EPOLL_CTL_ADD and EPOLL_CTL_MOD. Before listen() no system call. */
__attribute__((cold)) void before_epoll_ctl(int epoll, int fd);

/* After accept(fd) has returned a connection. */
__attribute__((cold)) void after_accept(int fd);

/* In place of sleep(). A cancellation point. */
unsigned wait_sleep(unsigned seconds);

#endif
