/*
 * Workers that share one listener, as pre-forked servers do: each looks for a client again and
 * again, for a moment. A client comes, and no look may last longer for that.
 *
 * usage: herd processes|threads select|pselect|poll|ppoll blocking|timeout|nonblocking
 *
 * timeout: the listener blocks, but SO_RCVTIMEO ends that. nonblocking: who finds a client
 * accepts it; the others only look.
 *
 * TRIES times: the workers have begun to look, a client comes, each looks LOOKS times more. Then
 * the listener must be as it was (O_NONBLOCK), and nobody may have a lock on it. Prints "all went
 * on N times"; status 1, and what is wrong, if something is. A worker that is stuck ends all.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "tests/doubles/support/tcp.h"

enum { WORKERS = 6, TRIES = 3, LOOKS = 5, LOOK = 20 /* milliseconds */, STUCK = 20000 };

static const char *kind, *look, *listens;
static int listener;

/* In memory that the processes share. */
static struct {
    atomic_int goal; /* looks that each is to make */
    atomic_int looks[WORKERS];
    atomic_int served;
} * shared;

static int is(const char *name, const char *value)
{
    return strcmp(name, value) == 0;
}

/* ---- a worker ---- */

static int look_by_select(void)
{
    const struct timespec exact = {0, LOOK * 1000000L};
    struct timeval time = {0, LOOK * 1000L};
    fd_set set;

    FD_ZERO(&set);
    FD_SET(listener, &set);
    return is(look, "select") ? select(listener + 1, &set, NULL, NULL, &time)
                              : pselect(listener + 1, &set, NULL, NULL, &exact, NULL);
}

static int look_by_poll(void)
{
    const struct timespec exact = {0, LOOK * 1000000L};
    struct pollfd set = {.fd = listener, .events = POLLIN};

    return is(look, "poll") ? poll(&set, 1, LOOK) : ppoll(&set, 1, &exact, NULL);
}

static void look_once(void)
{
    int found = is(look, "select") || is(look, "pselect") ? look_by_select() : look_by_poll();

    if (found < 0)
        err(1, "%s", look);
    if (found > 0 && is(listens, "nonblocking") && accept(listener, NULL, NULL) >= 0)
        shared->served++;
    else if (found > 0) /* it is announced again and again */
        tcp_pause(LOOK);
}

static void work(int number)
{
    for (;;) {
        while (shared->looks[number] >= shared->goal)
            tcp_pause(1);
        look_once();
        shared->looks[number]++;
    }
}

static void *work_in_thread(void *number)
{
    work((int)(long)number);
    return NULL;
}

static void start_workers(pid_t pids[WORKERS])
{
    for (long i = 0; i < WORKERS; i++) {
        pthread_t thread;

        pids[i] = 0;
        if (is(kind, "threads")) {
            if (pthread_create(&thread, NULL, work_in_thread, (void *)i) != 0)
                errx(3, "no thread");
        } else if ((pids[i] = fork()) == 0) {
            work((int)i);
        }
    }
}

/* ---- who watches them ---- */

static int count_locks(void)
{
    struct stat status;
    char line[256], inode[32];
    FILE *locks = fopen("/proc/locks", "re");
    int count = 0;

    fstat(listener, &status);
    snprintf(inode, sizeof inode, ":%lu ", (unsigned long)status.st_ino);
    while (locks != NULL && fgets(line, sizeof line, locks) != NULL)
        count += strstr(line, inode) != NULL;
    if (locks != NULL)
        fclose(locks);
    return count;
}

/* 0: one of them is stuck. */
static int let_them_look(int times)
{
    int goal = atomic_fetch_add(&shared->goal, times) + times, behind = -1;

    for (int waited = 0; waited < STUCK; waited += 10) {
        behind = -1;
        for (int i = 0; i < WORKERS; i++)
            if (shared->looks[i] < goal)
                behind = i;
        if (behind < 0)
            return 1;
        tcp_pause(10);
    }
    warnx("worker %d is stuck", behind);
    return 0;
}

/* As they all wait in it, in the midst of their looks. */
static int try_once(int flags)
{
    int client, good;

    shared->goal += 3 * LOOKS;
    tcp_pause(LOOK);
    client = tcp_connect(tcp_port(listener));
    good = let_them_look(LOOKS);
    if (good && fcntl(listener, F_GETFL) != flags) {
        warnx("the listener's flags are %o, not %o", fcntl(listener, F_GETFL), flags);
        good = 0;
    }
    if (good && count_locks() > 0) {
        warnx("there is a lock on the listener");
        good = 0;
    }
    close(client);
    return good;
}

static void prepare_listener(void)
{
    const struct timeval limit = {0, 100000};

    listener = tcp_listener(0);
    if (is(listens, "timeout"))
        setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (is(listens, "nonblocking"))
        fcntl(listener, F_SETFL, O_RDWR | O_NONBLOCK);
}

/* Each try has a listener and workers of its own. */
static int run(void)
{
    pid_t pids[WORKERS];
    int good;

    prepare_listener();
    start_workers(pids);
    good = let_them_look(1) && try_once(fcntl(listener, F_GETFL));
    for (int i = 0; i < WORKERS && pids[i] != 0; i++) {
        int status = 0;

        kill(pids[i], good ? SIGTERM : SIGKILL);
        waitpid(pids[i], &status, 0);
    }
    return good;
}

int main(int argc, char **argv)
{
    int tries = 0, status;

    if (argc != 4)
        errx(3, "usage: herd KIND LOOK LISTENER");
    kind = argv[1];
    look = argv[2];
    listens = argv[3];
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
    for (; tries < TRIES; tries++) {
        pid_t child = fork(); /* whose threads end with it */

        if (child == 0)
            _exit(run() ? 0 : 1);
        if (waitpid(child, &status, 0) != child || status != 0)
            errx(1, "it went wrong in try %d", tries);
    }
    printf("all went on %d times\n", tries);
    if (is(listens, "nonblocking"))
        printf("%d served\n", (int)shared->served);
    return 0;
}
