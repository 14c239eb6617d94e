/*
 * Acts that end the program, change who we are or have state of their own go into a process of
 * their own.
 */
#ifndef IMDSHIM_TESTS_UNIT_APART_H
#define IMDSHIM_TESTS_UNIT_APART_H

#include <check.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The exit status of a child that does it; 128 + the signal that ended it. An act that fails
 * says so by _exit(2), an act that returns exits with 0.
 */
static inline int apart(void (*act)(const void *), const void *with)
{
    int status = -1;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        act(with);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

#endif
