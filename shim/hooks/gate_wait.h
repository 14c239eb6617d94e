/*
 * Waits of a client whose connect at the gate was interrupted: Python, after a handler that does
 * not raise, waits until the socket becomes writable (PEP 475). In place of that socket the
 * connection to the launcher is waited for; when the launcher answers, the connect is made.
 *
 * For hook_active(HOOK_RESUME). In place of the calls; cancellation points. A connect that fails
 * is the result of the wait, with its errno.
 */
#ifndef IMDSHIM_SHIM_HOOKS_GATE_WAIT_H
#define IMDSHIM_SHIM_HOOKS_GATE_WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <sys/select.h>

int gate_poll(struct pollfd *fds, nfds_t count, int milliseconds);
int gate_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
               const sigset_t *mask);
int gate_select(int count, fd_set *const sets[3], struct timeval *timeout);
int gate_pselect(int count, fd_set *const sets[3], const struct timespec *timeout,
                 const sigset_t *mask);

/* Before epoll_ctl(): waits until the connect is made. False and errno, EINTR included. */
bool gate_before_epoll(int fd);

#endif
