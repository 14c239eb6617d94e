/*
 * An engine that serves one client: it waits by a method, accepts, and returns the byte that
 * it gets.
 *
 * usage: server METHOD [ADDRESS]       ADDRESS is 127.0.0.1, ::1, :: ...
 *
 * Prints its port on stderr, and what accept(2) says of the client. A wait that returns what it
 * should not ends it with status 3.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>

#include "tests/doubles/tcp.h"

enum { SENTINEL = 4711, LIFETIME = 60, OTHERS = 2, MANY = 20, LOOKS = 200 };

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t size);

static struct sockaddr_storage peer;
static socklen_t peer_length = sizeof peer;

static int accept_one(int fd)
{
    return accept(fd, (struct sockaddr *)&peer, &peer_length);
}

static int accept_in_little_room(int fd)
{
    peer_length = 4;
    return accept_one(fd);
}

static int accept_unnamed(int fd)
{
    return accept(fd, NULL, NULL);
}

static int accept_with_flags(int fd)
{
    int client =
        accept4(fd, (struct sockaddr *)&peer, &peer_length, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (client >= 0 &&
        (fcntl(client, F_GETFD) != FD_CLOEXEC || (fcntl(client, F_GETFL) & O_NONBLOCK) == 0))
        errx(3, "flags");
    fcntl(client, F_SETFL, O_RDWR);
    return client;
}

static void must(int is, const char *what)
{
    if (!is)
        err(3, "%s", what);
}

/* A pipe that can be written is in the set too, and an empty one that is never ready. */
static void by_select(int fd)
{
    fd_set readable, writable;
    int pipes[2];
    struct timeval long_time = {LIFETIME, 0};

    must(pipe(pipes) == 0, "pipe");
    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    FD_SET(pipes[0], &readable);
    must(select(FD_SETSIZE, &readable, NULL, NULL, &long_time) == 1 &&
             FD_ISSET(fd, &readable) && !FD_ISSET(pipes[0], &readable) &&
             long_time.tv_sec < LIFETIME,
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

static void by_poll_of_duplicate(int fd)
{
    int copy = dup(fd);

    by_poll(copy);
    close(copy);
}

static void by_ppoll(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};
    const struct timespec long_time = {LIFETIME, 0};

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

static void by_nothing(int fd)
{
    (void)fd;
}

static int accept_without_blocking(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};
    int client;

    must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "fcntl");
    while ((client = accept_one(fd)) < 0)
        must(errno == EAGAIN && poll(&set, 1, -1) == 1, "accept");
    errno = SENTINEL;
    return client;
}

/* Between its steps an engine looks, and goes on at once. */
static int accept_between_steps(int fd)
{
    int client = -1;
    time_t before;

    must(listen(fd, SOMAXCONN) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "listen");
    for (int i = 0; i < LOOKS && client < 0; i++) {
        tcp_pause(5);
        before = time(NULL);
        client = accept_one(fd);
        must(client >= 0 || errno == EAGAIN, "accept");
        must(time(NULL) - before <= 1, "a look that takes no time");
    }
    errno = SENTINEL;
    return client >= 0 ? client : accept_without_blocking(fd);
}

static int accept_by_epoll(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0), client;

    must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
             epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0,
         "epoll_ctl");
    do
        must(epoll_wait(epoll, &event, 1, -1) == 1, "epoll_wait");
    while ((client = accept_one(fd)) < 0 && errno == EAGAIN);
    close(epoll);
    errno = SENTINEL;
    return client;
}

static const struct method {
    const char *name;
    void (*wait)(int);
    int (*accept)(int);
} methods[] = {
    {"select", by_select, accept_one},
    {"pselect", by_pselect, accept_in_little_room},
    {"poll", by_poll, accept_one},
    {"poll-duplicate", by_poll_of_duplicate, accept_one},
    {"ppoll", by_ppoll, accept_unnamed},
    {"poll-chk", by_poll_chk, accept_with_flags},
    {"ppoll-chk", by_ppoll_chk, accept_one},
    {"gromacs", by_select_and_sleep, accept_one},
    {"accept", by_nothing, accept_one},
    {"accept-little-room", by_nothing, accept_in_little_room},
    {"accept-unnamed", by_nothing, accept_unnamed},
    {"accept4", by_nothing, accept_with_flags},
    {"nonblocking", by_nothing, accept_without_blocking},
    {"steps", by_nothing, accept_between_steps},
    {"epoll", by_nothing, accept_by_epoll},
    {"child", by_poll, accept_one},
    {"second", by_poll, accept_one}, /* the first IMD socket was closed again */
    {"many", by_poll, accept_one},   /* it listens elsewhere too */
};

static const struct method *find_method(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    errx(3, "no method %s", name);
}

static int listen_on(const char *where)
{
    int is_v6 = strchr(where, ':') != NULL;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

    must(inet_pton(is_v6 ? AF_INET6 : AF_INET, where,
                   is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) == 1,
         "inet_pton");
    must(bind(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
              is_v6 ? sizeof v6 : sizeof v4) == 0,
         "bind");
    must(listen(fd, 5) == 0, "listen");
    return fd;
}

static const char *peer_name(void)
{
    static char text[INET6_ADDRSTRLEN];

    if (peer.ss_family == AF_UNSPEC)
        return "unnamed";
    return inet_ntop(peer.ss_family,
                     peer.ss_family == AF_INET6
                         ? (void *)&((struct sockaddr_in6 *)&peer)->sin6_addr
                         : (void *)&((struct sockaddr_in *)&peer)->sin_addr,
                     text, sizeof text);
}

static void serve(const struct method *method, int fd)
{
    char byte;
    int client;

    errno = SENTINEL;
    method->wait(fd);
    must(errno == SENTINEL, "errno of the wait");
    client = method->accept(fd);
    must(client >= 0 && errno == SENTINEL, "accept");
    must(read(client, &byte, 1) == 1 && write(client, &byte, 1) == 1, "read");
    printf("served %s %u\n", peer_name(), (unsigned)peer_length);
    close(client);
}

int main(int argc, char **argv)
{
    const struct method *method = find_method(argc > 1 ? argv[1] : "");
    const char *where = argc > 2 ? argv[2] : "127.0.0.1";
    int fd = listen_on(where), status = 0;

    alarm(LIFETIME);
    if (strcmp(method->name, "second") == 0) {
        close(fd);
        fd = listen_on(where);
    }
    for (int i = 0; i < MANY && strcmp(method->name, "many") == 0; i++)
        listen_on(where);
    tcp_print_port(fd);
    if (strcmp(method->name, "child") == 0 && fork() != 0) {
        wait(&status);
        return status != 0;
    }
    serve(method, fd);
    return 0;
}
