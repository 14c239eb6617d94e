/*
 * A child under the filter that does as it is told, and the calls of its that wait for us.
 */
#ifndef IMDSHIM_TESTS_UNIT_NOTIFY_WATCHED_H
#define IMDSHIM_TESTS_UNIT_NOTIFY_WATCHED_H

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/notify/filter.h"
#include "launcher/notify/task.h"
#include "launcher/notify/trial.h"
#include "tests/support/suite.h"

static union {
    struct notification call;
    char room[NOTIFICATION_ROOM];
} last;

static inline bool has_notification(void)
{
    const char *obstacle = trial_obstacle();

    return obstacle == NULL || suite_skip("user notification", obstacle);
}

/* The child acts once we have its descriptor, and it has it no more. */
_Noreturn static inline void act_watched(int (*act)(void), int socket)
{
    int fd = filter_enter();
    char byte;

    alarm(30);
    if (write(socket, &fd, sizeof fd) != sizeof fd || read(socket, &byte, 1) != 1)
        _exit(99);
    close(fd);
    close(socket);
    _exit(act());
}

/* Its status is what act() returns. *fd: where its calls arrive. */
static inline pid_t watch_child(int (*act)(void), int *fd)
{
    int sockets[2], theirs;
    pid_t pid;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    pid = fork();
    if (pid == 0) {
        close(sockets[0]);
        act_watched(act, sockets[1]);
    }
    close(sockets[1]);
    ck_assert_int_eq(read(sockets[0], &theirs, sizeof theirs), sizeof theirs);
    ck_assert_int_ge(theirs, 0);
    *fd = task_copy_descriptor(pid, pid, theirs);
    ck_assert_int_ge(*fd, 0);
    ck_assert_int_eq(write(sockets[0], "", 1), 1);
    close(sockets[0]);
    return pid;
}

/* False at the end of all that are under the filter. */
static inline bool next_call(int fd)
{
    struct pollfd calls = {.fd = fd, .events = POLLIN};

    ck_assert_int_eq(poll(&calls, 1, 20000), 1);
    return (calls.revents & POLLIN) != 0 && filter_receive(fd, &last.call);
}

static inline int status_of(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
