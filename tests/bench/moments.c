/*
 * moments.so - when an unmodified IMD client connected and when its frames came.
 *
 * Preloaded into the client it writes "CONNECTED FIRST LAST" to the file that MOMENTS names, at
 * the client's end, in nanoseconds of CLOCK_MONOTONIC: connect() returned; the first bytes came
 * after something was sent, which is GO; the last bytes came.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int server = -1;
static bool went;
static int64_t connected, first, last;

static int64_t nanoseconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static ssize_t came(int fd, ssize_t result)
{
    if (fd != server || !went || result <= 0)
        return result;
    last = nanoseconds();
    if (first == 0)
        first = last;
    return result;
}

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    int result = NEXT(connect)(fd, address, length);

    if (address->sa_family != AF_UNIX) {
        server = fd;
        connected = nanoseconds();
    }
    return result;
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    went |= fd == server;
    return NEXT(send)(fd, data, size, flags);
}

ssize_t write(int fd, const void *data, size_t size)
{
    went |= fd == server;
    return NEXT(write)(fd, data, size);
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
    return came(fd, NEXT(recv)(fd, data, size, flags));
}

ssize_t read(int fd, void *data, size_t size)
{
    return came(fd, NEXT(read)(fd, data, size));
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("MOMENTS");
    FILE *file = path != NULL && first != 0 ? fopen(path, "we") : NULL;

    if (file == NULL)
        return;
    fprintf(file, "%lld %lld %lld\n", (long long)connected, (long long)first, (long long)last);
    fclose(file);
}
