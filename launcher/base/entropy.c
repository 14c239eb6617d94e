#include "launcher/base/entropy.h"

#include <time.h>
#include <unistd.h>

/* Not arc4random(3): libbsd's ends the process, and says nothing, if it cannot have memory. */
uint64_t entropy_number(void)
{
    uint64_t number;
    struct timespec now = {0, 0};

    if (getentropy(&number, sizeof number) == 0)
        return number;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)getpid() << 32 ^ (uint64_t)now.tv_sec << 16 ^ (uint64_t)now.tv_nsec;
}
