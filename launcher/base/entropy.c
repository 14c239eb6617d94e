#include "launcher/base/entropy.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* By the call's number, because glibc has getrandom(3) only since 2.25. */
static bool ask_kernel(void *bytes, size_t size)
{
#ifdef SYS_getrandom
    return syscall(SYS_getrandom, bytes, size, 0) == (long)size;
#else
    (void)bytes;
    (void)size;
    return false;
#endif
}

/* Not arc4random(3): libbsd's ends the process, and says nothing, if it cannot have memory. */
bool entropy_fill(void *bytes, size_t size)
{
    int fd;
    bool filled;

    if (ask_kernel(bytes, size))
        return true;
    fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    filled = read(fd, bytes, size) == (ssize_t)size;
    close(fd);
    return filled;
}

uint64_t entropy_number(void)
{
    uint64_t number;
    struct timespec now = {0, 0};

    if (entropy_fill(&number, sizeof number))
        return number;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)getpid() << 32 ^ (uint64_t)now.tv_sec << 16 ^ (uint64_t)now.tv_nsec;
}
