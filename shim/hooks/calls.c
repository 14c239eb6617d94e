/*
 * The interposed calls, and nothing else that the library exports: ask, call the real one,
 * tell.
 *
 * listen(2) is told after it returned: what it says is then a fact. A wait is told before, for
 * it may not return until the client is there. All but bind and listen are cancellation points
 * and stay so, in the real call; nothing of ours is held across it.
 */
#undef _FORTIFY_SOURCE /* it would put inline definitions of poll and ppoll before these */

#include "shim/hooks/accept_filter.h"
#include "shim/hooks/gate.h"
#include "shim/hooks/real.h"
#include "shim/hooks/rebind.h"
#include "shim/hooks/report.h"
#include "shim/hooks/wait.h"

#define EXPORTED __attribute__((visibility("default")))

/* glibc declares these only to programs built with fortification. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t size);

/* One branch where it does not matter any more; `real` can be used after the call. */
static inline bool matters(unsigned what)
{
    if (!attends(ATTEND_START | what))
        return false;
    report_start();
    return true;
}

static int bind_as_asked(int fd, struct rebind *rebind)
{
    int result;

    do
        result = real.bind(fd, rebind->address, rebind->length);
    while (rebind_again(rebind, result));
    rebind_tell(rebind, result);
    return result;
}

EXPORTED int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    struct rebind rebind;

    if (!matters(ATTEND_BINDS))
        return real.bind(fd, address, length);
    rebind_ask(&rebind, fd, address, length, __builtin_return_address(0));
    return bind_as_asked(fd, &rebind);
}

EXPORTED int listen(int fd, int backlog)
{
    struct rebind rebind;
    int result;

    if (!matters(ATTEND_LISTENS))
        return real.listen(fd, backlog);
    if (rebind_ask_unbound(&rebind, fd, __builtin_return_address(0)) &&
        bind_as_asked(fd, &rebind) != 0)
        return -1;
    result = real.listen(fd, backlog);
    report_listen(fd, result, __builtin_return_address(0));
    return result;
}

/* A function of its own: its stack frame would be every connect's. */
__attribute__((noinline)) static int connect_by_gate(int fd, const struct sockaddr *address,
                                                     socklen_t length)
{
    struct passage passage;

    if (!gate_pass(&passage, fd, address, length))
        return -1;
    return real.connect(fd, passage.address, passage.length);
}

EXPORTED int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    return matters(ATTEND_CONNECTS) ? connect_by_gate(fd, address, length)
                                    : real.connect(fd, address, length);
}

EXPORTED unsigned sleep(unsigned seconds)
{
    return matters(ATTEND_SLEEPS) ? wait_sleep(seconds) : real.sleep(seconds);
}

EXPORTED int accept(int fd, struct sockaddr *address, socklen_t *length)
{
    int result;

    if (!matters(ATTEND_WAITS | ATTEND_ACCEPTS | ATTEND_PEERS))
        return real.accept(fd, address, length);
    wait_on(fd);
    result = only_me_accept(fd, address, length);
    wait_accepted(fd, result);
    return result;
}

EXPORTED int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    int result;

    if (!matters(ATTEND_WAITS | ATTEND_ACCEPTS | ATTEND_PEERS))
        return real.accept4(fd, address, length, flags);
    wait_on(fd);
    result = only_me_accept4(fd, address, length, flags);
    wait_accepted(fd, result);
    return result;
}

EXPORTED int select(int count, fd_set *readable, fd_set *writable, fd_set *except,
                    struct timeval *timeout)
{
    if (!matters(ATTEND_WAITS | ATTEND_PEERS))
        return real.select(count, readable, writable, except, timeout);
    wait_on_select(count, readable);
    return only_me_select(count, readable, writable, except, timeout);
}

EXPORTED int pselect(int count, fd_set *readable, fd_set *writable, fd_set *except,
                     const struct timespec *timeout, const sigset_t *mask)
{
    if (!matters(ATTEND_WAITS | ATTEND_PEERS))
        return real.pselect(count, readable, writable, except, timeout, mask);
    wait_on_select(count, readable);
    return only_me_pselect(count, readable, writable, except, timeout, mask);
}

EXPORTED int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    if (!matters(ATTEND_WAITS | ATTEND_PEERS))
        return real.poll(fds, count, timeout);
    wait_on_poll(fds, count);
    return only_me_poll(fds, count, timeout);
}

EXPORTED int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                   const sigset_t *mask)
{
    if (!matters(ATTEND_WAITS | ATTEND_PEERS))
        return real.ppoll(fds, count, timeout, mask);
    wait_on_poll(fds, count);
    return only_me_ppoll(fds, count, timeout, mask);
}

EXPORTED int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size)
{
    if (!matters(ATTEND_WAITS | ATTEND_PEERS))
        return real.poll_chk(fds, count, timeout, size);
    wait_on_poll(fds, count);
    return only_me_poll_chk(fds, count, timeout, size);
}

EXPORTED int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                         const sigset_t *mask, size_t size)
{
    if (!matters(ATTEND_WAITS | ATTEND_PEERS))
        return real.ppoll_chk(fds, count, timeout, mask, size);
    wait_on_poll(fds, count);
    return only_me_ppoll_chk(fds, count, timeout, mask, size);
}

EXPORTED int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    if (operation != EPOLL_CTL_DEL && matters(ATTEND_WAITS))
        wait_on(fd);
    return real.epoll_ctl(epoll, operation, fd, event);
}
