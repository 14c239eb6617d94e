/* Who answers when the launcher is gone. */
#include "launcher/libc/bsd.h"
#include "launcher/notify/warden.h"

#include <errno.h>
#include <netinet/in.h>

#include "tests/unit/notify/watched.h"

/* Calls one after the other, until all were let through. */
static int bind_twice(void)
{
    const struct sockaddr_in loopback = {.sin_family = AF_INET};

    closefrom(STDERR_FILENO + 1); /* the launcher's end of the warden's socket */
    for (int i = 0; i < 2; i++)
        if (bind(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&loopback,
                 sizeof loopback) != 0)
            return errno;
    return 0;
}

TEST_OPTIONS(.needs = has_notification, .timeout = 60);

/* The launcher's end is closed as the kernel closes it when it is killed. */
static void leave(struct warden *warden)
{
    warden_leave(warden, false);
}

/* A child under the filter, whose calls the warden will answer. */
static pid_t begin(struct warden *warden, int *fd)
{
    pid_t pid;

    ck_assert(warden_start(warden));
    pid = watch_child(bind_twice, fd);
    ck_assert(warden_entrust(warden, *fd));
    return pid;
}

TEST(calls_are_let_through_when_the_launcher_is_gone)
{
    struct warden warden;
    int fd;
    pid_t pid;

    pid = begin(&warden, &fd);
    leave(&warden);
    ck_assert_int_eq(status_of(pid), 0);
    ck_assert_int_eq(status_of(warden.pid), 0);
}

TEST(a_call_that_was_received_and_not_answered_is_let_through_too)
{
    struct warden warden;
    int fd;
    pid_t pid;

    pid = begin(&warden, &fd);
    ck_assert(next_call(fd));
    ck_assert(filter_still_waits(fd, last.call.id));
    *warden.received = last.call;
    leave(&warden);
    ck_assert_int_eq(status_of(pid), 0);
    ck_assert_int_eq(status_of(warden.pid), 0);
}

/* The launcher was killed in between. */
TEST(a_call_that_was_done_and_not_answered_is_answered)
{
    const struct sockaddr_in loopback = {.sin_family = AF_INET};
    struct warden warden;
    int fd, copy;
    pid_t pid;

    pid = begin(&warden, &fd);
    ck_assert(next_call(fd));
    copy = task_copy_descriptor(pid, pid, (int)last.call.arguments[0]);
    ck_assert_int_eq(bind(copy, (const struct sockaddr *)&loopback, sizeof loopback), 0);
    *warden.received = last.call;
    leave(&warden);
    ck_assert_int_eq(status_of(pid), 0);
    ck_assert_int_eq(status_of(warden.pid), 0);
}

static void pause_for(long milliseconds)
{
    poll(NULL, 0, (int)milliseconds);
}

TEST(while_the_launcher_lives_it_answers_nothing)
{
    struct warden warden;
    int fd;
    pid_t pid;

    pid = begin(&warden, &fd);
    pause_for(100);
    ck_assert(next_call(fd));
    pause_for(100);
    ck_assert(filter_answer(fd, last.call.id, EACCES));
    ck_assert_int_eq(status_of(pid), EACCES);
    warden_leave(&warden, true); /* it is waited for */
    ck_assert_int_eq(waitpid(warden.pid, NULL, 0), -1);
}

TEST(a_launcher_that_starts_no_engine_leaves_none)
{
    struct warden warden;

    ck_assert(warden_start(&warden));
    warden_leave(&warden, false);
    ck_assert_int_eq(status_of(warden.pid), 0);
}

/* From its first moment on. */
LOOP_TEST(signals_that_end_a_job_do_not_end_it, 50)
{
    struct warden warden;
    int fd;
    pid_t pid;

    ck_assert(warden_start(&warden));
    kill(warden.pid, SIGTERM);
    kill(warden.pid, SIGINT);
    kill(warden.pid, SIGHUP);
    pid = watch_child(bind_twice, &fd);
    ck_assert(warden_entrust(&warden, fd));
    leave(&warden);
    ck_assert_int_eq(status_of(pid), 0);
    ck_assert_int_eq(status_of(warden.pid), 0);
}
