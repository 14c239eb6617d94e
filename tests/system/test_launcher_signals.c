/* Signals sent to imdshim: the engine gets them once, and starts with ours as we did. */
#include <sys/wait.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

#define COUNTER ENGINE " pids catch print=begin until=stop exit=7"

static void count_signals(struct shell *shell, const char *command)
{
    shell_start(shell, "exec %s", command);
    ck_assert_msg(shell_wait_for_out(shell, "begin\n"), "%s", shell->err);
}

static void assert_got(struct shell *shell, int signal, int times)
{
    char line[16];

    snprintf(line, sizeof line, "got %d.\n", signal);
    ck_assert_msg(shell_count_lines(shell->out, line) == times,
                  "signal %d, %d times is right:\n%s", signal, times, shell->out);
}

static void wait_for_signal(struct shell *shell, int signal)
{
    char line[16];

    snprintf(line, sizeof line, "got %d.\n", signal);
    ck_assert_msg(shell_wait_for_out(shell, line), "signal %d is missing: %s", signal,
                  shell->out);
}

/* Signals that we pass on keep their order: one that came twice has come before this one. */
static void end_with(struct shell *shell, int last)
{
    kill(shell->pid, last);
    wait_for_signal(shell, last);
    make_file("stop");
    shell_finish(shell);
    ck_assert_int_eq(shell_status(shell), 7);
    ck_assert_str_eq(shell->err, "");
}

static const int passed_on[] = {SIGHUP,  SIGINT,  SIGQUIT,   SIGUSR1, SIGUSR2,
                                SIGALRM, SIGTERM, SIGVTALRM, SIGPROF, SIGIO};

enum { PASSED_ON = sizeof passed_on / sizeof passed_on[0] };

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(a_signal_sent_to_us_reaches_the_engine_once, PASSED_ON)
{
    struct shell shell;

    count_signals(&shell, "$IMDSHIM run -q -- " COUNTER);
    kill(shell.pid, passed_on[_i]);
    wait_for_signal(&shell, passed_on[_i]);
    end_with(&shell, SIGWINCH);
    assert_got(&shell, passed_on[_i], 1);
    assert_got(&shell, SIGWINCH, 1);
}

TEST(a_signal_passes_through_two_of_us_once)
{
    struct shell shell;

    count_signals(&shell, "$IMDSHIM run -q -- $IMDSHIM run -q -- " COUNTER);
    kill(shell.pid, SIGTERM);
    wait_for_signal(&shell, SIGTERM);
    end_with(&shell, SIGWINCH);
    assert_got(&shell, SIGTERM, 1);
}

TEST(every_one_of_many_signals_reaches_the_engine)
{
    struct shell shell;

    count_signals(&shell, "$IMDSHIM run -q -- " COUNTER);
    for (int i = 0; i < PASSED_ON; i++)
        kill(shell.pid, passed_on[i]);
    for (int i = 0; i < PASSED_ON; i++)
        wait_for_signal(&shell, passed_on[i]);
    end_with(&shell, SIGWINCH);
    for (int i = 0; i < PASSED_ON; i++)
        assert_got(&shell, passed_on[i], 1);
}

TEST(an_engine_that_does_not_catch_a_signal_ends_by_it_and_we_with_it)
{
    struct shell shell;

    count_signals(&shell, "$IMDSHIM run -q -- " ENGINE " print=begin until=stop");
    kill(shell.pid, SIGTERM);
    shell_finish(&shell);
    ck_assert(WIFSIGNALED(shell.wait_status) && WTERMSIG(shell.wait_status) == SIGTERM);
}

/*
 * A C library keeps some real-time signals for itself: ours and the engine's need not agree.
 * valgrind keeps the last one.
 */
TEST(real_time_signals_too_reach_the_engine, .needs = launcher_is_bare)
{
    const int signals[] = {SIGRTMIN, SIGRTMIN + 1, SIGRTMAX};
    struct shell shell;

    for (int i = 0; i < COUNT(signals); i++) {
        count_signals(&shell,
                      "$IMDSHIM run -- " ENGINE " listen=127.0.0.1 print=begin until=stop");
        ck_assert(shell_wait_for_err(&shell, " listens on "));
        kill(shell.pid, signals[i]);
        shell_finish(&shell);
        ck_assert(WIFSIGNALED(shell.wait_status) && WTERMSIG(shell.wait_status) == signals[i]);
    }
}

TEST(a_signal_to_the_engine_is_none_to_us)
{
    struct shell shell;

    count_signals(&shell, "$IMDSHIM run -q -- " COUNTER);
    kill(read_pid("engine"), SIGINT);
    wait_for_signal(&shell, SIGINT);
    end_with(&shell, SIGWINCH);
    assert_got(&shell, SIGINT, 1);
}

TEST(a_hang_up_that_is_ignored_stays_ignored)
{
    struct shell shell;

    count_signals(&shell, "nohup $IMDSHIM run -q -- " ENGINE
                          " pids print=begin until=stop exit=7 2>/dev/null");
    kill(shell.pid, SIGHUP);
    kill(read_pid("engine"), SIGHUP);
    shell_pause(100);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 7);
}

/* The same lines with the prefix as without it. */
static void assert_no_difference(const char *with, const char *command)
{
    static const char *const prefixes[] = {"", "$IMDSHIM run -q --",
                                           "$IMDSHIM exec -q --fd 1 --"};
    struct shell plain, shell;

    shell_run(&plain, "exec %s %s", with, command);
    ck_assert_int_eq(shell_status(&plain), 0);
    for (size_t i = 1; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        shell_run(&shell, "exec %s %s %s", with, prefixes[i], command);
        ck_assert_int_eq(shell_status(&shell), 0);
        ck_assert_str_eq(shell.out, plain.out);
    }
}

static const char *const settings[] = {
    "env",
    "env --ignore-signal=HUP",
    "env --ignore-signal=INT,QUIT,TERM,PIPE,TSTP,USR1",
    "env --default-signal=PIPE",
    "env --block-signal=TERM",
    "env --block-signal=CHLD,CONT,HUP,WINCH",
    "env --block-signal=34,64,SEGV,TTIN",
    "env --ignore-signal=CHLD",
};

static int settings_count(void)
{
    return launcher_is_bare() ? COUNT(settings)
                              : COUNT(settings) - 1; /* valgrind takes SIGCHLD itself */
}

LOOP_TEST(the_engine_starts_with_the_mask_and_the_ignored_signals_that_we_had, settings_count())
{
    assert_no_difference(settings[_i], "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status");
}

LOOP_TEST(the_client_starts_with_the_mask_and_the_ignored_signals_that_we_had, settings_count())
{
    static const char status[] = "grep -E \"^Sig(Blk|Ign|Cgt)\" /proc/self/status";
    struct shell plain, shell;

    shell_run(&plain, "exec %s sh -c '%s'", settings[_i], status);
    shell_run(&shell,
              "%s $IMDSHIM run -q -c '%s; >stop' -- " ENGINE
              " listen=127.0.0.1 wait until=stop",
              settings[_i], status);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, plain.out);
}

TEST(we_work_where_the_children_of_our_parent_are_reaped_unseen)
{
    struct shell shell;

    shell_run(&shell, "exec env --ignore-signal=CHLD $IMDSHIM run -q -- sh -c 'exit 5'");
    ck_assert_int_eq(shell_status(&shell), 5);
    shell_run(&shell, "exec env --block-signal=CHLD $IMDSHIM run -q -- sh -c 'exit 5'");
    ck_assert_int_eq(shell_status(&shell), 5);
    shell_run(&shell, "exec env --ignore-signal=CHLD $IMDSHIM run -q -c 'exit 3' -- " ENGINE
                      " listen=127.0.0.1 wait until=stop");
    ck_assert_int_eq(shell_status(&shell), 3);
}

TEST(an_engine_that_is_stopped_and_continued_by_others_goes_on)
{
    struct shell shell;
    pid_t engine;

    count_signals(&shell, "$IMDSHIM run -q -- " COUNTER);
    engine = read_pid("engine");
    kill(engine, SIGSTOP);
    wait_for_state(engine, "T");
    shell_pause(50);
    ck_assert_int_ne(process_state(shell.pid), 'T');
    kill(engine, SIGCONT);
    wait_for_signal(&shell, SIGCONT);
    end_with(&shell, SIGWINCH);
    assert_got(&shell, SIGCONT, 1);
}

TEST(a_continue_sent_to_us_continues_the_engine)
{
    struct shell shell;
    pid_t engine;

    count_signals(&shell, "$IMDSHIM run -q -- " COUNTER);
    engine = read_pid("engine");
    kill(engine, SIGSTOP);
    wait_for_state(engine, "T");
    kill(shell.pid, SIGCONT);
    wait_for_signal(&shell, SIGCONT);
    end_with(&shell, SIGWINCH);
}

/* SIGSTOP cannot be passed on, as kill(1) of any shell shows; nothing may be lost by it. */
TEST(we_may_be_stopped_and_continued_while_the_engine_goes_on_and_ends)
{
    struct shell shell;
    pid_t engine;

    count_signals(&shell, "$IMDSHIM run -q -- " COUNTER);
    engine = read_pid("engine");
    kill(shell.pid, SIGSTOP);
    wait_for_state(shell.pid, "T");
    ck_assert_int_ne(process_state(engine), 'T');
    make_file("stop");
    wait_for_state(engine, "Z");
    kill(shell.pid, SIGCONT);
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 7);
}

/* A hang-up under nohup is no wish to end: what the client does later still counts. */
static void send_an_ignored_signal_and_let_the_client_fail(const char *prefix, int signal)
{
    struct shell shell;

    shell_start(
        &shell,
        "exec %s $IMDSHIM run -q -c 'until [ -e fail ]; do sleep 0.05; done; exit 3' -- "
        "env --default-signal=TERM " ENGINE
        " listen=127.0.0.1 wait print=begin until=stop exit=7",
        prefix);
    ck_assert(shell_wait_for_out(&shell, "begin\n"));
    kill(shell.pid, signal);
    shell_pause(100);
    make_file("fail");
    for (int i = 0; i < 500 && process_state(shell.pid) != 'Z'; i++)
        shell_pause(10);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 3);
}

TEST(a_signal_that_is_ignored_does_not_make_a_clients_failure_pass)
{
    send_an_ignored_signal_and_let_the_client_fail("env --ignore-signal=HUP", SIGHUP);
}

/* Half of "COMMAND &" in a script: INT and QUIT are ignored there. */
TEST(an_interrupt_that_is_ignored_does_not_make_a_clients_failure_pass)
{
    send_an_ignored_signal_and_let_the_client_fail("env --ignore-signal=INT,QUIT", SIGINT);
}
