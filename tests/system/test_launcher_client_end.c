/* The end of a run with a client: whose status counts, and that nothing is left. */
#include <sys/wait.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

TEST_OPTIONS(IN_SANDBOX);

TEST(a_client_that_fails_ends_the_engine_once_and_its_status_counts)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -c 'exit 3' -- " ENGINE
                        " catch listen=127.0.0.1 wait until=stop exit=7");
    ck_assert(shell_wait_for_out(&shell, "got 15.\n"));
    shell_pause(100);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 3);
    ck_assert_int_eq(shell_count_lines(shell.out, "got 15.\n"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: the client "), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "\n"), 2);
}

TEST(a_client_killed_by_a_signal_has_failed)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -c 'kill -KILL $$' -- " ENGINE
                      " listen=127.0.0.1 wait until=stop exit=7");
    ck_assert_int_eq(shell_status(&shell), 128 + SIGKILL);
}

TEST(a_client_that_does_not_exist_has_failed)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -c no-such-client -- " ENGINE
                      " listen=127.0.0.1 wait until=stop exit=7");
    ck_assert_int_eq(shell_status(&shell), 127);
}

/* It is refused, and tries again: the run must come to an end all the same. */
TEST(a_client_at_the_gate_does_not_outlive_an_engine_that_was_never_ready)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -p 8888 -c 'while :; do sleep 0.1; done' -- " ENGINE
                      " exit=7");
    ck_assert_int_eq(shell_status(&shell), 125);
}

/* It might wait for the engine for ever. */
TEST(a_client_that_no_engine_has_accepted_does_not_outlive_one_that_failed)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -c 'while :; do sleep 0.1; done' -- " ENGINE
                      " listen=127.0.0.1 wait exit=7");
    ck_assert_int_eq(shell_status(&shell), 7);
    ck_assert_int_eq(shell_count_lines(shell.err, "had accepted no client: ending the"), 1);
}

/* A wrapper ends by SIGTERM at once; the engine in it must not wait for ever. */
TEST(a_client_that_fails_ends_an_engine_in_a_script_too)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -c 'exit 3' -- sh -c '" ENGINE
                      " pids listen=127.0.0.1 wait until=stop; exit 7'");
    ck_assert_int_eq(shell_status(&shell), 3);
    wait_for_state(read_pid("engine"), NO_PROCESS);
}

TEST(a_client_that_fails_ends_a_stopped_engine_too)
{
    struct shell shell;

    shell_start(&shell,
                "exec $IMDSHIM run -q -c 'until [ -e fail ]; do sleep 0.05; done;"
                "exit 3' -- " ENGINE " pids listen=127.0.0.1 wait print=begin until=stop");
    ck_assert(shell_wait_for_out(&shell, "begin\n"));
    kill(read_pid("engine"), SIGSTOP);
    wait_for_state(read_pid("engine"), "T");
    make_file("fail");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 3);
}

/* Ten seconds of patience each: at the same time. */
TEST(an_engine_that_ignores_its_end_is_killed_and_so_is_what_it_leaves)
{
    struct shell client, script;

    shell_start(&client,
                "exec $IMDSHIM run -q -c 'exit 3' -- sh -c 'trap \"\" TERM; exec " ENGINE
                " listen=127.0.0.1 wait pause=60000'");
    shell_start(&script,
                "exec $IMDSHIM run -q -t 1 -- sh -c 'trap \"\" TERM; sleep 60; exit 7'");
    shell_finish(&client);
    ck_assert_int_eq(shell_status(&client), 3);
    shell_finish(&script);
    ck_assert_int_eq(shell_status(&script), 124);
}

TEST(a_client_that_succeeds_early_lets_the_engine_go_on)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -c '>stop' -- " ENGINE
                      " catch listen=127.0.0.1 wait until=stop pause=200 exit=5");
    ck_assert_int_eq(shell_status(&shell), 5);
    ck_assert_str_eq(shell.out, "");
}

TEST(a_client_that_stops_the_run_makes_it_a_success)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -q --stop-with-client -c true -- " ENGINE
                        " catch listen=127.0.0.1 wait until=stop exit=7");
    ck_assert(shell_wait_for_out(&shell, "got 15.\n"));
    shell_pause(100);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_eq(shell_count_lines(shell.out, "got 15.\n"), 1);
}

TEST(a_client_that_stops_the_run_and_has_failed_has_failed)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q --stop-with-client -c 'exit 3' -- " ENGINE
                      " listen=127.0.0.1 wait until=stop exit=7");
    ck_assert_int_eq(shell_status(&shell), 3);
}

static const struct {
    int engine, client, status;
} late[] = {{0, 0, 0}, {0, 4, 4}, {6, 0, 6}, {6, 4, 6}};

LOOP_TEST(a_client_that_outlives_the_engine_is_waited_for, 4)
{
    struct shell shell;

    shell_run(&shell,
              "exec $IMDSHIM run -q -c 'until [ -e engine ] && ! kill -0 $(cat engine); do "
              "sleep 0.05; done 2>/dev/null; sleep 0.2; echo late; exit %d' -- " ENGINE
              " pids listen=127.0.0.1 wait pause=100 exit=%d",
              late[_i].client, late[_i].engine);
    ck_assert_int_eq(shell_status(&shell), late[_i].status);
    ck_assert_str_eq(shell.out, "late\n");
}

TEST(an_engine_killed_before_its_client_ends_counts_by_its_signal)
{
    struct shell shell;

    shell_run(&shell,
              "exec $IMDSHIM run -q -c 'until [ -e engine ] && ! kill -0 $(cat engine);"
              "do sleep 0.05; done 2>/dev/null; exit 4' -- " ENGINE
              " pids listen=127.0.0.1 wait pause=100 kill=%d",
              SIGUSR1);
    ck_assert(WIFSIGNALED(shell.wait_status) && WTERMSIG(shell.wait_status) == SIGUSR1);
}

/* The launcher is stopped until both have ended, as it may be late on a host that is busy. */
static int status_if_both_end_before_it_looks(const char *options, int client,
                                              const char *engine)
{
    struct shell shell;

    shell_run(
        &shell,
        "$IMDSHIM run -q %s -c 'kill -STOP $PPID; $DOUBLES/engine client $IMD_PORT; "
        "exit %d' -- " ENGINE " listen=127.0.0.1 accept %s & "
        "for i in $(seq 500); do zombies=0; "
        "for child in $(cat /proc/$!/task/$!/children); do "
        "case $(cat /proc/$child/stat) in *') Z '*) zombies=$((zombies + 1));; esac; done; "
        "[ $zombies = 2 ] && break; sleep 0.01; done; kill -CONT $!; wait $!; exit $?",
        options, client, engine);
    return shell_status(&shell);
}

TEST(an_engine_that_was_killed_is_no_success_of_a_client_that_ended_with_it)
{
    int killed = 128 + SIGKILL;

    ck_assert_int_eq(status_if_both_end_before_it_looks("", 3, "kill=9"), killed);
    ck_assert_int_eq(status_if_both_end_before_it_looks("", 3, "exit=137"), killed);
    ck_assert_int_eq(status_if_both_end_before_it_looks("--stop-with-client", 0, "kill=9"),
                     killed);
}

/* The kernel closes an engine's sockets a moment before it can be waited for. */
TEST(a_client_that_ends_before_its_killed_engine_is_quite_gone_is_no_success)
{
    struct shell shell;

    shell_run(&shell, "for i in $(seq 20); do $IMDSHIM run -q --stop-with-client -c 'exec "
                      "$DOUBLES/engine client $IMD_PORT' -- " ENGINE
                      " listen=127.0.0.1 wait=poll kill=9; [ $? = 137 ] || exit 1; done");
    ck_assert_int_eq(shell_status(&shell), 0);
}

/* As mpirun, that ends some time after a rank. */
TEST(a_client_of_an_engine_that_is_killed_below_a_script_is_no_success)
{
    struct shell shell;

    shell_run(&shell, "for i in $(seq 8); do $IMDSHIM run -q --stop-with-client -c 'exec "
                      "$DOUBLES/engine client $IMD_PORT' -- sh -c '" ENGINE
                      " listen=127.0.0.1 wait=poll kill=9; s=$?; sleep 0.2; exit $s';"
                      "[ $? = 137 ] || exit 1; done");
    ck_assert_int_eq(shell_status(&shell), 0);
}

/* The socket is gone with it, and what goes on is the script. */
TEST(a_script_that_goes_on_behind_its_engine_is_ended_with_the_client)
{
    struct shell shell;

    shell_run(&shell, "$IMDSHIM run -q --stop-with-client -c 'exec $DOUBLES/engine client "
                      "$IMD_PORT' -- sh -c '" ENGINE " listen=127.0.0.1 wait=poll; sleep 60'");
    ck_assert_int_eq(shell_status(&shell), 0);
}

TEST(an_engine_that_ended_with_its_client_is_ended_by_it)
{
    ck_assert_int_eq(status_if_both_end_before_it_looks("", 3, "exit=1"), 3);
    ck_assert_int_eq(status_if_both_end_before_it_looks("--stop-with-client", 0, "exit=1"), 0);
}
