/*
 * A client whose connect(2) to the port of its engine a signal has interrupted. It goes on by
 * another call, as POSIX has it: the connection is still being made.
 *
 * usage: gate-waits HOW PORT
 *
 *   again poll ppoll poll-chk select pselect epoll
 *   nonblocking      by poll, and the socket does not block
 *   several          five sockets, all of them interrupted, by one poll after the other
 *   mask             by ppoll with the signal let in: that interrupts it, and it is done again
 *   cancel           a thread that waits in connect is cancelled, and another socket connects
 *   jump             the handler leaves connect by siglongjmp(3), and another socket connects
 *
 * Before it goes on it waits with a time limit, if the call has one, and looks without any: both
 * have no result, and leave no descriptor in their sets. Then it makes the file "go".
 *
 * Prints "interrupted", "no result" where it has waited in vain, and "met" where the other side
 * says that the port we are connected to is its own, or "failed ERROR". Status 0; 1 if it
 * failed, 99 if something is not as it should be.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>

#include "tests/doubles/support/tcp.h"

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);

enum { WRONG = 99, SEVERAL = 5, LIMIT = 150, EVER = -1 };

static const char *how;
static unsigned port;
static sigjmp_buf out;
static volatile sig_atomic_t handled, jumps;

static int is(const char *name)
{
    return strcmp(how, name) == 0;
}

static void say(const char *what)
{
    puts(what);
    fflush(stdout);
}

static void make_file(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        err(WRONG, "%s", name);
    close(fd);
}

/* ---- signals ---- */

static void handle(int signal)
{
    (void)signal;
    handled++;
    if (jumps)
        siglongjmp(out, 1);
}

static void send_signals(long milliseconds)
{
    const struct itimerval often = {{0, milliseconds * 1000}, {0, milliseconds * 1000}};
    struct sigaction action = {.sa_handler = handle};

    handled = 0;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

static void send_no_more(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};

    setitimer(ITIMER_REAL, &never, NULL);
}

/* ---- waits for a socket; milliseconds, or EVER ---- */

static int wait_by_poll(int fd, int limit)
{
    struct pollfd set = {.fd = fd, .events = POLLOUT, .revents = POLLERR};
    int result = is("poll-chk") ? __poll_chk(&set, 1, limit, sizeof set) : poll(&set, 1, limit);

    if (result == 0 && set.revents != 0)
        errx(WRONG, "poll: no result, and revents is %d", set.revents);
    return result;
}

static int wait_by_ppoll(int fd, int limit)
{
    const struct timespec time = {limit / 1000, limit % 1000 * 1000000L};
    struct pollfd set = {.fd = fd, .events = POLLOUT, .revents = POLLERR};
    sigset_t none;
    int result;

    sigemptyset(&none);
    result = ppoll(&set, 1, limit >= 0 ? &time : NULL, is("mask") ? &none : NULL);
    if (result == 0 && set.revents != 0)
        errx(WRONG, "ppoll: no result, and revents is %d", set.revents);
    return result;
}

static int wait_by_select(int fd, int limit)
{
    struct timeval time = {limit / 1000, limit % 1000 * 1000L};
    const struct timespec exact = {limit / 1000, limit % 1000 * 1000000L};
    fd_set sets[3];
    int result;

    for (int i = 0; i < 3; i++)
        FD_ZERO(&sets[i]);
    FD_SET(fd, &sets[1]);
    FD_SET(fd, &sets[2]);
    result =
        is("select")
            ? select(fd + 1, &sets[0], &sets[1], &sets[2], limit >= 0 ? &time : NULL)
            : pselect(fd + 1, &sets[0], &sets[1], &sets[2], limit >= 0 ? &exact : NULL, NULL);
    for (int i = 0; i < 3; i++)
        if (result == 0 && FD_ISSET(fd, &sets[i]))
            errx(WRONG, "select: no result, and the socket is in set %d", i);
    if (result == 0 && is("select") && (time.tv_sec != 0 || time.tv_usec != 0))
        errx(WRONG, "select: no result, and there is time left");
    return result;
}

static int wait_by_epoll(int fd, int limit)
{
    struct epoll_event event = {.events = EPOLLOUT};
    int epoll = epoll_create1(EPOLL_CLOEXEC), result;

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return -1;
    result = epoll_wait(epoll, &event, 1, limit);
    close(epoll);
    return result;
}

static int wait_once(int fd, int limit)
{
    if (is("select") || is("pselect"))
        return wait_by_select(fd, limit);
    if (is("ppoll") || is("mask"))
        return wait_by_ppoll(fd, limit);
    return is("epoll") ? wait_by_epoll(fd, limit) : wait_by_poll(fd, limit);
}

static long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* epoll_ctl(2) has no time limit: it goes on with the connect itself, whatever that takes. */
static void wait_in_vain(int fd)
{
    long start = now();

    if (is("again") || is("epoll"))
        return;
    if (wait_once(fd, LIMIT) != 0 || now() - start < LIMIT)
        errx(WRONG, "the time limit was not held");
    if (wait_once(fd, 0) != 0)
        errx(WRONG, "a look has found something");
    say("no result");
}

/* ---- connections ---- */

static int connect_socket(int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd, (struct sockaddr *)&address, sizeof address);
}

static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | (is("nonblocking") ? SOCK_NONBLOCK : 0), 0);
}

static int interrupted_socket(void)
{
    int fd = make_socket(), result, error;

    send_signals(50);
    result = connect_socket(fd);
    error = errno;
    send_no_more();
    errno = error;
    if (result != -1 || errno != EINTR || handled == 0)
        err(WRONG, "connect, after %d signals", (int)handled);
    say("interrupted");
    return fd;
}

/* What has become of it: 0 or errno. */
static int complete(int fd)
{
    int error = -1, result;
    socklen_t length = sizeof error;

    if (is("again"))
        return connect_socket(fd) == 0 || errno == EISCONN ? 0 : errno;
    do
        result = wait_once(fd, EVER);
    while (result < 0 && errno == EINTR);
    if (result < 0)
        return errno;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        err(WRONG, "getsockopt");
    return error;
}

static int fail(int error)
{
    printf("failed %s\n", error == ECONNREFUSED ? "ECONNREFUSED" : strerror(error));
    return 1;
}

/* The engine tells each the port that it has. */
static int meet(int fd)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};
    struct sockaddr_in peer = {.sin_port = 0};
    socklen_t length = sizeof peer;
    char said[16] = "";

    if (getpeername(fd, (struct sockaddr *)&peer, &length) != 0)
        err(WRONG, "getpeername");
    if (poll(&set, 1, 20000) != 1 || read(fd, said, sizeof said - 1) <= 0)
        err(WRONG, "the engine says nothing");
    if (atoi(said) != ntohs(peer.sin_port))
        errx(WRONG, "port %s, not %u", said, ntohs(peer.sin_port));
    say("met");
    close(fd);
    return 0;
}

static int finish(int fd)
{
    int error = complete(fd);

    return error != 0 ? fail(error) : meet(fd);
}

/* ---- the clients ---- */

static int be_several(void)
{
    int fds[SEVERAL], status = 0;

    for (int i = 0; i < SEVERAL; i++)
        fds[i] = interrupted_socket();
    wait_in_vain(fds[0]);
    make_file("go");
    for (int i = 0; i < SEVERAL; i++)
        status |= finish(fds[i]);
    return status;
}

/* The signal comes only where the wait lets it in: without that it would wait for ever. */
static void be_interrupted_in_wait(int fd)
{
    sigset_t alarm_signal;

    sigemptyset(&alarm_signal);
    sigaddset(&alarm_signal, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarm_signal, NULL);
    send_signals(50);
    if (wait_once(fd, EVER) != -1 || errno != EINTR)
        err(WRONG, "ppoll, after %d signals", (int)handled);
    send_no_more();
    say("interrupted again");
}

static void *connect_in_thread(void *fd)
{
    connect_socket(*(int *)fd);
    return NULL;
}

static int be_cancelled(void)
{
    int fd = make_socket();
    pthread_t thread;
    void *result = NULL;

    if (pthread_create(&thread, NULL, connect_in_thread, &fd) != 0)
        errx(WRONG, "no thread");
    tcp_pause(300);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    if (result != PTHREAD_CANCELED)
        errx(WRONG, "the thread was not cancelled");
    close(fd);
    say("interrupted");
    make_file("go");
    fd = make_socket();
    return connect_socket(fd) != 0 ? fail(errno) : meet(fd);
}

static int be_jumped(void)
{
    volatile int fd = make_socket();

    jumps = 1;
    if (sigsetjmp(out, 1) == 0) {
        send_signals(100);
        connect_socket(fd);
        errx(WRONG, "connect has returned");
    }
    jumps = 0;
    send_no_more();
    close(fd);
    say("interrupted");
    make_file("go");
    fd = make_socket();
    return connect_socket(fd) != 0 ? fail(errno) : meet(fd);
}

int main(int argc, char **argv)
{
    int fd;

    if (argc != 3)
        errx(WRONG, "usage: gate-waits HOW PORT");
    how = argv[1];
    port = (unsigned)atoi(argv[2]);
    if (is("several"))
        return be_several();
    if (is("cancel"))
        return be_cancelled();
    if (is("jump"))
        return be_jumped();
    fd = interrupted_socket();
    if (is("mask"))
        be_interrupted_in_wait(fd);
    else
        wait_in_vain(fd);
    make_file("go");
    return finish(fd);
}
