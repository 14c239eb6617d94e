/*
 * An engine that sleeps while it waits for its client, as GROMACS does.
 *
 * usage: sleeper SCENE
 *
 * It is its own client, from a child or before the sleep. Each scene prints what its sleeps
 * have left, and "ok" after each one that took as long as it should: at least what was slept of
 * it. What fails ends it with 3.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/tcp.h"

enum { LONG = 20, SENTINEL = 4711 };

static int fd;

static long milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* errno is as it was, and what was not left was slept. */
static unsigned sleep_for(unsigned seconds)
{
    long before = milliseconds();
    unsigned left;

    errno = SENTINEL;
    left = sleep(seconds);
    if (errno != SENTINEL && errno != EINTR)
        err(3, "errno");
    if (left == 0 && milliseconds() - before < (long)seconds * 1000 - 1)
        errx(3, "it did not sleep");
    puts(left > 0 ? "woken" : "slept");
    return left;
}

static void look(void)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};

    poll(&set, 1, 0);
}

static void take(void)
{
    if (accept(fd, NULL, NULL) < 0)
        err(3, "accept");
}

/* A client that comes in a moment. */
static void call_soon(void)
{
    if (fork() != 0)
        return;
    tcp_pause(200);
    tcp_connect(tcp_port(fd));
    tcp_pause(1000);
    _exit(0);
}

static void on_signal(int number)
{
    (void)number;
}

static void signal_every(long useconds)
{
    const struct sigaction action = {.sa_handler = on_signal};
    const struct itimerval often = {{useconds / 1000000, useconds % 1000000},
                                    {useconds / 1000000, useconds % 1000000}};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

static void woken_by_client(void)
{
    look();
    call_soon();
    sleep_for(LONG);
}

static void gromacs(void)
{
    look();
    call_soon();
    sleep_for(LONG);
    take();
    sleep_for(LONG);
    sleep_for(1);
}

static void pending_before(void)
{
    look();
    tcp_connect(tcp_port(fd));
    sleep_for(LONG);
    take();
    sleep_for(LONG);
    sleep_for(1);
}

static void never_accepted(void)
{
    unsigned left = 3;

    look();
    tcp_connect(tcp_port(fd));
    while (left > 0)
        left = sleep_for(left);
    puts("end");
}

/* sleep(1) that is interrupted has no whole second left, as without us. */
static void under_a_timer(void)
{
    unsigned left = 1;

    look();
    signal_every(100000);
    while (left > 0)
        left = sleep(left);
    puts("end");
}

static void by_a_signal(void)
{
    look();
    signal_every(300000);
    printf("%u\n", sleep(LONG));
}

static void before_it_waits(void)
{
    tcp_connect(tcp_port(fd));
    sleep_for(1);
}

static void late_after_accept(void)
{
    tcp_connect(tcp_port(fd));
    look();
    take();
    tcp_pause(2100);
    sleep_for(1);
}

static void *sleep_in_thread(void *nothing)
{
    sleep_for(1);
    return nothing;
}

static void another_thread(void)
{
    pthread_t thread;

    look();
    tcp_connect(tcp_port(fd));
    pthread_create(&thread, NULL, sleep_in_thread, NULL);
    pthread_join(thread, NULL);
}

static void in_a_child(void)
{
    look();
    tcp_connect(tcp_port(fd));
    fflush(stdout);
    if (fork() == 0) {
        sleep_for(1);
        exit(0);
    }
    wait(NULL);
}

static void closed(void)
{
    look();
    close(fd);
    sleep_for(1);
}

/* What has its number now is readable. */
static void replaced(void)
{
    int ends[2];

    look();
    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
        err(3, "pipe");
    dup2(ends[0], fd);
    sleep_for(1);
}

static void shut_down(void)
{
    unsigned left = 2;

    look();
    shutdown(fd, SHUT_RDWR);
    while (left > 0)
        left = sleep_for(left);
}

static void by_usleep(void)
{
    const struct timespec time = {0, 300000000};
    long before = milliseconds();

    look();
    tcp_connect(tcp_port(fd));
    usleep(300000);
    nanosleep(&time, NULL);
    puts(milliseconds() - before >= 600 ? "slept" : "woken");
}

static void *sleep_for_ever(void *nothing)
{
    look();
    for (;;)
        sleep(LONG);
    return nothing;
}

static void cancelled(void)
{
    pthread_t thread;
    void *result = NULL;

    pthread_create(&thread, NULL, sleep_for_ever, NULL);
    tcp_pause(300);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    puts(result == PTHREAD_CANCELED ? "cancelled" : "ended");
}

static void nothing_to_sleep(void)
{
    look();
    sleep_for(0);
}

static const struct {
    const char *name;
    void (*play)(void);
} scenes[] = {
    {"woken", woken_by_client},  {"gromacs", gromacs},
    {"pending", pending_before}, {"never-accepted", never_accepted},
    {"timer", under_a_timer},    {"signal", by_a_signal},
    {"before", before_it_waits}, {"late", late_after_accept},
    {"thread", another_thread},  {"child", in_a_child},
    {"closed", closed},          {"replaced", replaced},
    {"shut-down", shut_down},    {"usleep", by_usleep},
    {"cancel", cancelled},       {"zero", nothing_to_sleep},
};

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    fd = tcp_listener(0);
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++)
        if (argc == 2 && strcmp(scenes[i].name, argv[1]) == 0) {
            scenes[i].play();
            return 0;
        }
    errx(3, "no such scene");
}
