/*
 * An engine that puts its socket into an epoll before it calls listen(2), as event loops do.
 *
 * usage: epolls HOW
 *
 *   level edge oneshot   with that interest
 *   later                without an interest; that comes after listen, EPOLL_CTL_MOD
 *   duplicate            a duplicate of the socket is in the epoll
 *   first-closed         the socket is; its duplicate listens, and it is closed then
 *   inner                the epoll is itself in another one, which is waited on
 *   many                 the seventh of ten epolls
 *   crowd                among a hundred sockets
 *   blocked              a thread waits since before
 *   child                a child listens
 *
 * These serve one client of their own. The others only listen:
 *
 *   none                 nothing is in an epoll
 *   other                another socket is
 *   left                 it was, EPOLL_CTL_DEL
 *   closed               that epoll is closed
 *   replaced             that epoll's number is another epoll's by now,
 *   reused               or the socket's own
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

static const char *how;
static int listener, epoll, waited_on;

static int is(const char *name)
{
    return strcmp(how, name) == 0;
}

static int make_epoll(void)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);

    if (fd < 0)
        err(3, "epoll_create1");
    return fd;
}

static void put(int into, int operation, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data = {.fd = fd}};

    if (epoll_ctl(into, operation, fd, &event) != 0)
        err(3, "epoll_ctl");
}

static void make_crowd(void)
{
    for (int i = 0; i < 50; i++)
        put(epoll, EPOLL_CTL_ADD, tcp_socket(), EPOLLIN);
}

static void prepare(void)
{
    unsigned interest = is("edge") || is("blocked") ? EPOLLIN | EPOLLET
                        : is("oneshot")             ? EPOLLIN | EPOLLONESHOT
                        : is("later")               ? 0
                                                    : EPOLLIN;
    int fd = is("duplicate") ? dup(listener) : is("other") ? tcp_socket() : listener;

    for (int i = 0; is("many") && i < 6; i++)
        put(make_epoll(), EPOLL_CTL_ADD, tcp_socket(), EPOLLIN);
    waited_on = epoll = make_epoll();
    if (is("crowd"))
        make_crowd();
    if (!is("none"))
        put(epoll, EPOLL_CTL_ADD, fd, interest);
    if (is("crowd"))
        make_crowd();
    for (int i = 0; is("many") && i < 3; i++)
        put(make_epoll(), EPOLL_CTL_ADD, tcp_socket(), EPOLLIN);
    if (is("inner"))
        put(waited_on = make_epoll(), EPOLL_CTL_ADD, epoll, EPOLLIN);
}

static void spoil(void)
{
    if (is("left"))
        put(epoll, EPOLL_CTL_DEL, listener, 0);
    else if (is("closed"))
        close(epoll);
    else if (is("replaced"))
        dup2(make_epoll(), epoll);
    else if (is("reused"))
        dup2(listener, epoll);
}

/*
 * As long as it does not listen the socket has "hung up". The library sees no accept(2) of a
 * system call of our own: it is to know before.
 */
static void *serve(void *unused)
{
    struct epoll_event event;

    do
        if (epoll_wait(waited_on, &event, 1, 20000) != 1)
            errx(3, "no client came");
    while ((event.events & EPOLLIN) == 0);
    if (syscall(SYS_accept4, listener, NULL, NULL, 0) < 0)
        err(3, "accept");
    return unused;
}

static void start_listening(void)
{
    int first = listener;

    if (is("first-closed"))
        listener = dup(first);
    if (listen(listener, 5) != 0)
        err(3, "listen");
    if (is("first-closed"))
        close(first);
}

static void go_on_in_child(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        return;
    waitpid(child, &status, 0);
    exit(status != 0);
}

int main(int argc, char **argv)
{
    static const char *const only_listens[] = {"none",   "other",    "left",
                                               "closed", "replaced", "reused"};
    pthread_t thread;

    how = argc > 1 ? argv[1] : "";
    listener = tcp_socket();
    if (tcp_bind(listener, 0) != 0)
        err(3, "bind");
    prepare();
    spoil();
    if (is("child"))
        go_on_in_child();
    if (is("blocked") && pthread_create(&thread, NULL, serve, NULL) != 0)
        errx(3, "no thread");
    start_listening();
    tcp_print_port(listener);
    for (size_t i = 0; i < sizeof only_listens / sizeof only_listens[0]; i++)
        if (is(only_listens[i]))
            return 0;
    if (is("later"))
        put(epoll, EPOLL_CTL_MOD, listener, EPOLLIN);
    tcp_connect(tcp_port(listener));
    if (is("blocked"))
        pthread_join(thread, NULL);
    else
        serve(NULL);
    fprintf(stderr, "served\n");
    return 0;
}
