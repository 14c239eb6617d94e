/*
 * Engines that listen in threads.
 *
 * usage: threads at-once|wait-at-once|small|cancel-listen|cancel-accept|cancel-poll|forks
 *        threads bind-at-once PORT
 *        threads race FD      one puts the file "data" in place of FD over and over
 *        threads own-table    one has a descriptor table of its own, unshare(2), while the other
 *                             has the file "trajectory" on every low number
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

enum { THREADS = 64, FORKS = 40, LISTENERS = 400, LOW_NUMBERS = 32 };

static pthread_barrier_t barrier;
static _Atomic int listening, past, over;
static unsigned asked;

static void *listen_at_once(void *unused)
{
    int fd = tcp_socket();

    (void)unused;
    if (tcp_bind(fd, 0) != 0)
        err(3, "bind");
    pthread_barrier_wait(&barrier);
    if (listen(fd, 5) == 0)
        listening++;
    return NULL;
}

static void *bind_at_once(void *unused)
{
    int fd = tcp_socket();

    pthread_barrier_wait(&barrier);
    if (tcp_bind(fd, asked) == 0 && listen(fd, 5) == 0)
        listening++;
    return unused;
}

static int imd_socket;

static void *wait_at_once(void *unused)
{
    struct pollfd set = {.fd = imd_socket, .events = POLLIN};

    pthread_barrier_wait(&barrier);
    poll(&set, 1, 0);
    return unused;
}

static void at_once(void *(*body)(void *))
{
    pthread_t threads[THREADS];

    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, body, NULL) != 0)
            errx(3, "pthread_create");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%d listen\n", listening);
}

static void *listen_once(void *unused)
{
    (void)unused;
    close(tcp_listener(0));
    return NULL;
}

static void with_small_stack(void)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN));
    if (pthread_create(&thread, &attributes, listen_once, NULL) != 0)
        errx(3, "pthread_create");
    pthread_join(thread, NULL);
}

static void wait_until_cancelled(void)
{
    int old;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
}

static void *listen_when_cancelled(void *unused)
{
    int fd = tcp_socket();

    (void)unused;
    wait_until_cancelled();
    if (tcp_bind(fd, 0) == 0)
        past++;
    if (listen(fd, 5) == 0)
        past++;
    pthread_testcancel();
    past = 99;
    return NULL;
}

static void *accept_when_cancelled(void *unused)
{
    int fd = tcp_listener(0);

    (void)unused;
    tcp_connect(tcp_port(fd));
    wait_until_cancelled();
    accept(fd, NULL, NULL);
    past = 99;
    return NULL;
}

static void *poll_when_cancelled(void *unused)
{
    struct pollfd set = {.fd = tcp_listener(0), .events = POLLIN};

    (void)unused;
    wait_until_cancelled();
    poll(&set, 1, 0);
    past = 99;
    return NULL;
}

static void cancel(void *(*body)(void *))
{
    pthread_t thread;
    void *result = NULL;

    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, body, NULL);
    pthread_barrier_wait(&barrier);
    pthread_cancel(thread);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, &result);
    printf("%s after %d calls\n", result == PTHREAD_CANCELED ? "cancelled" : "ended", past);
}

static void *listen_often(void *unused)
{
    (void)unused;
    while (!over)
        close(tcp_listener(0));
    return NULL;
}

/* Forked at any moment of another thread's listen(), the child can listen itself. */
static void fork_while_listening(void)
{
    pthread_t thread;
    int failed = 0;

    pthread_create(&thread, NULL, listen_often, NULL);
    for (int i = 0; i < FORKS; i++) {
        int status = 0;
        pid_t child = fork();

        if (child == 0) {
            close(tcp_listener(0));
            _exit(0);
        }
        waitpid(child, &status, 0);
        failed += status != 0;
    }
    over = 1;
    pthread_join(thread, NULL);
    printf("%d failed\n", failed);
}

static void *put_data_often(void *number)
{
    int fd = *(int *)number, data;

    while (!over) {
        close(fd);
        data = open("data", O_WRONLY | O_APPEND);
        if (data < 0 || dup2(data, fd) != fd)
            _exit(3);
        if (data != fd)
            close(data);
    }
    return NULL;
}

static void race_for(int fd)
{
    pthread_t thread;

    pthread_create(&thread, NULL, put_data_often, &fd);
    for (int i = 0; i < LISTENERS; i++)
        close(tcp_listener(0));
    over = 1;
    pthread_join(thread, NULL);
}

static void *listen_apart(void *unused)
{
    int fd;

    if (unshare(CLONE_FILES) != 0)
        err(3, "unshare");
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    fd = tcp_socket();
    if (tcp_bind(fd, 0) != 0 || listen(fd, 1) != 0)
        err(3, "listen");
    return unused;
}

static void listen_with_own_table(void)
{
    pthread_t thread;

    pthread_barrier_init(&barrier, NULL, 2);
    if (pthread_create(&thread, NULL, listen_apart, NULL) != 0)
        errx(3, "pthread_create");
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < LOW_NUMBERS; i++)
        if (open("trajectory", O_RDWR | O_CREAT | O_APPEND, 0644) < 0)
            err(3, "trajectory");
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "at-once") == 0)
        at_once(listen_at_once);
    else if (strcmp(mode, "bind-at-once") == 0 && argc > 2) {
        asked = (unsigned)atoi(argv[2]);
        at_once(bind_at_once);
    } else if (strcmp(mode, "wait-at-once") == 0) {
        imd_socket = tcp_listener(0);
        at_once(wait_at_once);
    } else if (strcmp(mode, "small") == 0)
        with_small_stack();
    else if (strcmp(mode, "cancel-listen") == 0)
        cancel(listen_when_cancelled);
    else if (strcmp(mode, "cancel-accept") == 0)
        cancel(accept_when_cancelled);
    else if (strcmp(mode, "cancel-poll") == 0)
        cancel(poll_when_cancelled);
    else if (strcmp(mode, "forks") == 0)
        fork_while_listening();
    else if (strcmp(mode, "race") == 0 && argc > 2)
        race_for(atoi(argv[2]));
    else if (strcmp(mode, "own-table") == 0)
        listen_with_own_table();
    else
        errx(3, "no such mode");
    return 0;
}
