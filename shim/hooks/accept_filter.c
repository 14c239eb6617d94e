#include "shim/hooks/accept_filter.h"

#include <string.h>

#include "shim/hooks/admission.h"
#include "shim/hooks/real.h"
#include "shim/kernel/memory.h"
#include "shim/wire/sys.h"

enum { READABLE = POLLIN | POLLRDNORM, SECOND = 1000000000 };

/* ---- how long a wait may last: rejected connections do not extend it ---- */

struct limit {
    const struct timespec *timeout; /* for the next call; NULL: none */
    struct timespec left;
    int64_t end; /* as now() has it */
};

/* Nanoseconds: what is left must never be more than what was given. */
static int64_t now(void)
{
    struct timespec now = {0, 0};

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

/*
 * `timeout` is the engine's pointer, `given` what it points to. An invalid one has no limit: the
 * kernel will reject it. For a timeout of zero, of an engine that only looks and does so often,
 * the clock is not read.
 */
static void limit_begin(struct limit *limit, const struct timespec *timeout,
                        const struct timespec *given)
{
    enum { LONG = 1000000000 }; /* seconds; more is no limit, but must not overflow */

    limit->timeout = timeout;
    limit->end = INT64_MAX;
    if (timeout == NULL || given->tv_sec < 0 || given->tv_nsec < 0 || given->tv_nsec >= SECOND)
        return;
    limit->end =
        given->tv_nsec + (given->tv_sec < LONG ? given->tv_sec : LONG) * (int64_t)SECOND;
    if (limit->end > 0)
        limit->end += now();
}

/* False if the time is over. */
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

/* ---- poll ---- */

/* What remains of a result of poll(2). */
static int filter_polled(struct pollfd *fds, nfds_t count, int result)
{
    for (nfds_t i = 0; i < count && result >= 0; i++) {
        bool was = fds[i].revents != 0;
        struct filtered_listener *listener = NULL;

        if (((fds[i].revents | (admission_keeps_any() ? fds[i].events : 0)) & READABLE) != 0)
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

int accept_filter_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                        const sigset_t *mask)
{
    const struct timespec at_once = {0, 0};
    struct timespec given = {-1, 0};
    struct limit limit;
    int result = 0;

    if (timeout != NULL)
        memory_copy(&given, timeout, sizeof given);
    limit_begin(&limit, timeout, &given);
    if (admission_keeps_any())
        result = filter_polled(fds, count, real.ppoll(fds, count, &at_once, mask));
    for (bool again = true; result == 0 && again; again = limit_goes_on(&limit)) {
        result = real.ppoll(fds, count, limit.timeout, mask);
        if (result <= 0)
            break;
        result = filter_polled(fds, count, result);
    }
    return result;
}

int accept_filter_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    const struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

    return accept_filter_ppoll(fds, count, milliseconds >= 0 ? &timeout : NULL, NULL);
}

/* ---- select ---- */

enum { SETS = 3 };

/* The sets of a select(2) as they were asked for: it writes its result over them. */
struct request {
    int count;
    size_t size;
    fd_set *sets[SETS];
    fd_set copies[SETS];
};

/* False if no listener is in it, or the kernel has to say what is wrong. */
static bool request_begin(struct request *request, int count, fd_set *const sets[SETS])
{
    enum { WORD = 8 * sizeof(unsigned long) };

    if (count <= 0 || count > FD_SETSIZE || sets[0] == NULL)
        return false;
    request->count = count;
    request->size = ((size_t)count + WORD - 1) / WORD * sizeof(unsigned long);
    memcpy(request->sets, sets, sizeof request->sets);
    for (int i = 0; i < SETS; i++)
        if (sets[i] != NULL && memory_copy(&request->copies[i], sets[i], request->size) != 0)
            return false;
    return true;
}

/* After a result only: the kernel has written to the sets, so that it can be done. */
static void request_restore(const struct request *request)
{
    for (int i = 0; i < SETS; i++)
        if (request->sets[i] != NULL)
            memcpy(request->sets[i], &request->copies[i], request->size);
}

static int select_once(const struct request *request, const struct timespec *timeout,
                       const sigset_t *mask)
{
    return real.pselect(request->count, request->sets[0], request->sets[1], request->sets[2],
                        timeout, mask);
}

/* What remains of a result of select(2). */
static int filter_selected(const struct request *request, int result)
{
    fd_set *readable = request->sets[0];

    for (int fd = 0; fd < request->count && result >= 0; fd++) {
        bool was = FD_ISSET(fd, readable);
        struct filtered_listener *listener = NULL;

        if (was || (admission_keeps_any() && FD_ISSET(fd, &request->copies[0])))
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

static int select_admitted(const struct request *request, struct limit *limit,
                           const sigset_t *mask)
{
    const struct timespec at_once = {0, 0};
    bool has_result = admission_keeps_any();
    int result = 0;

    if (has_result)
        result = filter_selected(request, select_once(request, &at_once, mask));
    for (bool again = true; result == 0 && again; again = limit_goes_on(limit)) {
        if (has_result)
            request_restore(request);
        has_result = true;
        result = select_once(request, limit->timeout, mask);
        if (result <= 0)
            break;
        result = filter_selected(request, result);
    }
    return result;
}

int accept_filter_pselect(int count, fd_set *readable, fd_set *writable, fd_set *except,
                          const struct timespec *timeout, const sigset_t *mask)
{
    struct request request;
    struct timespec given = {-1, 0};
    struct limit limit;

    if (!request_begin(&request, count, (fd_set *const[]){readable, writable, except}))
        return real.pselect(count, readable, writable, except, timeout, mask);
    if (timeout != NULL)
        memory_copy(&given, timeout, sizeof given);
    limit_begin(&limit, timeout, &given);
    return select_admitted(&request, &limit, mask);
}

/* Linux writes the time that is left into the timeout. */
int accept_filter_select(int count, fd_set *readable, fd_set *writable, fd_set *except,
                         struct timeval *timeout)
{
    struct request request;
    struct limit limit;
    struct timeval given = {0, 0};
    struct timespec time;
    int result;

    if (!request_begin(&request, count, (fd_set *const[]){readable, writable, except}) ||
        (timeout != NULL && memory_copy(&given, timeout, sizeof given) != 0) ||
        given.tv_sec < 0 || given.tv_usec < 0 ||
        given.tv_sec > INT64_MAX - given.tv_usec / 1000000)
        return real.select(count, readable, writable, except, timeout);
    time = (struct timespec){given.tv_sec + given.tv_usec / 1000000,
                             given.tv_usec % 1000000 * 1000};
    limit_begin(&limit, timeout != NULL ? &time : NULL, &time);
    result = select_admitted(&request, &limit, NULL);
    if (timeout != NULL) {
        bool left = limit_goes_on(&limit);

        *timeout = left ? (struct timeval){limit.left.tv_sec, limit.left.tv_nsec / 1000}
                        : (struct timeval){0, 0};
    }
    return result;
}
