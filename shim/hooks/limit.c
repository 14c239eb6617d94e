#include "shim/hooks/limit.h"

#include "shim/wire/sys.h"

enum { SECOND = 1000000000 };

static const struct timespec at_once = {0, 0};

/* Nanoseconds: what is left must never be more than what was given. */
static int64_t now(void)
{
    struct timespec now = {0, 0};

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

void limit_begin(struct limit *limit, const struct timespec *engines,
                 const struct timespec *given, bool looks_first)
{
    enum { LONG = 1000000000 }; /* seconds; more is no limit, but must not overflow */

    limit->engines = engines;
    limit->next = looks_first ? &at_once : engines;
    limit->end = INT64_MAX;
    if (engines == NULL || given->tv_sec < 0 || given->tv_nsec < 0 || given->tv_nsec >= SECOND)
        return;
    limit->end =
        given->tv_nsec + (given->tv_sec < LONG ? given->tv_sec : LONG) * (int64_t)SECOND;
    if (limit->end > 0)
        limit->end += now();
}

bool limit_goes_on(struct limit *limit, int came)
{
    int64_t left = limit->end;

    if (left == 0 || (came == 0 && limit->next != &at_once))
        return false;
    limit->next = limit->engines;
    if (left == INT64_MAX)
        return true;
    left -= now();
    limit->left = (struct timespec){left / SECOND, left % SECOND};
    limit->next = &limit->left;
    return left > 0;
}

/* Linux takes more than a million microseconds. */
bool limit_convert(struct timespec *to, const struct timeval *from)
{
    int64_t more = from->tv_usec / 1000000;

    if (from->tv_sec < 0 || from->tv_usec < 0 || from->tv_sec > INT64_MAX - more)
        return false;
    *to = (struct timespec){from->tv_sec + more, from->tv_usec % 1000000 * 1000};
    return true;
}
