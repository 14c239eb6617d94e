#include "shim/hooks/gate_wait.h"

#include <string.h>

#include "shim/hooks/gate.h"
#include "shim/hooks/real.h"
#include "shim/kernel/memory.h"
#include "shim/wire/sys.h"

enum { MOST_FDS = 64 }; /* of a poll set; in a larger one a connect does not go on */

enum { FAILED = -1, MADE, BEING_MADE };

/* The launcher of a connect has answered, or has hung up. */
static int finish(int fd, struct pending_connect *pending)
{
    if (gate_finish(fd, pending) == 0)
        return MADE;
    return errno == EINPROGRESS ? BEING_MADE : FAILED;
}

/* The connect that a poll waits for; NULL if it waits for something else. */
static struct pending_connect *awaited(const struct pollfd *fd)
{
    return (fd->events & POLLOUT) != 0 ? pending_connect_of(fd->fd) : NULL;
}

/* What is left of a result for the copy, which has launchers in it. */
static int finish_polled(struct pollfd *fds, const struct pollfd *copy, nfds_t count,
                         int result)
{
    for (nfds_t i = 0; i < count && result >= 0; i++) {
        bool is_launcher = copy[i].fd != fds[i].fd;

        fds[i].revents = is_launcher ? 0 : copy[i].revents;
        if (!is_launcher || copy[i].revents == 0)
            continue;
        switch (finish(fds[i].fd, pending_connect_of(fds[i].fd))) {
        case MADE:
            fds[i].revents = POLLOUT;
            break;
        case BEING_MADE:
            result--;
            break;
        default:
            result = -1;
        }
    }
    return result;
}

int gate_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
               const sigset_t *mask)
{
    struct pollfd copy[MOST_FDS];
    bool waits = false;
    int result, left;

    if (count > MOST_FDS || memory_copy(copy, fds, count * sizeof *fds) != 0)
        return real.ppoll(fds, count, timeout, mask);
    for (nfds_t i = 0; i < count; i++) {
        struct pending_connect *pending = awaited(&copy[i]);

        if (pending != NULL)
            copy[i] = (struct pollfd){.fd = pending->launcher, .events = POLLIN};
        waits |= pending != NULL;
    }
    if (!waits)
        return real.ppoll(fds, count, timeout, mask);
    result = real.ppoll(copy, count, timeout, mask);
    if (result < 0)
        return -1;
    left = finish_polled(fds, copy, count, result);
    /* All that came are connects that are being made: to this host, which does not take long. */
    return result > 0 && left == 0 ? real.ppoll(fds, count, timeout, mask) : left;
}

int gate_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    const struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

    return gate_ppoll(fds, count, milliseconds >= 0 ? &timeout : NULL, NULL);
}

/* As the kernel reads a set: no further than the count says, in whole longs. */
static size_t size_of_sets(int count)
{
    enum { WORD = 8 * sizeof(unsigned long) };

    return ((size_t)count + WORD - 1) / WORD * sizeof(unsigned long);
}

static bool copy_sets(fd_set copies[3], fd_set *const sets[3], int count)
{
    memset(copies, 0, 3 * sizeof *copies);
    for (int i = 0; i < 3; i++)
        if (sets[i] != NULL && memory_copy(&copies[i], sets[i], size_of_sets(count)) != 0)
            return false;
    return true;
}

/* The connect that a select waits for, if its launcher has room in a set; else NULL. */
static struct pending_connect *awaited_in(const fd_set *writable, int fd)
{
    struct pending_connect *pending = FD_ISSET(fd, writable) ? pending_connect_of(fd) : NULL;

    return pending != NULL && pending->launcher < FD_SETSIZE ? pending : NULL;
}

/* In the place of each socket that is awaited, its launcher. The count for the real call. */
static int await_launchers(fd_set copies[3], int count)
{
    int most = count;

    for (int fd = 0; fd < count; fd++) {
        struct pending_connect *pending = awaited_in(&copies[1], fd);

        if (pending == NULL)
            continue;
        FD_CLR(fd, &copies[1]);
        FD_SET(pending->launcher, &copies[0]);
        if (pending->launcher >= most)
            most = pending->launcher + 1;
    }
    return most;
}

/* What is left of a result for the copies. */
static int finish_selected(fd_set copies[3], const fd_set *writable, int count, int result)
{
    for (int fd = 0; fd < count && result > 0; fd++) {
        struct pending_connect *pending = awaited_in(writable, fd);
        int launcher = pending != NULL ? pending->launcher : -1, now;

        if (launcher < 0 || !FD_ISSET(launcher, &copies[0]))
            continue;
        FD_CLR(launcher, &copies[0]);
        now = finish(fd, pending);
        if (now == FAILED)
            return -1;
        if (now == MADE)
            FD_SET(fd, &copies[1]);
        else
            result--;
    }
    return result;
}

int gate_pselect(int count, fd_set *const sets[3], const struct timespec *timeout,
                 const sigset_t *mask)
{
    fd_set copies[3];
    int result, left;

    if (count <= 0 || count > FD_SETSIZE || sets[1] == NULL || !copy_sets(copies, sets, count))
        return real.pselect(count, sets[0], sets[1], sets[2], timeout, mask);
    result = real.pselect(await_launchers(copies, count), &copies[0], &copies[1], &copies[2],
                          timeout, mask);
    left = finish_selected(copies, sets[1], count, result);
    if (result > 0 && left == 0)
        return real.pselect(count, sets[0], sets[1], sets[2], timeout, mask);
    for (int i = 0; i < 3 && left >= 0; i++)
        if (sets[i] != NULL)
            memcpy(sets[i], &copies[i], size_of_sets(count));
    return left;
}

/*
 * Linux takes more than a million microseconds, and writes the time that is left into the limit.
 * An invalid limit it rejects itself.
 */
int gate_select(int count, fd_set *const sets[3], struct timeval *timeout)
{
    struct timeval given = {0, 0};
    struct timespec limit;
    int64_t start = sys_now(), left;
    int result;

    if (timeout == NULL)
        return gate_pselect(count, sets, NULL, NULL);
    if (memory_copy(&given, timeout, sizeof given) != 0 || given.tv_sec < 0 ||
        given.tv_usec < 0)
        return real.select(count, sets[0], sets[1], sets[2], timeout);
    limit = (struct timespec){given.tv_sec + given.tv_usec / 1000000,
                              given.tv_usec % 1000000 * 1000};
    result = gate_pselect(count, sets, &limit, NULL);
    left = limit.tv_sec * INT64_C(1000) + limit.tv_nsec / 1000000 - (sys_now() - start);
    left = result == 0 || left < 0 ? 0 : left;
    *timeout = (struct timeval){left / 1000, left % 1000 * 1000};
    return result;
}

bool gate_before_epoll(int fd)
{
    struct pending_connect *pending = pending_connect_of(fd);

    return pending == NULL || finish(fd, pending) != FAILED;
}
