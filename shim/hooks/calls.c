/*
 * All exported symbols: check whether the call matters, call the real function, report.
 *
 * Each exported call costs one branch once it does not matter any more. What it does while it
 * matters is a function of its own, because its stack frame would otherwise be every call's.
 *
 * listen(2) is reported after it returned: what is said is then a fact. A wait is reported
 * before, because it may not return until the client is there. All but bind and listen are
 * cancellation points and stay so, in the real call; nothing of ours is held across it.
 */
#undef _FORTIFY_SOURCE /* it would put inline definitions of poll and ppoll before these */

#include <unistd.h>

#include "shim/hooks/admission.h"
#include "shim/hooks/gate.h"
#include "shim/hooks/poll.h"
#include "shim/hooks/real.h"
#include "shim/hooks/rebind.h"
#include "shim/hooks/report.h"
#include "shim/hooks/select.h"
#include "shim/hooks/start.h"
#include "shim/hooks/wait.h"
#include "shim/state/active_hooks.h"

#define EXPORTED __attribute__((visibility("default")))
#define SLOW __attribute__((cold, noinline)) static
#define CALLER __builtin_return_address(0)

enum {
    HOOKS_OF_ACCEPT = HOOK_WAIT | HOOK_ACCEPT | HOOK_FILTER,
    HOOKS_OF_RESULTS = HOOK_FILTER | HOOK_RESUME, /* of select and poll, poll.h */
    HOOKS_OF_WAITS = HOOK_WAIT | HOOKS_OF_RESULTS,
    HOOKS_OF_EPOLL = HOOK_EPOLL | HOOK_WAIT | HOOK_RESUME,
};

/* glibc declares these only to programs built with fortification. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t size);

static inline bool may_matter(unsigned hooks)
{
    return hook_active(HOOK_START | hooks);
}

/* `real` can be used after the call. */
static bool matters(unsigned hooks)
{
    shim_start();
    return hook_active(hooks);
}

/* ---- a server ---- */

SLOW int slow_bind(int fd, const struct sockaddr *address, socklen_t length, const void *caller)
{
    return matters(HOOK_BIND) ? rebind_bind(fd, address, length, caller)
                              : real.bind(fd, address, length);
}

EXPORTED int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    return may_matter(HOOK_BIND) ? slow_bind(fd, address, length, CALLER)
                                 : real.bind(fd, address, length);
}

SLOW int slow_listen(int fd, int backlog, const void *caller)
{
    int result;

    if (!matters(HOOK_LISTEN))
        return real.listen(fd, backlog);
    if (!rebind_before_listen(fd, caller))
        return -1;
    result = real.listen(fd, backlog);
    if (result == 0)
        after_listen(fd, caller);
    return result;
}

EXPORTED int listen(int fd, int backlog)
{
    return may_matter(HOOK_LISTEN) ? slow_listen(fd, backlog, CALLER)
                                   : real.listen(fd, backlog);
}

/* The flags are those of accept4(); NULL: it is accept(). */
SLOW int slow_accept(int fd, struct sockaddr *address, socklen_t *length, const int *flags)
{
    bool hooked = matters(HOOKS_OF_ACCEPT);
    struct filtered_listener *listener = NULL;
    int result;

    if (hooked)
        before_wait(fd);
    if (hook_active(HOOK_FILTER))
        listener = admission_of(fd);
    if (listener != NULL)
        result = admission_accept(listener, fd, address, length, flags != NULL ? *flags : 0);
    else
        result = flags != NULL ? real.accept4(fd, address, length, *flags)
                               : real.accept(fd, address, length);
    if (hooked && result >= 0)
        after_accept(fd);
    return result;
}

EXPORTED int accept(int fd, struct sockaddr *address, socklen_t *length)
{
    return may_matter(HOOKS_OF_ACCEPT) ? slow_accept(fd, address, length, NULL)
                                       : real.accept(fd, address, length);
}

EXPORTED int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    return may_matter(HOOKS_OF_ACCEPT) ? slow_accept(fd, address, length, &flags)
                                       : real.accept4(fd, address, length, flags);
}

SLOW unsigned slow_sleep(unsigned seconds)
{
    return matters(HOOK_SLEEP) ? wait_sleep(seconds) : real.sleep(seconds);
}

EXPORTED unsigned sleep(unsigned seconds)
{
    return may_matter(HOOK_SLEEP) ? slow_sleep(seconds) : real.sleep(seconds);
}

/* ---- a client ---- */

SLOW int slow_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    return matters(HOOK_CONNECT) ? gate_connect(fd, address, length)
                                 : real.connect(fd, address, length);
}

EXPORTED int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    return may_matter(HOOK_CONNECT) ? slow_connect(fd, address, length)
                                    : real.connect(fd, address, length);
}

/* ---- waits, of either ---- */

SLOW int slow_select(int count, fd_set *readable, fd_set *writable, fd_set *except,
                     struct timeval *timeout)
{
    if (matters(HOOK_WAIT))
        before_select(count, readable);
    return hook_active(HOOKS_OF_RESULTS)
               ? hooked_select(count, (fd_set *const[]){readable, writable, except}, timeout)
               : real.select(count, readable, writable, except, timeout);
}

EXPORTED int select(int count, fd_set *readable, fd_set *writable, fd_set *except,
                    struct timeval *timeout)
{
    return may_matter(HOOKS_OF_WAITS) ? slow_select(count, readable, writable, except, timeout)
                                      : real.select(count, readable, writable, except, timeout);
}

SLOW int slow_pselect(int count, fd_set *readable, fd_set *writable, fd_set *except,
                      const struct timespec *timeout, const sigset_t *mask)
{
    if (matters(HOOK_WAIT))
        before_select(count, readable);
    return hook_active(HOOKS_OF_RESULTS)
               ? hooked_pselect(count, (fd_set *const[]){readable, writable, except}, timeout,
                                mask)
               : real.pselect(count, readable, writable, except, timeout, mask);
}

EXPORTED int pselect(int count, fd_set *readable, fd_set *writable, fd_set *except,
                     const struct timespec *timeout, const sigset_t *mask)
{
    return may_matter(HOOKS_OF_WAITS)
               ? slow_pselect(count, readable, writable, except, timeout, mask)
               : real.pselect(count, readable, writable, except, timeout, mask);
}

SLOW int slow_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    if (matters(HOOK_WAIT))
        before_poll(fds, count);
    return hook_active(HOOKS_OF_RESULTS) ? hooked_poll(fds, count, timeout)
                                         : real.poll(fds, count, timeout);
}

EXPORTED int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    return may_matter(HOOKS_OF_WAITS) ? slow_poll(fds, count, timeout)
                                      : real.poll(fds, count, timeout);
}

SLOW int slow_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                    const sigset_t *mask)
{
    if (matters(HOOK_WAIT))
        before_poll(fds, count);
    return hook_active(HOOKS_OF_RESULTS) ? hooked_ppoll(fds, count, timeout, mask)
                                         : real.ppoll(fds, count, timeout, mask);
}

EXPORTED int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                   const sigset_t *mask)
{
    return may_matter(HOOKS_OF_WAITS) ? slow_ppoll(fds, count, timeout, mask)
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

SLOW int slow_poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size)
{
    return matters(HOOKS_OF_WAITS) && fits(count, size)
               ? slow_poll(fds, count, timeout)
               : real.poll_chk(fds, count, timeout, size);
}

EXPORTED int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size)
{
    return may_matter(HOOKS_OF_WAITS) ? slow_poll_chk(fds, count, timeout, size)
                                      : real.poll_chk(fds, count, timeout, size);
}

SLOW int slow_ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                        const sigset_t *mask, size_t size)
{
    return matters(HOOKS_OF_WAITS) && fits(count, size)
               ? slow_ppoll(fds, count, timeout, mask)
               : real.ppoll_chk(fds, count, timeout, mask, size);
}

EXPORTED int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                         const sigset_t *mask, size_t size)
{
    return may_matter(HOOKS_OF_WAITS) ? slow_ppoll_chk(fds, count, timeout, mask, size)
                                      : real.ppoll_chk(fds, count, timeout, mask, size);
}

SLOW int slow_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    if (matters(HOOKS_OF_EPOLL) && operation != EPOLL_CTL_DEL) {
        before_epoll_ctl(epoll, fd);
        if (hook_active(HOOK_RESUME) && !gate_before_epoll(fd))
            return -1;
    }
    return real.epoll_ctl(epoll, operation, fd, event);
}

EXPORTED int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    return may_matter(HOOKS_OF_EPOLL) ? slow_epoll_ctl(epoll, operation, fd, event)
                                      : real.epoll_ctl(epoll, operation, fd, event);
}
