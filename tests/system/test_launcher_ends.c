/*
 * How runs end that do not want to end, and what must not end them.
 */
#include <time.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static double seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

TEST_OPTIONS(IN_SANDBOX);

/* Our line to it is an EPIPE, and its SIGPIPE ours. */
TEST(a_reader_of_our_stderr_that_is_gone_is_nothing_to_the_engine)
{
    struct shell shell;

    shell_run(&shell, "mkfifo gone; { exec 3<gone; exec 3<&-; } & exec 2>gone; wait; "
                      "exec $IMDSHIM run -- " ENGINE " listen=127.0.0.1 pause=100 exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
}

/* Signals and deadlines are heeded meanwhile: the timeout still ends the run. */
TEST(a_reader_of_our_stderr_that_is_stopped_does_not_hold_us)
{
    struct shell shell;

    shell_run(&shell, "mkfifo full; exec 8<>full; "
                      "dd if=/dev/zero bs=4096 count=16 >&8 2>/dev/null; "
                      "exec $IMDSHIM run -v -t 1 -- sleep 20 2>&8");
    ck_assert_int_eq(shell_status(&shell), 124);
}

static const char *const stubborn[] = {
    "sh -c 'trap \"\" TERM; sleep 27; true'", /* and so does what it started */
    "sh -c 'trap \"\" TERM; sleep 2.5; exec " ENGINE " listen=127.0.0.1 pause=25000'",
};

LOOP_TEST(what_ignores_sigterm_is_killed_after_its_grace, 2)
{
    double start = seconds();
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -t 1 -- %s", stubborn[_i]);
    ck_assert_int_eq(shell_status(&shell), 124);
    ck_assert_msg(seconds() - start > 9, "no grace was given");
    ck_assert_msg(seconds() - start < 24, "the engine ended by itself");
}

TEST(junk_without_end_does_not_put_the_timeout_off)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -t 1 -- sh -c "
                      "'exec 3>\"$IMDSHIM_FIFO\"; yes 0 ended pid=1 >&3'");
    ck_assert_int_eq(shell_status(&shell), 124);
}

/* The engine has ended by the signal; a client that does not follow has its grace too. */
TEST(a_client_that_stays_after_an_interrupt_is_ended)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -q -c 'touch begun; exec sleep 28' -- " ENGINE
                        " listen=127.0.0.1 wait pause=28000");
    for (int i = 0; i < 2000 && !exists("begun"); i++)
        shell_pause(10);
    ck_assert(exists("begun"));
    kill(shell.pid, SIGTERM);
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 128 + SIGTERM);
}

TEST(an_abort_sent_to_us_is_the_engines)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -q -- sh -c 'trap \"echo aborted; exit 4\" ABRT; "
                        "echo ready; for i in $(seq 250); do sleep 0.1; done'");
    ck_assert(shell_wait_for_out(&shell, "ready\n"));
    kill(shell.pid, SIGABRT);
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_str_eq(shell.out, "ready\naborted\n");
}

static bool is_root(void)
{
    return geteuid() == 0 ||
           suite_skip("an engine in a PID namespace of its own", "only root can make one");
}

TEST(an_engine_in_a_pid_namespace_of_its_own_runs, .needs = is_root)
{
    struct shell shell;

    /* The leak checker starts a process, and the first one's end is the end of the namespace.
     */
    shell_run(
        &shell,
        "export ASAN_OPTIONS=detect_leaks=0; exec unshare --pid $IMDSHIM run -q -- " LISTENER);
    ck_assert_int_eq(shell_status(&shell), 4);
}
