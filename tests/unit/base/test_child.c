/* Children: how they start, how their end is seen, and who else is reaped. */
#include "launcher/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/process.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

enum { SECONDS = 20 };

static struct signals signals;
static struct child child, none;

static void enter(void)
{
    signals_take(&signals);
}

static void start_with(int (*enter_child)(void *), void *context, const char *command)
{
    const struct child_plan plan = {
        .argv = (const char *const[]){"/bin/sh", "-c", command, NULL},
        .environment = environ,
        .enter = enter_child,
        .context = context,
    };

    ck_assert_int_eq(child_start(&child, &plan, &signals), 0);
}

static void start(const char *command)
{
    start_with(NULL, NULL, command);
}

/* By the kernel's pidfd alone: no signal is read here. */
static void wait_for_end(void)
{
    struct pollfd fd = {.fd = child_fd(&child), .events = POLLIN};

    ck_assert_int_ge(fd.fd, 0);
    ck_assert_int_eq(poll(&fd, 1, SECONDS * 1000), 1);
}

static bool has_pidfd(void)
{
    int fd = (int)syscall(434, getpid(), 0); /* pidfd_open(2) */

    if (fd < 0)
        return suite_skip("the end of a child without SIGCHLD", "no pidfd_open(2)");
    close(fd);
    return true;
}

TEST_OPTIONS(.setup = enter, .timeout = 60);

TEST(the_end_of_a_child_is_seen_without_sigchld, .needs = has_pidfd)
{
    start("exit 7");
    wait_for_end();
    ck_assert(child_poll(&child));
    ck_assert_int_eq(child.state, CHILD_ENDED);
    ck_assert_int_eq(WEXITSTATUS(child.wait_status), 7);
    ck_assert_str_eq(child.comm, "sh");
    ck_assert_int_eq(child_fd(&child), -1);
    ck_assert(!child_poll(&child));
}

TEST(a_child_that_runs_has_not_ended)
{
    start("exec sleep 30");
    ck_assert(!child_poll(&child));
    ck_assert_int_eq(child.state, CHILD_RUNS);
    child_signal(&child, SIGKILL);
    waitpid(child.pid, NULL, 0);
}

/* By a thread of somebody else's that waits for any child: we must not wait for ever. */
TEST(a_child_that_was_reaped_by_others_has_ended)
{
    start("exit 0");
    ck_assert_int_eq(waitpid(child.pid, NULL, 0), child.pid);
    ck_assert(child_poll(&child));
    ck_assert_int_eq(child.state, CHILD_ENDED);
    ck_assert_int_eq(WEXITSTATUS(child.wait_status), 125);
}

TEST(no_descriptor_is_left_of_a_child_that_has_ended)
{
    int before = dup(STDIN_FILENO), after;

    close(before);
    start("exit 0");
    while (!child_poll(&child))
        shell_pause(1);
    after = dup(STDIN_FILENO);
    ck_assert_int_eq(after, before);
    close(after);
}

static void wait_for_state(char state)
{
    for (int i = 0; i < SECONDS * 100 && process_state(child.pid) != state; i++)
        shell_pause(10);
    ck_assert_int_eq(process_state(child.pid), state);
}

TEST(whether_a_child_is_stopped_is_asked_as_often_as_one_likes)
{
    start("exec sleep 30");
    ck_assert(!child_is_stopped(&child));
    for (int i = 0; i < 3; i++) {
        child_signal(&child, SIGSTOP);
        wait_for_state('T');
        ck_assert(child_is_stopped(&child));
        ck_assert(child_is_stopped(&child));
        ck_assert(!child_poll(&child));
        child_signal(&child, SIGCONT);
        wait_for_state('S');
        ck_assert(!child_is_stopped(&child));
    }
    child_signal(&child, SIGKILL);
    wait_for_state('Z');
    ck_assert(!child_is_stopped(&child));
    ck_assert(child_poll(&child));
}

static const struct {
    const char *program;
    int error;
} bad[] = {{"/no/such/program", ENOENT}, {"/", EACCES}, {"/dev/null", EACCES}};

LOOP_TEST(the_errno_of_a_failed_exec_is_returned, COUNT(bad))
{
    const struct child_plan plan = {
        .argv = (const char *const[]){bad[_i].program, NULL},
        .environment = environ,
    };

    ck_assert_int_eq(child_start(&child, &plan, &signals), bad[_i].error);
    ck_assert_int_eq(child.state, CHILD_NONE);
    ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
}

static int make_pipe(void *context)
{
    int *ends = context;
    int fd = dup(ends[1]);

    close(ends[1]);
    return fd;
}

/* As a source does that watches the engine by a descriptor which only the engine can make. */
TEST(a_descriptor_that_is_made_in_the_child_reaches_us)
{
    int ends[2];
    char text[8] = "";

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    start_with(make_pipe, ends, "exit 3");
    close(ends[1]);
    ck_assert_int_ge(child.received, 0);
    ck_assert_int_eq(fcntl(child.received, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(write(child.received, "hello", 5), 5);
    ck_assert_int_eq(read(ends[0], text, sizeof text), 5);
    close(child.received);
    ck_assert_int_eq(read(ends[0], text, sizeof text), 0); /* the program has none of it */
    while (!child_poll(&child))
        shell_pause(1);
    ck_assert_int_eq(WEXITSTATUS(child.wait_status), 3);
}

static int refuse(void *unused)
{
    (void)unused;
    errno = EPERM;
    return -1;
}

TEST(what_fails_in_the_child_before_exec_starts_nothing)
{
    const struct child_plan plan = {
        .argv = (const char *const[]){"/bin/true", NULL},
        .environment = environ,
        .enter = refuse,
    };

    ck_assert_int_eq(child_start(&child, &plan, &signals), -EPERM);
    ck_assert_int_eq(child.state, CHILD_NONE);
}

static pid_t fork_other(void)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(0);
    while (process_state(pid) != 'Z')
        shell_pause(1);
    return pid;
}

TEST(children_of_others_are_reaped_and_ours_are_left)
{
    pid_t others[50];

    start("exec sleep 30");
    for (int i = 0; i < 50; i++)
        others[i] = fork_other();
    child_reap_others(&child, &none);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(process_state(others[i]), 0);
    child_signal(&child, SIGKILL);
    wait_for_state('Z');
    child_reap_others(&child, &none);
    ck_assert_int_eq(process_state(child.pid), 'Z');
    ck_assert(child_poll(&child));
    fork_other();
    child_reap_others(&child, &none);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
