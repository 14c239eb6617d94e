#include "launcher/base/clock.h"

#include <time.h>

int64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_in(int seconds)
{
    return clock_now() + seconds * INT64_C(1000);
}

int64_t clock_sooner(int64_t one, int64_t other)
{
    return one == 0 || (other != 0 && other < one) ? other : one;
}
