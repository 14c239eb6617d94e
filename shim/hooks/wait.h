/*
 * The engine waits on its IMD socket for a client: that it does is told before it does so
 * first, and its sleep(3) ends when the client is there.
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

#include "shim/state/settings.h"
#include "shim/wire/event_text.h"

/* The IMD socket listens, and that has been told. */
void wait_begin(const struct listener *listener, const struct settings *settings);

/* Before a call that waits on a descriptor, a poll set, or a select set. Seldom: report.h. */
__attribute__((cold)) void wait_on(int fd);
__attribute__((cold)) void wait_on_poll(const struct pollfd *fds, nfds_t count);
__attribute__((cold)) void wait_on_select(int count, const fd_set *readable);

/* After accept(). */
void wait_accepted(int fd, int result);

/* In place of sleep(). */
unsigned wait_sleep(unsigned seconds);

#endif
