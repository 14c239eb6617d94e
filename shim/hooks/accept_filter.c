#include "shim/hooks/accept_filter.h"

#include <stdbool.h>
#include <string.h>

#include "shim/hooks/admission.h"
#include "shim/hooks/real.h"
#include "shim/hooks/report.h"
#include "shim/wire/sys.h"

enum { READABLE = POLLIN | POLLRDNORM };

void only_me_begin(uint64_t inode)
{
    admission_begin(inode);
    attention |= ATTEND_PEERS;
}

int only_me_accept(int fd, struct sockaddr *address, socklen_t *length)
{
    struct guarded *listener = admission_of(fd);

    return listener == NULL ? real.accept(fd, address, length)
                            : admission_accept(listener, fd, address, length, 0);
}

int only_me_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    struct guarded *listener = admission_of(fd);

    return listener == NULL || (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0
               ? real.accept4(fd, address, length, flags)
               : admission_accept(listener, fd, address, length, flags);
}

/* A wait that the strangers in it do not make longer. */
struct limit {
    const struct timespec *timeout; /* NULL: none */
    struct timespec left;
    int64_t end; /* as now() has it */
};

enum { SECOND = 1000000000 };

/* Nanoseconds: what is left must never be more than what was given. */
static int64_t now(void)
{
    struct timespec now = {0, 0};

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

/*
 * NULL: none. A bad one has no end, for the kernel will say that it is bad. An engine that only
 * looks does so often, and pays for no clock.
 */
static void limit_begin(struct limit *limit, const struct timespec *timeout)
{
    enum { LONG = 1000000000 }; /* seconds; more is no limit, but must not overflow */

    limit->timeout = timeout;
    limit->end = INT64_MAX;
    if (timeout == NULL || timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
        timeout->tv_nsec >= SECOND)
        return;
    limit->end =
        timeout->tv_nsec + (timeout->tv_sec < LONG ? timeout->tv_sec : LONG) * (int64_t)SECOND;
    if (limit->end > 0)
        limit->end += now();
}

/* Of the engine: where it cannot be read the kernel is to say so. */
static void limit_begin_engines(struct limit *limit, const struct timespec *timeout)
{
    struct timespec given;
    bool is_given = timeout != NULL && sys_copy(&given, timeout, sizeof given) == 0;

    limit_begin(limit, is_given ? &given : NULL);
    limit->timeout = timeout;
}

/* False if it is over. */
static bool limit_goes_on(struct limit *limit)
{
    int64_t left;

    if (limit->timeout == NULL)
        return true;
    left = limit->end - now();
    limit->left = (struct timespec){left / SECOND, left % SECOND};
    limit->timeout = &limit->left;
    return left > 0;
}

/* What remains of a result of poll(2). */
static int without_strangers_in_poll(struct pollfd *fds, nfds_t count, int result)
{
    for (nfds_t i = 0; i < count && result >= 0; i++) {
        bool was = fds[i].revents != 0;
        struct guarded *listener = NULL;

        if (((fds[i].revents | (admission_holds() ? fds[i].events : 0)) & READABLE) != 0)
            listener = admission_of(fds[i].fd);
        if (listener == NULL)
            continue;
        if (admission_has_client(listener, fds[i].fd))
            fds[i].revents |= fds[i].events & READABLE;
        else
            fds[i].revents &= ~READABLE;
        result += (fds[i].revents != 0) - was;
    }
    return result;
}

static int poll_admitted(struct pollfd *fds, nfds_t count, struct limit *limit,
                         const sigset_t *mask)
{
    const struct timespec at_once = {0, 0};
    int result = 0;

    if (admission_holds())
        result = without_strangers_in_poll(fds, count, real.ppoll(fds, count, &at_once, mask));
    for (bool again = true; result == 0 && again; again = limit_goes_on(limit)) {
        result = real.ppoll(fds, count, limit->timeout, mask);
        if (result <= 0)
            break;
        result = without_strangers_in_poll(fds, count, result);
    }
    return result;
}

int only_me_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    const struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    struct limit limit;

    if (!attends(ATTEND_PEERS))
        return real.poll(fds, count, milliseconds);
    limit_begin(&limit, milliseconds >= 0 ? &timeout : NULL);
    return poll_admitted(fds, count, &limit, NULL);
}

int only_me_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                  const sigset_t *mask)
{
    struct limit limit;

    if (!attends(ATTEND_PEERS))
        return real.ppoll(fds, count, timeout, mask);
    limit_begin_engines(&limit, timeout);
    return poll_admitted(fds, count, &limit, mask);
}

/* An array that is too small for the count ends a fortified program, in the real call. */
static bool is_checked(nfds_t count, size_t size)
{
    return attends(ATTEND_PEERS) && size / sizeof(struct pollfd) >= count;
}

int only_me_poll_chk(struct pollfd *fds, nfds_t count, int milliseconds, size_t size)
{
    return is_checked(count, size) ? only_me_poll(fds, count, milliseconds)
                                   : real.poll_chk(fds, count, milliseconds, size);
}

int only_me_ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                      const sigset_t *mask, size_t size)
{
    return is_checked(count, size) ? only_me_ppoll(fds, count, timeout, mask)
                                   : real.ppoll_chk(fds, count, timeout, mask, size);
}

enum { SETS = 3 };

/* The sets of a select(2) as they were asked for: it writes its result over them. */
struct asked {
    int count;
    size_t size;
    fd_set *sets[SETS];
    fd_set copies[SETS];
};

/* False where no listener is in it, or the kernel has to say what is wrong. */
static bool asked_begin(struct asked *asked, int count, fd_set *const sets[SETS])
{
    enum { WORD = 8 * sizeof(unsigned long) };

    if (!attends(ATTEND_PEERS) || count <= 0 || count > FD_SETSIZE || sets[0] == NULL)
        return false;
    asked->count = count;
    asked->size = ((size_t)count + WORD - 1) / WORD * sizeof(unsigned long);
    memcpy(asked->sets, sets, sizeof asked->sets);
    for (int i = 0; i < SETS; i++)
        if (sets[i] != NULL && sys_copy(&asked->copies[i], sets[i], asked->size) != 0)
            return false;
    return true;
}

/* After a result only: the kernel has written to the sets, so that it can be done. */
static void ask_again(const struct asked *asked)
{
    for (int i = 0; i < SETS; i++)
        if (asked->sets[i] != NULL)
            memcpy(asked->sets[i], &asked->copies[i], asked->size);
}

static int select_once(const struct asked *asked, const struct timespec *timeout,
                       const sigset_t *mask)
{
    return real.pselect(asked->count, asked->sets[0], asked->sets[1], asked->sets[2], timeout,
                        mask);
}

/* What remains of a result of select(2). */
static int without_strangers_in_select(const struct asked *asked, int result)
{
    fd_set *readable = asked->sets[0];

    for (int fd = 0; fd < asked->count && result >= 0; fd++) {
        bool was = FD_ISSET(fd, readable);
        struct guarded *listener = NULL;

        if (was || (admission_holds() && FD_ISSET(fd, &asked->copies[0])))
            listener = admission_of(fd);
        if (listener == NULL)
            continue;
        FD_CLR(fd, readable);
        if (admission_has_client(listener, fd))
            FD_SET(fd, readable);
        result += FD_ISSET(fd, readable) - was;
    }
    return result;
}

static int select_admitted(const struct asked *asked, struct limit *limit, const sigset_t *mask)
{
    const struct timespec at_once = {0, 0};
    bool has_result = admission_holds();
    int result = 0;

    if (has_result)
        result = without_strangers_in_select(asked, select_once(asked, &at_once, mask));
    for (bool again = true; result == 0 && again; again = limit_goes_on(limit)) {
        if (has_result)
            ask_again(asked);
        has_result = true;
        result = select_once(asked, limit->timeout, mask);
        if (result <= 0)
            break;
        result = without_strangers_in_select(asked, result);
    }
    return result;
}

int only_me_pselect(int count, fd_set *readable, fd_set *writable, fd_set *except,
                    const struct timespec *timeout, const sigset_t *mask)
{
    struct asked asked;
    struct limit limit;

    if (!asked_begin(&asked, count, (fd_set *const[]){readable, writable, except}))
        return real.pselect(count, readable, writable, except, timeout, mask);
    limit_begin_engines(&limit, timeout);
    return select_admitted(&asked, &limit, mask);
}

/* Linux writes the time that is left into the timeout. */
int only_me_select(int count, fd_set *readable, fd_set *writable, fd_set *except,
                   struct timeval *timeout)
{
    struct asked asked;
    struct limit limit;
    struct timeval given = {0, 0};
    struct timespec time;
    int result;

    if (!asked_begin(&asked, count, (fd_set *const[]){readable, writable, except}) ||
        (timeout != NULL && sys_copy(&given, timeout, sizeof given) != 0) || given.tv_sec < 0 ||
        given.tv_usec < 0 || given.tv_sec > INT64_MAX - given.tv_usec / 1000000)
        return real.select(count, readable, writable, except, timeout);
    time = (struct timespec){given.tv_sec + given.tv_usec / 1000000,
                             given.tv_usec % 1000000 * 1000};
    limit_begin(&limit, timeout != NULL ? &time : NULL);
    result = select_admitted(&asked, &limit, NULL);
    if (timeout != NULL) {
        bool left = limit_goes_on(&limit);

        *timeout = left ? (struct timeval){limit.left.tv_sec, limit.left.tv_nsec / 1000}
                        : (struct timeval){0, 0};
    }
    return result;
}
