#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "tests/doubles/support/steps.h"
#include "tests/doubles/support/tcp.h"

enum { LOOKS = 200 };

static union tcp_address peer;
static socklen_t peer_length;

/* ---- ways to accept ---- */

static int accept_named(int fd)
{
    return accept(fd, &peer.any, &peer_length);
}

static int accept_in_little_room(int fd)
{
    peer_length = 4;
    return accept_named(fd);
}

static int accept_unnamed(int fd)
{
    return accept(fd, NULL, NULL);
}

static int accept_with_flags(int fd)
{
    int client = accept4(fd, &peer.any, &peer_length, SOCK_NONBLOCK | SOCK_CLOEXEC);

    must(client < 0 || (fcntl(client, F_GETFD) == FD_CLOEXEC &&
                        (fcntl(client, F_GETFL) & O_NONBLOCK) != 0),
         "flags");
    fcntl(client, F_SETFL, O_RDWR);
    return client;
}

static int accept_without_blocking(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};
    int client;

    must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "fcntl");
    while ((client = accept_named(fd)) < 0)
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
        client = accept_named(fd);
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
    while ((client = accept_named(fd)) < 0 && errno == EAGAIN);
    close(epoll);
    errno = SENTINEL;
    return client;
}

static const struct {
    const char *name;
    int (*accept)(int fd);
} ways[] = {
    {"", accept_named},
    {"little-room", accept_in_little_room},
    {"unnamed", accept_unnamed},
    {"flags", accept_with_flags},
    {"nonblocking", accept_without_blocking},
    {"between-steps", accept_between_steps},
    {"epoll", accept_by_epoll},
};

static void do_accept(const char *way)
{
    memset(&peer, 0, sizeof peer);
    peer_length = sizeof(struct sockaddr_storage);
    engine.client = -1;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i].name, way) == 0) {
            errno = SENTINEL;
            engine.client = ways[i].accept(engine.socket);
            must(engine.client >= 0, "accept");
            must_leave_errno("accept");
        }
    must(engine.client >= 0, way);
}

/* ---- serving a client ---- */

static const char *peer_name(void)
{
    static char text[INET6_ADDRSTRLEN];

    if (peer.any.sa_family == AF_UNSPEC)
        return "unnamed";
    return inet_ntop(peer.any.sa_family,
                     peer.any.sa_family == AF_INET6 ? (void *)&peer.v6.sin6_addr
                                                    : (void *)&peer.v4.sin_addr,
                     text, sizeof text);
}

static void do_echo(const char *nothing)
{
    char byte;

    (void)nothing;
    must(read(engine.client, &byte, 1) == 1 && write(engine.client, &byte, 1) == 1, "read");
    printf("served %s %u\n", peer_name(), (unsigned)peer_length);
    close(engine.client);
}

static void serve_one(void)
{
    struct pollfd wait = {.fd = engine.socket, .events = POLLIN};
    char byte;
    int client;

    poll(&wait, 1, -1);
    client = accept(engine.socket, NULL, NULL);
    must(client >= 0, "accept");
    dprintf(client, "%u\n", tcp_port(engine.socket));
    while (read(client, &byte, 1) > 0)
        continue;
    close(client);
}

static void do_serve(const char *count)
{
    for (int i = 0; i < atoi(count); i++)
        serve_one();
}

static void do_more(const char *nothing)
{
    struct pollfd wait = {.fd = engine.socket, .events = POLLIN};
    int more = 0;

    (void)nothing;
    for (; poll(&wait, 1, 100) > 0; more++)
        close(accept(engine.socket, NULL, NULL));
    printf("%d more\n", more);
}

const struct step accept_steps[] = {
    {"accept", do_accept}, {"echo", do_echo}, {"serve", do_serve},
    {"more", do_more},     {.name = NULL},
};
