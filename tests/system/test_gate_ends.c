/* The gate when something fails: nobody waits for ever, and one line says what happened. */
#include "tests/support/suite.h"
#include "tests/support/terminal.h"
#include "tests/system/support/launcher.h"

#define RUN "exec $IMDSHIM run -p 8888 "
#define CLIENT "$DOUBLES/gate-client plain 127.0.0.1 8888"
#define GATE_ENGINE "$DOUBLES/gate-engine 127.0.0.1 8888 "
#define FOR_EVER "until=never"

static struct shell shell;

/* The client waits at the gate: its connection there is one of the launcher's descriptors. */
static void wait_for_waiting(pid_t launcher, int count)
{
    static struct shell look;

    int seen = 0; /* twice: while a program is being started there is one more */

    for (int i = 0; i < SHELL_SECONDS * 20 && seen < 2; i++) {
        shell_pause(50);
        shell_run(&look, "ls -l /proc/%ld/fd | grep -c socket:", (long)launcher);
        seen = atoi(look.out) > count ? seen + 1 : 0; /* one is where they come */
    }
    if (seen == 2)
        return;
    ck_abort_msg("nobody waits: %s%s", shell.out, shell.err);
}

/* What the engine does, and what becomes of a client that waits. */
static const struct {
    const char *engine;
    int status;
    const char *line;
} failures[] = {
    {GATE_ENGINE "until=client exit=3", 125, "imdshim: engine ended first: "},
    {GATE_ENGINE "until=client exit=0", 125, "imdshim: engine ended first: "},
    {"sh -c \"until [ -e client ]; do sleep 0.05; done; kill -9 \\$\\$\"", 125,
     "imdshim: engine ended first: "},
    {"$DOUBLES/no-such-engine", 127, "imdshim: cannot execute "},
};

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(an_engine_that_fails_refuses_its_client_at_once_and_says_one_line, COUNT(failures))
{
    shell_run(&shell, RUN "-c '>client; " CLIENT "' -- %s", failures[_i].engine);
    ck_assert_int_eq(shell_status(&shell), failures[_i].status);
    assert_one_line(shell.err, failures[_i].line);
    ck_assert_str_eq(shell.out, _i < 3 ? "failed ECONNREFUSED\n" : "");
}

/* At once, for in real life both would wait: the client for the engine, and it for a client. */
TEST(an_engine_that_asks_for_another_port_is_named_while_it_runs)
{
    shell_run(&shell, "$IMDSHIM run -p 8888 -c '>client; " CLIENT
                      "' -- $DOUBLES/gate-engine 127.0.0.1 8889 "
                      "until=client listen until=told 2>err & pid=$!; until grep -q "
                      "'ignored port 8889 of gate-engine.*: it is not as --port' err; do "
                      "sleep 0.05; done; >told; wait $pid; s=$?; cat err >&2; exit $s");
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_str_eq(shell.out, "failed ECONNREFUSED\n");
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: nothing matched: "), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 2);
}

TEST(an_engine_that_listened_and_never_waited_refuses_its_client)
{
    shell_run(&shell, RUN "-q -c '>client; " CLIENT "' -- " GATE_ENGINE "listen until=client");
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_str_eq(shell.out, "failed ECONNREFUSED\n");
}

/* As the contract has it: a client was asked for, and the engine ended without listening. */
LOOP_TEST(an_engine_that_never_listened_is_125_even_if_the_client_has_not_asked, 4)
{
    shell_run(&shell,
              RUN "-c 'until [ -e ended ]; do sleep 0.05; done; sleep 0.3; exit %d' -- "
                  "sh -c '>ended; exit %d'",
              _i & 1 ? 7 : 0, _i & 2 ? 3 : 0);
    ck_assert_int_eq(shell_status(&shell), 125);
    assert_one_line(shell.err, "imdshim: engine ended first: ");
}

TEST(a_timeout_refuses_who_waits)
{
    shell_run(&shell, RUN "-t 1 -c '" CLIENT "' -- " GATE_ENGINE FOR_EVER);
    ck_assert_int_eq(shell_status(&shell), 124);
    ck_assert_str_eq(shell.out, "failed ECONNREFUSED\n");
    assert_one_line(shell.err, "imdshim: timed out: ");
}

TEST(a_client_that_fails_before_the_engine_is_ready_ends_it)
{
    shell_run(&shell, RUN "-c 'exit 7' -- " GATE_ENGINE FOR_EVER);
    ck_assert_int_eq(shell_status(&shell), 7);
    ck_assert_ptr_nonnull(strstr(shell.err, "the client failed with status 7"));
}

TEST(what_connects_when_the_engine_is_gone_is_refused)
{
    shell_run(&shell, RUN "-q -c '" CLIENT
                          "; until [ -e ended ]; do sleep 0.05; done; sleep 0.2;" CLIENT
                          "; exit 5' -- sh -c '" GATE_ENGINE "listen serve=1; >ended'");
    ck_assert_int_eq(shell_status(&shell), 5);
    ck_assert_str_eq(shell.out, "met 127.0.0.1\nfailed ECONNREFUSED\n");
}

TEST(what_connects_when_the_launcher_is_gone_is_refused)
{
    shell_run(&shell,
              "$IMDSHIM run -q -p 8888 -c '(until [ -e go ]; do sleep 0.05; done; " CLIENT
              " >later; >done) & " CLIENT "' -- " GATE_ENGINE "listen serve=1;"
              ">go; until [ -e done ]; do sleep 0.05; done; cat later");
    ck_assert_str_eq(shell.out, "met 127.0.0.1\nfailed ECONNREFUSED\n");
}

TEST(a_client_that_is_done_ends_the_engine_where_that_is_wanted)
{
    shell_run(&shell, RUN "-q --stop-with-client -c '" CLIENT "' -- " GATE_ENGINE
                          "listen serve=1 " FOR_EVER);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "met 127.0.0.1\n");
}

/* Each end that a run can lose while its client waits. */
TEST(a_launcher_that_is_killed_leaves_nobody_waiting)
{
    shell_start(&shell, "exec $IMDSHIM run -q -p 8888 -c 'trap \"\" TERM; " CLIENT
                        " >out; >told' -- " GATE_ENGINE FOR_EVER);
    wait_for_waiting(shell.pid, 1);
    kill(shell.pid, SIGKILL);
    shell_finish(&shell);
    wait_for_file("told");
    shell_run(&shell, "cat out; $IMDSHIM list --json");
    ck_assert_str_eq(shell.out, "failed ECONNREFUSED\n[]\n");
}

TEST(a_client_that_is_killed_while_it_waits_ends_the_engine)
{
    shell_start(&shell,
                RUN "-q -c 'echo $$ >client; exec " CLIENT "' -- " GATE_ENGINE FOR_EVER);
    wait_for_waiting(shell.pid, 1);
    kill(read_pid("client"), SIGKILL);
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 137);
}

TEST(an_interrupt_typed_while_the_client_waits_ends_all)
{
    struct terminal terminal;

    terminal_start(&terminal,
                   RUN "-q -c 'echo $$ >client; exec " CLIENT "' -- " GATE_ENGINE FOR_EVER);
    wait_for_file("client");
    wait_for_waiting(terminal.pid, 1);
    terminal_type(&terminal, "\003");
    terminal_finish(&terminal);
    ck_assert(WIFSIGNALED(terminal.wait_status) && WTERMSIG(terminal.wait_status) == SIGINT);
    wait_for_state(read_pid("client"), NO_PROCESS);
}

LOOP_TEST(a_client_that_cannot_have_the_library_is_named_in_one_line, 2)
{
    static const char *const clients[] = {"env -i \"$DOUBLES\"/gate-client", "./static"};

    shell_run(&shell, "${CC:-cc} -static -o static $DOUBLES/gate-client.o "
                      "$DOUBLES/support.a -pthread");
    ck_assert_int_eq(shell_status(&shell), 0);
    shell_run(&shell,
              RUN "-c '%s plain 127.0.0.1 8888; true' -- " GATE_ENGINE "listen pause=300 more",
              clients[_i]);
    ck_assert_int_eq(shell_count_lines(shell.err, "has not asked for port 8888"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 2);
}

/* More than can wait, or than the launcher may have descriptors: all get in, and nobody spins.
 */
LOOP_TEST(however_many_wait_all_get_in, 2)
{
    static const char *const limits[] = {"", "ulimit -Sn 24; "};

    shell_run(&shell,
              "%sexec $IMDSHIM run -q -p 8888 -c 'ulimit -Sn 200; for i in 1 2 3 4 5; do"
              " $DOUBLES/gate-client at-once 127.0.0.1 8888 & done; sleep 1;"
              " cut -d\" \" -f14,15 /proc/$PPID/stat >ticks; >all; wait' -- " GATE_ENGINE
              "until=all listen serve=100",
              limits[_i]);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_eq(shell_count_lines(shell.out, "met 127.0.0.1"), 100);
    shell_run(&shell, "read user system <ticks; [ $((user + system)) -lt 30 ]");
    ck_assert_int_eq(shell_status(&shell), 0);
}

TEST(a_run_within_a_client_has_a_gate_of_its_own)
{
    shell_run(&shell,
              RUN "-q -c '" CLIENT "; $IMDSHIM run -q -p 8888 -c \"" CLIENT "\" -- "
                  "$DOUBLES/gate-engine 127.1.2.3 8888 listen serve=1 more' -- " GATE_ENGINE
                  "listen serve=1 more");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_eq(shell_count_lines(shell.out, "met 127.0.0.1"), 1);
    ck_assert_int_eq(shell_count_lines(shell.out, "met 127.1.2.3"), 1);
    ck_assert_int_eq(shell_count_lines(shell.out, "0 more"), 2);
}
