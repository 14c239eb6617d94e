/*
 * How a run under user notification ends: the launcher is killed, the engine leaves something
 * behind. No call of a program may fail because nobody answers it any more.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/engines.h"
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"
#include "tests/system/support/notify.h"

static struct shell shell;

static bool has_notification(void)
{
    return launcher_is_bare() && notify_can_be_had();
}

TEST_OPTIONS(IN_SANDBOX, .needs = has_notification);

/* A killed launcher has left its FIFO. */
static void clear(void)
{
    shell_run(&shell, "exec $IMDSHIM list");
}

/* The engine gets SIGTERM with its launcher's end, and goes on. */
TEST(an_engine_whose_launcher_was_killed_binds_and_listens)
{
    shell_run(&shell, MAKE_STATIC);
    shell_start(&shell, "exec $IMDSHIM run -q -- ./static catch pids until=go tcp "
                        "bind=127.0.0.1/0 listen port=answer");
    wait_for_file("engine");
    kill(shell.pid, SIGKILL);
    make_file("go");
    wait_for_file("answer");
    shell_finish(&shell);
    ck_assert_int_eq(shell_count_lines(shell.err, "bind: well"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "listen: well"), 1);
    clear();
}

enum { ROUNDS = 20, CALLS = 300 };

/*
 * Killed while one call follows the other, each of which it does itself: that which it has
 * received, or done, is answered too.
 */
TEST(whenever_the_launcher_is_killed_no_call_fails_for_want_of_an_answer)
{
    unsigned port = engines_free_port();

    for (int i = 0; i < ROUNDS; i++) {
        shell_run(&shell, MAKE_STATIC "rm -f end");
        shell_start(&shell,
                    "exec $IMDSHIM run -q -p %u -- ./static catch $(yes 'tcp bind=127.0.0.1/%u "
                    "listen close' | head -n %d) tcp port=end",
                    port, port, CALLS);
        ck_assert(shell_wait_for_err(&shell, "bind: well"));
        shell_pause(i);
        kill(shell.pid, SIGKILL);
        wait_for_file("end");
        shell_finish(&shell);
        ck_assert_int_eq(shell_count_lines(shell.err, "failed with"), 0);
    }
    clear();
}

/* A program that the engine has left behind may listen when the run is long over. */
TEST(what_outlives_the_run_binds_and_listens)
{
    shell_run(&shell, MAKE_STATIC "$IMDSHIM run -q --backend notify -- sh -c './static pids "
                                  "until=go tcp bind=127.0.0.1/0 listen port=answer "
                                  "2>errors & exit 3'");
    ck_assert_int_eq(shell_status(&shell), 3);
    wait_for_file("engine");
    make_file("go");
    wait_for_file("answer");
    shell_run(&shell, "cat errors");
    ck_assert_int_eq(shell_count_lines(shell.out, "bind: well"), 1);
    ck_assert_int_eq(shell_count_lines(shell.out, "listen: well"), 1);
    wait_for_state(read_pid("engine"), "Z"); /* it is our child by now */
}

TEST(an_engine_that_cannot_be_executed_leaves_nothing)
{
    shell_run(&shell, ">static; exec $IMDSHIM run --backend "
                      "notify -- ./static");
    ck_assert_int_eq(shell_status(&shell), 126);
    shell_run(&shell, "exec $IMDSHIM run --backend notify -- ./nosuch");
    ck_assert_int_eq(shell_status(&shell), 127);
}

static const int statuses[] = {0, 1, 125, 255};

LOOP_TEST(the_status_is_the_engine_s, COUNT(statuses))
{
    shell_run(&shell, MAKE_STATIC "exec $IMDSHIM run -q -- ./static exit=%d", statuses[_i]);
    ck_assert_int_eq(shell_status(&shell), statuses[_i]);
    shell_run(&shell, "exec $IMDSHIM run -q -- ./static kill=%d", SIGUSR1);
    ck_assert_int_eq(shell_status(&shell), 128 + SIGUSR1);
}

TEST(a_client_that_fails_ends_the_engine)
{
    shell_run(&shell, MAKE_STATIC "exec $IMDSHIM run -c 'exit 7' -- ./static listen=127.0.0.1 "
                                  "wait=accept");
    ck_assert_int_eq(shell_status(&shell), 7);
    ck_assert_int_eq(shell_count_lines(shell.err, "the client failed with status 7"), 1);
}

TEST(an_engine_that_does_not_listen_in_time_is_ended)
{
    shell_run(&shell, MAKE_STATIC "exec $IMDSHIM run -t 1 -- ./static pause=30000");
    ck_assert_int_eq(shell_status(&shell), 124);
    ck_assert_int_eq(shell_count_lines(shell.err, "timed out: nothing listened within 1 s"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "opened no port"), 1);
    ck_assert_ptr_null(strstr(shell.err, "library"));
}

/* ---- many at once ---- */

enum { RUNS = 100 };

/*
 * Each engine says its port to its client, and the launcher has written it to a file. All stay
 * until the last client has met its engine.
 */
TEST(a_hundred_engines_with_one_port_have_their_own_clients)
{
    shell_run(&shell, "cat >client <<'END'\n"
                      "exec 3<>/dev/tcp/127.0.0.1/8888; read -r port <&3\n"
                      "echo $port >met.new.$1; mv met.new.$1 met.$1\n"
                      "until [ -e all ]; do sleep 0.1; done\n"
                      "END\n");
    shell_run(&shell,
              MAKE_STATIC "i=0; while [ $((i += 1)) -le %d ]; do $IMDSHIM run -q -p 8888 "
                          "-o port.$i -c \"exec bash ./client $i\" -- ./static 0.0.0.0 8888 "
                          "listen serve=1 & done; i=0; while [ $((i += 1)) -le %d ]; do "
                          "until [ -e met.$i ]; do sleep 0.05; done; done; >all; wait; i=0; "
                          "while [ $((i += 1)) -le %d ]; do read -r port <port.$i; "
                          "read -r met <met.$i; echo \"${port##*:} $met\"; done",
              RUNS, RUNS, RUNS);
    ck_assert_str_eq(shell.err, "");
    ck_assert_int_eq(shell_count_lines(shell.out, " "), RUNS);
    for (char *rest = shell.out, *line;
         (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        unsigned told, met;

        ck_assert_int_eq(sscanf(line, "%u %u", &told, &met), 2);
        ck_assert_uint_eq(told, met);
    }
    shell_run(&shell, "cat met.* | sort -u | wc -l");
    ck_assert_int_eq(atoi(shell.out), RUNS);
}
