/* The exit status: the engine's own, also by its signal, or one of 124 to 127. */
#include <sys/wait.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static const char *const prefixes[] = {
    "",
    "$IMDSHIM run --",
    "$IMDSHIM exec --fd 3 --",
};

enum { PREFIXES = sizeof prefixes / sizeof prefixes[0], STATUSES_PER_TEST = 64 };

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(every_exit_status_comes_through, 256 / STATUSES_PER_TEST)
{
    int first = _i * STATUSES_PER_TEST, step = launcher_is_wrapped() ? 21 : 1;
    struct shell shell;

    shell_run(&shell,
              "exec 3>/dev/null; for n in $(seq %d %d %d); do for p in \"$IMDSHIM run -q --\" "
              "\"$IMDSHIM exec -q --fd 3 --\"; do $p sh -c \"exit $n\" >&2;"
              "s=$?; [ $s = $n ] || echo \"$p: $n became $s\"; done; done; echo done",
              first, step, first + STATUSES_PER_TEST - 1);
    ck_assert_str_eq(shell.out, "done\n");
    ck_assert_str_eq(shell.err, "");
}

/* All whose default action ends a process; 34 is SIGRTMIN. Valgrind cannot end by the last two.
 */
static const int deadly[] = {
    SIGHUP,  SIGINT,    SIGQUIT, SIGILL,  SIGTRAP, SIGABRT,   SIGBUS,  SIGFPE,  SIGKILL,
    SIGUSR1, SIGSEGV,   SIGUSR2, SIGPIPE, SIGALRM, SIGTERM,   SIGXCPU, SIGXFSZ, SIGPROF,
    SIGIO,   SIGVTALRM, SIGPWR,  SIGSYS,  34,      SIGSTKFLT, 64,
};

enum { DEADLY = sizeof deadly / sizeof deadly[0], NOT_UNDER_VALGRIND = 2 };

LOOP_TEST(every_signal_that_ends_the_engine_ends_the_prefix_and_leaves_no_core,
          launcher_is_wrapped() ? DEADLY - NOT_UNDER_VALGRIND : DEADLY)
{
    struct shell shell;

    for (int i = 0; i < PREFIXES; i++) {
        shell_run(&shell,
                  "exec 3>/dev/null; ulimit -c unlimited 2>/dev/null;"
                  "exec %s sh -c 'ulimit -c 0; exec " ENGINE " kill=%d'",
                  prefixes[i], deadly[_i]);
        ck_assert_msg(WIFSIGNALED(shell.wait_status) &&
                          WTERMSIG(shell.wait_status) == deadly[_i],
                      "'%s': signal %d became wait status %#x", prefixes[i], deadly[_i],
                      (unsigned)shell.wait_status);
    }
    shell_run(&shell, "ls -d *core* 2>/dev/null");
    ck_assert_str_eq(shell.out, "");
}

TEST(an_engine_that_ends_by_a_signal_does_so_where_we_ignore_or_block_it)
{
    struct shell shell;

    shell_run(&shell, "exec env --ignore-signal=TERM $IMDSHIM run -q -- "
                      "env --default-signal=TERM sh -c 'kill -TERM $$'");
    ck_assert(WIFSIGNALED(shell.wait_status) && WTERMSIG(shell.wait_status) == SIGTERM);
    shell_run(&shell, "exec env --block-signal=USR1 $IMDSHIM run -q -- "
                      "bash -c 'kill -KILL $$'");
    ck_assert(WIFSIGNALED(shell.wait_status) && WTERMSIG(shell.wait_status) == SIGKILL);
}

TEST(an_engine_that_is_not_found_is_127)
{
    static const char *const names[] = {"no-such-engine", "./no-such-engine",
                                        "/dev/null/engine", "''"};
    struct shell shell;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (int prefix = 1; prefix < PREFIXES; prefix++) {
            shell_run(&shell, "exec 3>/dev/null; PATH=/usr/bin:/bin; exec %s %s",
                      prefixes[prefix], names[i]);
            ck_assert_int_eq(shell_status(&shell), 127);
            assert_one_line(shell.err, "imdshim: cannot execute ");
        }
}

TEST(an_engine_that_cannot_be_executed_is_126)
{
    static const char *const names[] = {"./plain", "/", "./loop", "./script"};
    size_t count = sizeof names / sizeof names[0];
    struct shell shell;

    if (launcher_is_wrapped())
        count--; /* valgrind ends with a status of its own */

    shell_run(&shell, "echo true >plain; printf '#!/\\n' >script; chmod +x script;"
                      "ln -s loop loop");
    for (size_t i = 0; i < count; i++)
        for (int prefix = 1; prefix < PREFIXES; prefix++) {
            shell_run(&shell, "exec 3>/dev/null; exec %s %s", prefixes[prefix], names[i]);
            ck_assert_int_eq(shell_status(&shell), 126);
            assert_one_line(shell.err, "imdshim: cannot execute ");
        }
}

TEST(an_engine_that_does_not_listen_in_time_is_124)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -t 1 -- sleep 20");
    ck_assert_int_eq(shell_status(&shell), 124);
    shell_run(&shell, "exec $IMDSHIM run -q -t 1 -c true -- sleep 20");
    ck_assert_int_eq(shell_status(&shell), 124);
}

TEST(an_engine_that_is_stopped_when_time_is_up_is_ended_too)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -t 1 -- sh -c 'kill -STOP $$; sleep 20'");
    ck_assert_int_eq(shell_status(&shell), 124);
}

TEST(time_is_not_up_for_an_engine_that_has_listened)
{
    struct shell shell;

    shell_run(&shell,
              "exec $IMDSHIM run -q -t 1 -- " ENGINE " listen=127.0.0.1 pause=1500 exit=6");
    ck_assert_int_eq(shell_status(&shell), 6);
}

TEST(an_engine_that_ends_before_its_time_is_up_is_not_waited_for)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -t 1000 -- sh -c 'exit 7'");
    ck_assert_int_eq(shell_status(&shell), 7);
}
