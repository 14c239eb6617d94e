#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/doubles/support/steps.h"
#include "tests/doubles/support/tcp.h"

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
    if (errno != EINTR)
        must_leave_errno("sleep");
    must(left > 0 || milliseconds() - before >= (long)seconds * 1000 - 1, "it did not sleep");
    puts(left > 0 ? "woken" : "slept");
    return left;
}

static void do_sleep(const char *seconds)
{
    sleep_for((unsigned)atoi(seconds));
}

static void do_sleep_all(const char *seconds)
{
    for (unsigned left = (unsigned)atoi(seconds); left > 0;)
        left = sleep_for(left);
}

/* A sleep(1) that is interrupted has no whole second left, as without the library. */
static void do_sleep_on(const char *seconds)
{
    for (unsigned left = (unsigned)atoi(seconds); left > 0;)
        left = sleep(left);
}

static void do_sleep_left(const char *seconds)
{
    printf("%u\n", sleep((unsigned)atoi(seconds)));
}

static void do_usleep(const char *text)
{
    long ms = atol(text), before = milliseconds();
    const struct timespec time = {0, ms * 1000000};

    usleep((useconds_t)ms * 1000);
    nanosleep(&time, NULL);
    puts(milliseconds() - before >= 2 * ms ? "slept" : "woken");
}

static void on_signal(int number)
{
    (void)number;
}

static void do_alarm_every(const char *text)
{
    const long us = atol(text) * 1000;
    const struct sigaction action = {.sa_handler = on_signal};
    const struct itimerval often = {{us / 1000000, us % 1000000}, {us / 1000000, us % 1000000}};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

static void do_pause(const char *ms)
{
    tcp_pause(atol(ms));
}

static void do_until(const char *file)
{
    for (int i = 0; access(file, F_OK) != 0; i++) {
        must(i < 3000, file);
        tcp_pause(10);
    }
}

const struct step sleep_steps[] = {
    {"sleep", do_sleep},           {"sleep-all", do_sleep_all}, {"sleep-on", do_sleep_on},
    {"sleep-left", do_sleep_left}, {"usleep", do_usleep},       {"alarm-every", do_alarm_every},
    {"pause", do_pause},           {"until", do_until},         {.name = NULL},
};
