/*
 * A listener that several accept on, by themselves.
 *
 * usage: sharers threads|fork
 *
 * threads: two threads accept on a blocking listener and a third polls it, while clients come
 * and reset. No accept may return as from a non-blocking one, and the listener still blocks.
 *
 * fork: poll announces the only client, then the process forks. The parent accepts it; its child
 * has none to accept.
 *
 * Status 1, and what is wrong, if something is.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

enum { CLIENTS = 3000, TOGETHER = 50, TRIES = 500 };

static int listener;
static atomic_bool over;
static atomic_int accepted, not_blocked, failed, finished;

static void *keep_accepting(void *unused)
{
    while (!over) {
        int client = accept(listener, NULL, NULL);

        if (client >= 0) {
            close(client);
            accepted++;
        } else if (errno == EAGAIN) {
            not_blocked++;
        } else {
            failed++;
        }
    }
    finished++;
    return unused;
}

static void *keep_polling(void *unused)
{
    while (!over) {
        struct pollfd fd = {listener, POLLIN, 0};

        poll(&fd, 1, 1);
    }
    return unused;
}

/* A connection that is reset may be gone before it is accepted. */
static void connect_and_reset(unsigned port)
{
    const struct linger at_once = {1, 0};
    int client = tcp_connect(port);

    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(client);
}

static int by_threads(void)
{
    unsigned port = tcp_port(listener);
    pthread_t threads[3];

    listen(listener, CLIENTS); /* a full backlog would have clients wait for seconds */
    pthread_create(&threads[0], NULL, keep_accepting, NULL);
    pthread_create(&threads[1], NULL, keep_accepting, NULL);
    pthread_create(&threads[2], NULL, keep_polling, NULL);
    for (int i = 0; i < CLIENTS; i++) {
        connect_and_reset(port);
        if (i % TOGETHER == 0)
            tcp_pause(1);
    }
    over = true;
    /*
     * Clients let both see that it is over. One that has gone already would not be known as ours;
     * and with --only-me one that poll has looked at waits for the next accept, while those that
     * have begun already wait on: imdshim(7), Caveats.
     */
    for (int i = 0; i < TRIES && finished < 2; i++) {
        tcp_connect(port);
        tcp_pause(10);
    }
    if (finished < 2)
        errx(1, "accept does not return, %d accepted", accepted);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    if (accepted == 0 || not_blocked > 0 || failed > 0 ||
        (fcntl(listener, F_GETFL) & O_NONBLOCK) != 0)
        errx(1, "%d accepted, %d times EAGAIN, %d failed, flags %#x", accepted, not_blocked,
             failed, (unsigned)fcntl(listener, F_GETFL));
    return 0;
}

static int by_fork(void)
{
    int client, status;
    struct pollfd fd = {listener, POLLIN, 0};
    pid_t child;

    fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK);
    client = tcp_connect(tcp_port(listener));
    if (poll(&fd, 1, 5000) != 1)
        errx(1, "poll announces no client");
    child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, &status, 0); /* what it has at its end, it has not taken */
    child = fork();
    if (child == 0) {
        tcp_pause(100); /* after the parent */
        _exit(accept(listener, NULL, NULL) >= 0 || errno != EAGAIN);
    }
    if (accept(listener, NULL, NULL) < 0)
        err(1, "the parent's accept");
    waitpid(child, &status, 0);
    if (status != 0)
        errx(1, "the child accepted the parent's client");
    close(client);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        errx(2, "usage: sharers threads|fork");
    listener = tcp_listener(0);
    return strcmp(argv[1], "fork") == 0 ? by_fork() : by_threads();
}
