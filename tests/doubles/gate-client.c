/*
 * A client that connects as its first argument says, and tells whom it has met.
 *
 * usage: gate-client HOW ADDRESS PORT
 *
 *   plain nonblocking
 *   interrupted restarted  signals come all the while, to a handler without or with SA_RESTART
 *   thread fork            from another thread, or process
 *   many at-once           20 times one after the other; 20 threads together
 *   udp                    a datagram socket
 *
 * Prints "met ADDRESS" where the other side says that the port we are connected to is its own,
 * "peer ADDRESS PORT" where it says nothing; "failed ERROR" if connect(2) does. Before that it
 * checks what connect(2) must leave alone: errno, and the descriptors. Status 0, 1 if it
 * failed, 99 if something is not as it should be.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

enum { WRONG = 99, SENTINEL = 4711, MANY = 20, LIFETIME = 30 };

static const char *how, *target;
static unsigned port;
static volatile sig_atomic_t signals;

static int is(const char *name)
{
    return strcmp(how, name) == 0;
}

static int lowest_free(void)
{
    int fd = open("/dev/null", O_RDONLY);

    close(fd);
    return fd;
}

/*
 * After EINPROGRESS and EINTR the connection is being made, connect(2): poll(2) says when it is,
 * and SO_ERROR what became of it.
 */
static int finish(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int error = -1, result;
    socklen_t length = sizeof error;

    do
        result = poll(&wait, 1, 10000);
    while (result < 0 && errno == EINTR);
    if (result != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        err(WRONG, "poll");
    errno = error != 0 ? error : SENTINEL;
    return error != 0 ? -1 : 0;
}

static int connect_to(int fd)
{
    union tcp_address address;
    socklen_t length = tcp_resolve(&address, target, port);
    int result;

    errno = SENTINEL;
    result = connect(fd, &address.any, length);
    return result != 0 && (errno == EINPROGRESS || errno == EINTR) ? finish(fd) : result;
}

static unsigned peer_of(int fd, char text[INET6_ADDRSTRLEN])
{
    struct sockaddr_storage peer = {0};
    struct sockaddr *any = (struct sockaddr *)&peer;
    socklen_t length = sizeof peer;
    char port_text[8] = "";

    if (getpeername(fd, any, &length) != 0 ||
        getnameinfo(any, length, text, INET6_ADDRSTRLEN, port_text, sizeof port_text,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        err(WRONG, "getpeername");
    return (unsigned)atoi(port_text);
}

/* What the engine says, or 0. */
static unsigned hear(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char said[16] = "";

    while (poll(&wait, 1, is("udp") ? 0 : 10000) < 0 && errno == EINTR)
        continue;
    return recv(fd, said, sizeof said - 1, MSG_DONTWAIT) > 0 ? (unsigned)atoi(said) : 0;
}

static int fail(int error)
{
    if (error == ECONNREFUSED)
        puts("failed ECONNREFUSED");
    else
        printf("failed %s\n", strerror(error));
    return 1;
}

static int meet(void)
{
    int domain = strchr(target, ':') != NULL ? AF_INET6 : AF_INET;
    int type = (is("udp") ? SOCK_DGRAM : SOCK_STREAM) | (is("nonblocking") ? SOCK_NONBLOCK : 0);
    int fd = socket(domain, type, 0), next = lowest_free(), single = !is("at-once");
    char address[INET6_ADDRSTRLEN];
    unsigned peer, said;

    if (connect_to(fd) != 0)
        return fail(errno);
    if (errno != SENTINEL || (single && lowest_free() != next))
        errx(WRONG, "errno %d, descriptor %d, not %d", errno, lowest_free(), next);
    peer = peer_of(fd, address);
    said = hear(fd);
    if (said == peer)
        printf("met %s\n", address);
    else
        printf("peer %s %u\n", address, peer);
    close(fd);
    return 0;
}

static void *meet_in_thread(void *nothing)
{
    (void)nothing;
    return (void *)(long)meet();
}

static int meet_in_threads(int count)
{
    pthread_t threads[MANY];
    void *failed;
    int status = 0;

    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, meet_in_thread, NULL);
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], &failed);
        status |= failed != NULL;
    }
    return status;
}

static int meet_in_child(void)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        exit(meet());
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

static int meet_many(void)
{
    int status = 0;

    for (int i = 0; i < MANY; i++)
        status |= meet();
    return status;
}

static void count_signal(int signal)
{
    (void)signal;
    signals++;
}

static int meet_under_signals(int flags)
{
    const struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};
    const struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
    int status;

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    status = meet();
    setitimer(ITIMER_REAL, &never, NULL);
    if (signals == 0)
        errx(WRONG, "no signal came");
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        errx(WRONG, "usage: gate-client HOW ADDRESS PORT");
    how = argv[1];
    target = argv[2];
    port = (unsigned)atoi(argv[3]);
    alarm(LIFETIME);
    if (is("interrupted"))
        return meet_under_signals(0);
    if (is("restarted"))
        return meet_under_signals(SA_RESTART);
    if (is("thread"))
        return meet_in_threads(1);
    if (is("at-once"))
        return meet_in_threads(MANY);
    if (is("fork"))
        return meet_in_child();
    return is("many") ? meet_many() : meet();
}
