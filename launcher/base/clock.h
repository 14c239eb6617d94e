/*
 * The clock that deadlines go by.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_CLOCK_H
#define IMDSHIM_LAUNCHER_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_now(void);
int64_t clock_in(int seconds); /* from now on */

/* Of two deadlines, each of which may be 0: none. */
int64_t clock_sooner(int64_t one, int64_t other);

#endif
