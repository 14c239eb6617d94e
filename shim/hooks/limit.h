/*
 * How long a wait may last that is made of several calls: what comes and is none of the engine's
 * business does not extend it. Safe in a signal handler; errno is not kept.
 */
#ifndef IMDSHIM_SHIM_HOOKS_LIMIT_H
#define IMDSHIM_SHIM_HOOKS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

struct limit {
    const struct timespec *next; /* for the next call; NULL: none */
    const struct timespec *engines;
    struct timespec left;
    int64_t end; /* nanoseconds of CLOCK_MONOTONIC */
};

/*
 * `engines` is the engine's pointer, `given` what it points to. An invalid one has no limit: the
 * kernel will reject it. With `looks_first` the first call only looks.
 *
 * For a timeout of zero, of an engine that only looks and does so often, no clock is read.
 */
void limit_begin(struct limit *limit, const struct timespec *engines,
                 const struct timespec *given, bool looks_first);

/*
 * Before each call but the first, `came` being what the real one has returned. False if the time
 * is over: a preloaded library may have a clock of its own, so 0 of a call that waited says so
 * too. `left` is what there is of it.
 */
bool limit_goes_on(struct limit *limit, int came);

/* What select(2) is given as one of pselect(2). False if it is invalid. */
bool limit_convert(struct timespec *to, const struct timeval *from);

#endif
