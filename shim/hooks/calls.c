/*
 * All exported symbols: check whether the call matters, call the real function, report.
 *
 * listen(2) is reported after it returned: what is said is then a fact. A wait is reported
 * before, because it may not return until the client is there. All but bind and listen are
 * cancellation points and stay so, in the real call; nothing of ours is held across it.
 */
#undef _FORTIFY_SOURCE /* it would put inline definitions of poll and ppoll before these */

#include <errno.h>
#include <unistd.h>

#include "shim/hooks/accept_filter.h"
#include "shim/hooks/gate.h"
#include "shim/hooks/real.h"
#include "shim/hooks/rebind.h"
#include "shim/hooks/report.h"
#include "shim/hooks/start.h"
#include "shim/hooks/wait.h"
#include "shim/state/active_hooks.h"

#define EXPORTED __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

enum { HOOKS_OF_WAITS = HOOK_WAIT | HOOK_FILTER | HOOK_RESUME };

/* glibc declares these only to programs built with fortification. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t size);

/* One branch once it does not matter any more; `real` can be used after the call. */
static inline bool matters(unsigned hooks)
{
    if (!hook_active(HOOK_START | hooks))
        return false;
    shim_start();
    return true;
}

EXPORTED int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    return matters(HOOK_BIND) ? rebind_bind(fd, address, length, CALLER)
                              : real.bind(fd, address, length);
}

EXPORTED int listen(int fd, int backlog)
{
    int result;

    if (!matters(HOOK_LISTEN))
        return real.listen(fd, backlog);
    if (!rebind_unbound(fd, CALLER))
        return -1;
    result = real.listen(fd, backlog);
    if (result == 0)
        after_listen(fd, CALLER);
    return result;
}

EXPORTED int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    return matters(HOOK_CONNECT) ? gate_connect(fd, address, length)
                                 : real.connect(fd, address, length);
}

EXPORTED unsigned sleep(unsigned seconds)
{
    return matters(HOOK_SLEEP) ? wait_sleep(seconds) : real.sleep(seconds);
}

/*
 * The waits while they matter, each a function of its own: their stack frames would otherwise be
 * every wait's.
 */
#define SLOW __attribute__((cold, noinline)) static

SLOW int slow_accept(int fd, struct sockaddr *address, socklen_t *length)
{
    int result;

    before_wait(fd);
    result = hook_active(HOOK_FILTER) ? accept_filter_accept4(fd, address, length, 0)
                                      : real.accept(fd, address, length);
    if (result >= 0)
        after_accept(fd);
    return result;
}

EXPORTED int accept(int fd, struct sockaddr *address, socklen_t *length)
{
    return matters(HOOK_WAIT | HOOK_ACCEPT | HOOK_FILTER) ? slow_accept(fd, address, length)
                                                          : real.accept(fd, address, length);
}

SLOW int slow_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    int result;

    before_wait(fd);
    result = hook_active(HOOK_FILTER) ? accept_filter_accept4(fd, address, length, flags)
                                      : real.accept4(fd, address, length, flags);
    if (result >= 0)
        after_accept(fd);
    return result;
}

EXPORTED int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    return matters(HOOK_WAIT | HOOK_ACCEPT | HOOK_FILTER)
               ? slow_accept4(fd, address, length, flags)
               : real.accept4(fd, address, length, flags);
}

SLOW int slow_select(int count, fd_set *readable, fd_set *writable, fd_set *except,
                     struct timeval *timeout)
{
    struct timespec limit = {0, 0};
    int begun = 1;

    before_select(count, readable);
    if (hook_active(HOOK_RESUME)) {
        if (timeout != NULL)
            limit = (struct timespec){timeout->tv_sec, timeout->tv_usec * 1000};
        begun = gate_resume_select(count, (fd_set *const[]){readable, writable, except},
                                   timeout != NULL ? &limit : NULL);
    }
    if (begun != 1)
        return begun;
    return hook_active(HOOK_FILTER)
               ? accept_filter_select(count, readable, writable, except, timeout)
               : real.select(count, readable, writable, except, timeout);
}

EXPORTED int select(int count, fd_set *readable, fd_set *writable, fd_set *except,
                    struct timeval *timeout)
{
    return matters(HOOKS_OF_WAITS) ? slow_select(count, readable, writable, except, timeout)
                                   : real.select(count, readable, writable, except, timeout);
}

SLOW int slow_pselect(int count, fd_set *readable, fd_set *writable, fd_set *except,
                      const struct timespec *timeout, const sigset_t *mask)
{
    int begun = 1;

    before_select(count, readable);
    if (hook_active(HOOK_RESUME))
        begun =
            gate_resume_select(count, (fd_set *const[]){readable, writable, except}, timeout);
    if (begun != 1)
        return begun;
    return hook_active(HOOK_FILTER)
               ? accept_filter_pselect(count, readable, writable, except, timeout, mask)
               : real.pselect(count, readable, writable, except, timeout, mask);
}

EXPORTED int pselect(int count, fd_set *readable, fd_set *writable, fd_set *except,
                     const struct timespec *timeout, const sigset_t *mask)
{
    return matters(HOOKS_OF_WAITS)
               ? slow_pselect(count, readable, writable, except, timeout, mask)
               : real.pselect(count, readable, writable, except, timeout, mask);
}

/* What comes before a poll: 1, or the call's result. */
static int begin_poll(struct pollfd *fds, nfds_t count, const struct timespec *timeout)
{
    before_poll(fds, count);
    return hook_active(HOOK_RESUME) ? gate_resume_poll(fds, count, timeout) : 1;
}

SLOW int slow_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    const struct timespec limit = {timeout / 1000, timeout % 1000 * 1000000L};
    int begun = begin_poll(fds, count, timeout >= 0 ? &limit : NULL);

    if (begun != 1)
        return begun;
    return hook_active(HOOK_FILTER) ? accept_filter_poll(fds, count, timeout)
                                    : real.poll(fds, count, timeout);
}

EXPORTED int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    return matters(HOOKS_OF_WAITS) ? slow_poll(fds, count, timeout)
                                   : real.poll(fds, count, timeout);
}

SLOW int slow_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                    const sigset_t *mask)
{
    int begun = begin_poll(fds, count, timeout);

    if (begun != 1)
        return begun;
    return hook_active(HOOK_FILTER) ? accept_filter_ppoll(fds, count, timeout, mask)
                                    : real.ppoll(fds, count, timeout, mask);
}

EXPORTED int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                   const sigset_t *mask)
{
    return matters(HOOKS_OF_WAITS) ? slow_ppoll(fds, count, timeout, mask)
                                   : real.ppoll(fds, count, timeout, mask);
}

/*
 * glibc's fortified variants, which end the program if the array is too small for the count: in
 * the real call.
 */
static inline bool fits(nfds_t count, size_t size)
{
    return size / sizeof(struct pollfd) >= count;
}

EXPORTED int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size)
{
    return matters(HOOKS_OF_WAITS) && fits(count, size)
               ? slow_poll(fds, count, timeout)
               : real.poll_chk(fds, count, timeout, size);
}

EXPORTED int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                         const sigset_t *mask, size_t size)
{
    return matters(HOOKS_OF_WAITS) && fits(count, size)
               ? slow_ppoll(fds, count, timeout, mask)
               : real.ppoll_chk(fds, count, timeout, mask, size);
}

/* A connect that was interrupted goes on here, whatever it takes: no time limit is given. */
SLOW void slow_epoll_ctl(int epoll, int fd)
{
    before_epoll_ctl(epoll, fd);
    while (hook_active(HOOK_RESUME) && gate_resume(fd, NULL) < 0 && errno == EINTR)
        continue;
}

EXPORTED int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    if (operation != EPOLL_CTL_DEL && matters(HOOK_EPOLL | HOOK_WAIT | HOOK_RESUME))
        slow_epoll_ctl(epoll, fd);
    return real.epoll_ctl(epoll, operation, fd, event);
}
