/*
 * An engine that waits very often, once its client is known to be awaited: what a call costs.
 *
 * usage: hot select|poll|accept|connect COUNT
 *
 * Prints the nanoseconds that a call takes. accept and connect fail with EBADF.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

static int fd;

static void by_select(void)
{
    struct timeval at_once = {0, 0};
    fd_set set;

    FD_ZERO(&set);
    select(0, &set, NULL, NULL, &at_once);
}

static void by_poll(void)
{
    poll(NULL, 0, 0);
}

static void by_accept(void)
{
    if (accept(-1, NULL, NULL) >= 0)
        errx(3, "accept");
}

static void by_connect(void)
{
    if (connect(-1, NULL, 0) == 0)
        errx(3, "connect");
}

static const struct {
    const char *name;
    void (*call)(void);
} calls[] = {
    {"select", by_select}, {"poll", by_poll}, {"accept", by_accept}, {"connect", by_connect}};

/* The library has seen the wait and the client: from here on nothing is new to it. */
static void meet(void)
{
    struct pollfd set = {.events = POLLIN};

    fd = tcp_listener(0);
    set.fd = fd;
    tcp_connect(tcp_port(fd));
    poll(&set, 1, -1);
    if (accept(fd, NULL, NULL) < 0)
        err(3, "accept");
}

int main(int argc, char **argv)
{
    long count = argc == 3 ? atol(argv[2]) : 0;
    struct timespec before, after;

    meet();
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (argc != 3 || strcmp(calls[i].name, argv[1]) != 0)
            continue;
        clock_gettime(CLOCK_MONOTONIC, &before);
        for (long n = 0; n < count; n++)
            calls[i].call();
        clock_gettime(CLOCK_MONOTONIC, &after);
        printf("%.2f\n", ((double)(after.tv_sec - before.tv_sec) * 1e9 +
                          (double)(after.tv_nsec - before.tv_nsec)) /
                             (double)count);
        return 0;
    }
    errx(3, "usage: hot select|poll|accept|connect COUNT");
}
