/*
 * Processes to look at: each waits until it is killed, at the test's end.
 */
#ifndef IMDSHIM_TESTS_UNIT_PROC_PROC_CHILD_H
#define IMDSHIM_TESTS_UNIT_PROC_PROC_CHILD_H

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;
static int ready[2];

static inline void begin_children(void)
{
    child = 0;
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
}

static inline void end_children(void)
{
    if (child <= 0)
        return;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static inline void say_ready(void)
{
    if (write(ready[1], "", 1) != 1)
        _exit(1);
}

static inline void wait_until_ready(void)
{
    char byte;

    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
}

/* A process that does it, and then waits for its end. */
static inline void start(void (*act)(void))
{
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        act();
        say_ready();
        for (;;)
            pause();
    }
    wait_until_ready();
}

static inline void do_nothing(void)
{
}

/* Its first thread ends, and it goes on with another. */
static inline void *outlive(void *unused)
{
    usleep(100000);
    say_ready();
    for (;;)
        pause();
    return unused;
}

static inline void end_main_thread(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, outlive, NULL);
    pthread_exit(NULL);
}

#endif
