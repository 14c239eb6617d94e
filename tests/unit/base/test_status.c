/* Exit statuses: those of timeout(1) and env(1). */
#include "launcher/base/status.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/suite.h"

static int wait_status_of(int status, int signal_to_raise)
{
    int wait_status = 0;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(signal_to_raise, SIG_DFL);
        if (signal_to_raise != 0)
            raise(signal_to_raise);
        _exit(status);
    }
    ck_assert_int_eq(waitpid(pid, &wait_status, 0), pid);
    return wait_status;
}

TEST_OPTIONS(.timeout = 120);

TEST(every_exit_status_is_the_engines_own)
{
    for (int status = 0; status < 256; status++)
        ck_assert_int_eq(status_of_wait(wait_status_of(status, 0)), status);
}

TEST(every_signal_is_128_and_its_number)
{
    const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGILL,  SIGABRT, SIGFPE,   SIGKILL,
                           SIGUSR1, SIGSEGV, SIGPIPE, SIGTERM, SIGXCPU, SIGRTMIN, SIGRTMAX};

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        ck_assert_int_eq(status_of_wait(wait_status_of(0, signals[i])), 128 + signals[i]);
}

TEST(a_core_that_was_dumped_makes_no_difference)
{
    ck_assert_int_eq(status_of_wait(SIGABRT | WCOREFLAG), 128 + SIGABRT);
}

TEST(an_engine_that_is_not_there_is_127_else_126)
{
    ck_assert_int_eq(status_of_exec_error(ENOENT), 127);
    ck_assert_int_eq(status_of_exec_error(ENOTDIR), 127);
    ck_assert_int_eq(status_of_exec_error(EACCES), 126);
    ck_assert_int_eq(status_of_exec_error(ENOEXEC), 126);
    ck_assert_int_eq(status_of_exec_error(E2BIG), 126);
    ck_assert_int_eq(status_of_exec_error(ELOOP), 126);
}
