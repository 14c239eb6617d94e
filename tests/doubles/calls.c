/*
 * What a system call takes: of those that user notification stops, and of another one.
 *
 * usage: calls getppid|listen COUNT
 *
 * Prints the nanoseconds of one in the best of a hundred rounds of COUNT. "listen" is bind(2) and
 * listen(2) of a new socket, and what makes and closes it.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

enum { PARTS = 100 };

static void by_getppid(void)
{
    syscall(SYS_getppid);
}

static void by_listen(void)
{
    close(tcp_listener(0));
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
    void (*call)(void);
    double least = 0;
    long count;

    if (argc != 3 || (count = atol(argv[2])) <= 0)
        errx(3, "usage: calls getppid|listen COUNT");
    call = strcmp(argv[1], "listen") == 0 ? by_listen : by_getppid;
    for (int part = 0; part < PARTS; part++) {
        double start = now(), took;

        for (long i = 0; i < count; i++)
            call();
        took = (now() - start) / (double)count;
        if (part == 0 || took < least)
            least = took;
    }
    printf("%.1f\n", least);
    return EXIT_SUCCESS;
}
