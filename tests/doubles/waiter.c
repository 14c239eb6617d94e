/*
 * An engine that waits for its client by one call.
 *
 * usage: waiter METHOD [plain|twice|other|thread|child|blocked]
 *
 * blocked: it waits for a client that comes from outside; else it is its own client.
 * other: it waits on another socket than the IMD socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/tcp.h"

enum { HIGH_FD = 1500, MANY = 70, SENTINEL = 4711 };

/* Declared by glibc only to programs built with fortification. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t size);

static int by_select(int fd)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, NULL);
}

static int by_pselect(int fd)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    return pselect(fd + 1, &set, NULL, NULL, NULL, NULL);
}

/* The kernel has no FD_SETSIZE; FD_SET of fortified programs has. */
static int by_select_high(int fd)
{
    enum { BITS = 8 * sizeof(long) };
    unsigned long set[(HIGH_FD + 100) / BITS] = {0};

    set[fd / BITS] |= 1UL << fd % BITS;
    return select(fd + 1, (fd_set *)(void *)set, NULL, NULL, NULL);
}

static int by_poll(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};

    return poll(&set, 1, -1);
}

static int by_poll_of_many(int fd)
{
    struct pollfd set[MANY];

    for (int i = 0; i < MANY; i++)
        set[i] = (struct pollfd){.fd = i == MANY - 2 ? fd : -1, .events = POLLIN};
    return poll(set, MANY, -1);
}

static int by_ppoll(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};

    return ppoll(&set, 1, NULL, NULL);
}

static int by_poll_chk(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};

    return __poll_chk(&set, 1, -1, sizeof set);
}

static int by_ppoll_chk(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};

    return __ppoll_chk(&set, 1, NULL, NULL, sizeof set);
}

/* More than the array holds: the C library ends the program, and is to go on doing so. */
static int by_poll_overflow(int fd)
{
    static volatile nfds_t too_many = 2; /* volatile: compilers see through it */
    struct pollfd set = {.fd = fd, .events = POLLIN};

    return __poll_chk(&set, too_many, -1, sizeof set);
}

static int by_accept(int fd)
{
    return accept(fd, NULL, NULL);
}

static int by_accept4(int fd)
{
    return accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

static int by_epoll(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        err(3, "epoll_ctl");
    return epoll_wait(epoll, &event, 1, -1);
}

static int by_accept_of_duplicate(int fd)
{
    return by_accept(dup(fd));
}

static int by_poll_of_duplicate(int fd)
{
    return by_poll(dup(fd));
}

static int by_select_of_duplicate(int fd)
{
    return by_select(dup(fd));
}

/* These do not wait for a client on it. */
static int by_leaving_epoll(int fd)
{
    int epoll = epoll_create1(0);

    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) != 0 && errno == ENOENT
               ? (errno = SENTINEL, 0)
               : -1;
}

static int by_poll_for_room(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};

    return poll(&entry, 1, 0);
}

static const struct method {
    const char *name;
    int (*call)(int);
} methods[] = {
    {"select", by_select},
    {"pselect", by_pselect},
    {"select-high", by_select_high},
    {"poll", by_poll},
    {"poll-many", by_poll_of_many},
    {"ppoll", by_ppoll},
    {"poll-chk", by_poll_chk},
    {"ppoll-chk", by_ppoll_chk},
    {"poll-overflow", by_poll_overflow},
    {"accept", by_accept},
    {"accept4", by_accept4},
    {"epoll", by_epoll},
    {"epoll-leave", by_leaving_epoll},
    {"poll-for-room", by_poll_for_room},
    {"accept-duplicate", by_accept_of_duplicate},
    {"poll-duplicate", by_poll_of_duplicate},
    {"select-duplicate", by_select_of_duplicate},
};

static const struct method *find_method(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    errx(3, "no method %s", name);
}

static int listener(const struct method *method)
{
    struct rlimit limit = {HIGH_FD + 100, HIGH_FD + 100};
    int fd = tcp_socket();

    if (method->call == by_select_high) {
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        fd = fcntl(fd, F_DUPFD, HIGH_FD);
    }
    if (tcp_bind(fd, 0) != 0 || listen(fd, 5) != 0)
        err(3, "listen");
    return fd;
}

static void wait_once(const struct method *method, int fd)
{
    errno = SENTINEL;
    if (method->call(fd) < 0 || errno != SENTINEL)
        err(3, "%s", method->name);
}

struct task {
    const struct method *method;
    int fd;
};

static void *in_thread(void *argument)
{
    const struct task *task = argument;

    wait_once(task->method, task->fd);
    return NULL;
}

static void wait_in_thread(const struct method *method, int fd)
{
    struct task task = {method, fd};
    pthread_t thread;

    pthread_create(&thread, NULL, in_thread, &task);
    pthread_join(thread, NULL);
}

static void wait_in_child(const struct method *method, int fd)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        wait_once(method, fd);
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (status != 0)
        errx(3, "the child failed");
}

int main(int argc, char **argv)
{
    const struct method *method = find_method(argc > 1 ? argv[1] : "");
    const char *where = argc > 2 ? argv[2] : "plain";
    int fd = listener(method);

    if (strcmp(where, "other") == 0)
        fd = tcp_listener(0);
    tcp_print_port(fd);
    for (int i = 0; i < 2 && strcmp(where, "blocked") != 0; i++)
        tcp_connect(tcp_port(fd));
    if (strcmp(where, "thread") == 0)
        wait_in_thread(method, fd);
    else if (strcmp(where, "child") == 0)
        wait_in_child(method, fd);
    else
        wait_once(method, fd);
    if (strcmp(where, "twice") == 0)
        wait_once(method, fd);
    fprintf(stderr, "done\n");
    return 0;
}
