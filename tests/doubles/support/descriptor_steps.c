#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/doubles/support/steps.h"

#ifndef SYS_close_range /* since Linux 5.9 */
#define SYS_close_range 436
#endif

enum { MOST = 1024, SEEN = 256 };

static void do_close_from(const char *first)
{
    for (int fd = atoi(first); fd < MOST; fd++)
        close(fd);
}

static void do_close_range(const char *first)
{
    if (syscall(SYS_close_range, atoi(first), ~0U, 0) != 0)
        do_close_from(first);
}

static void do_data_over(const char *number)
{
    int fd = atoi(number), data = open("data", O_WRONLY | O_APPEND);

    if (data < 0 || dup2(data, fd) != fd)
        _exit(FAILED);
    if (data != fd)
        close(data);
}

static void do_no_more(const char *nothing)
{
    int next = dup(STDIN_FILENO);
    const struct rlimit none = {(rlim_t)next, (rlim_t)next};

    (void)nothing;
    close(next);
    setrlimit(RLIMIT_NOFILE, &none);
}

static void do_none_left(const char *nothing)
{
    (void)nothing;
    must(dup(STDIN_FILENO) < 0 && errno == EMFILE, "descriptors were left");
}

static void do_descriptors(const char *nothing)
{
    (void)nothing;
    for (int fd = 0; fd < SEEN; fd++) {
        char path[64], target[256];
        ssize_t length;

        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        length = readlink(path, target, sizeof target - 1);
        if (length < 0)
            continue;
        target[length] = '\0';
        target[strcspn(target, ":")] = '\0'; /* the inode of a pipe or socket */
        printf("%d %s %d\n", fd, target, fcntl(fd, F_GETFL));
    }
}

const struct step descriptor_steps[] = {
    {"close-from", do_close_from},
    {"close-range", do_close_range},
    {"data-over", do_data_over},
    {"no-more", do_no_more},
    {"none-left", do_none_left},
    {"descriptors", do_descriptors},
    {.name = NULL},
};
