#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "tests/doubles/support/steps.h"
#include "tests/doubles/support/tcp.h"

enum { LONG = 60, OTHERS = 2, MANY = 70, HIGHEST_FD = 2048 };

/* Declared by glibc only to programs built with fortification. */
__attribute__((weak)) int __poll_chk(struct pollfd *fds, nfds_t count, int timeout,
                                     size_t size);
__attribute__((weak)) int __ppoll_chk(struct pollfd *fds, nfds_t count,
                                      const struct timespec *timeout, const sigset_t *mask,
                                      size_t size);

/* ---- waits, each until a client is there ---- */

/* A pipe that can be written is in the set too, and an empty one that is never ready. */
static void by_select(int fd)
{
    fd_set readable, writable;
    int pipes[2];
    struct timeval long_time = {LONG, 0};

    must(pipe(pipes) == 0, "pipe");
    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    FD_SET(pipes[0], &readable);
    must(select(FD_SETSIZE, &readable, NULL, NULL, &long_time) == 1 &&
             FD_ISSET(fd, &readable) && !FD_ISSET(pipes[0], &readable) &&
             long_time.tv_sec < LONG,
         "select");
    FD_ZERO(&writable);
    FD_SET(pipes[1], &writable);
    FD_SET(pipes[0], &readable);
    must(select(FD_SETSIZE, &readable, &writable, NULL, NULL) == 2 && FD_ISSET(fd, &readable),
         "select again");
    close(pipes[0]);
    close(pipes[1]);
}

static void by_pselect(int fd)
{
    fd_set readable;

    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    must(pselect(fd + 1, &readable, NULL, NULL, NULL, NULL) == 1 && FD_ISSET(fd, &readable),
         "pselect");
}

/* The kernel has no FD_SETSIZE; FD_SET of fortified programs has. */
static void by_select_high(int fd)
{
    enum { BITS = 8 * sizeof(long) };
    unsigned long set[HIGHEST_FD / BITS] = {0};

    must(fd < HIGHEST_FD, "a high number");
    set[fd / BITS] |= 1UL << fd % BITS;
    must(select(fd + 1, (fd_set *)(void *)set, NULL, NULL, NULL) == 1, "select");
}

static void by_poll(int fd)
{
    struct pollfd set[1 + OTHERS] = {{.fd = -1, .events = POLLIN},
                                     {.fd = STDERR_FILENO, .events = 0},
                                     {.fd = fd, .events = POLLIN | POLLRDNORM}};

    must(poll(set, 1 + OTHERS, -1) == 1 && set[OTHERS].revents == (POLLIN | POLLRDNORM),
         "poll");
    set[OTHERS].revents = 0;
    must(poll(set, 1 + OTHERS, 0) == 1 && set[OTHERS].revents == (POLLIN | POLLRDNORM),
         "poll again");
}

static void by_poll_of_many(int fd)
{
    struct pollfd set[MANY];

    for (int i = 0; i < MANY; i++)
        set[i] = (struct pollfd){.fd = i == MANY - 2 ? fd : -1, .events = POLLIN};
    must(poll(set, MANY, -1) == 1, "poll");
}

static void by_ppoll(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};

    must(ppoll(&set, 1, NULL, NULL) == 1 && set.revents == POLLIN, "ppoll");
}

static void by_ppoll_for_a_time(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};
    const struct timespec long_time = {LONG, 0};

    must(ppoll(&set, 1, &long_time, NULL) == 1 && set.revents == POLLIN, "ppoll");
}

static void by_poll_chk(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};

    must(__poll_chk(&set, 1, -1, sizeof set) == 1 && set.revents == POLLIN, "poll_chk");
}

static void by_ppoll_chk(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};

    must(__ppoll_chk(&set, 1, NULL, NULL, sizeof set) == 1 && set.revents == POLLIN,
         "ppoll_chk");
}

/* More than the array holds: the C library ends the program, and is to go on doing so. */
static void by_poll_overflow(int fd)
{
    static volatile nfds_t too_many = 2; /* volatile: compilers see through it */
    struct pollfd set = {.fd = fd, .events = POLLIN};

    __poll_chk(&set, too_many, -1, sizeof set);
}

static void by_epoll(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);

    must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    must(epoll_wait(epoll, &event, 1, -1) == 1, "epoll_wait");
    close(epoll);
}

static void by_accept(int fd)
{
    must(accept(fd, NULL, NULL) >= 0, "accept");
}

static void by_accept4(int fd)
{
    must(accept4(fd, NULL, NULL, SOCK_CLOEXEC) >= 0, "accept4");
}

/* imd.cpp of GROMACS. */
static void by_select_and_sleep(int fd)
{
    struct timeval at_once;
    fd_set readable;

    for (;;) {
        at_once = (struct timeval){0, 0};
        FD_ZERO(&readable);
        FD_SET(fd, &readable);
        if (select(fd + 1, &readable, NULL, NULL, &at_once) == 1)
            return;
        must(!FD_ISSET(fd, &readable), "select");
        sleep(1);
    }
}

/* ---- these do not wait for a client ---- */

static void by_leaving_epoll(int fd)
{
    int epoll = epoll_create1(0);

    must(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) != 0 && errno == ENOENT, "epoll_ctl");
    close(epoll);
    errno = SENTINEL;
}

static void by_poll_for_room(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};

    must(poll(&entry, 1, 0) >= 0, "poll");
}

static void by_looking(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};

    must(poll(&entry, 1, 0) >= 0, "poll");
}

static const struct {
    const char *name;
    void (*wait)(int fd);
} methods[] = {
    {"", by_looking},
    {"select", by_select},
    {"pselect", by_pselect},
    {"select-high", by_select_high},
    {"poll", by_poll},
    {"poll-many", by_poll_of_many},
    {"ppoll", by_ppoll},
    {"ppoll-time", by_ppoll_for_a_time},
    {"poll-chk", by_poll_chk},
    {"ppoll-chk", by_ppoll_chk},
    {"poll-overflow", by_poll_overflow},
    {"epoll", by_epoll},
    {"accept", by_accept},
    {"accept4", by_accept4},
    {"gromacs", by_select_and_sleep},
    {"epoll-leave", by_leaving_epoll},
    {"poll-for-room", by_poll_for_room},
};

static void wait_on(int fd, const char *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, method) == 0) {
            errno = SENTINEL;
            methods[i].wait(fd);
            must_leave_errno(method);
            return;
        }
    errno = EINVAL;
    must(false, method);
}

static void do_wait(const char *method)
{
    wait_on(engine.socket, method);
}

static void do_wait_duplicate(const char *method)
{
    int copy = dup(engine.socket);

    wait_on(copy, method);
    close(copy);
}

static void do_call(const char *nothing)
{
    (void)nothing;
    tcp_connect(tcp_port(engine.socket));
}

static void do_call_soon(const char *nothing)
{
    (void)nothing;
    if (fork() != 0)
        return;
    tcp_pause(200);
    tcp_connect(tcp_port(engine.socket));
    tcp_pause(1000);
    _exit(0);
}

const struct step wait_steps[] = {
    {"wait", do_wait}, {"wait-duplicate", do_wait_duplicate},
    {"call", do_call}, {"call-soon", do_call_soon},
    {.name = NULL},
};
