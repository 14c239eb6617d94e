/* A channel full of junk, and what is left when we are killed. */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

/* What any program of the engine's may write into the channel. */
static const char *const junk[] = {
    "echo junk",
    "echo",
    "printf '\\0\\377\\n'",
    "echo 99999 listening addr=127.0.0.1 pid=1",
    "echo 0 listening addr=127.0.0.1 pid=1",
    "echo 80 listening addr=evil pid=1",
    "echo 80 listening pid=1",
    "echo -1 ready pid=0",
    "printf '80 listening addr=127.0.0.1 pid=1 exe=\\033[2J\\n'",
    "head -c 9999 /dev/zero; echo",
    "head -c 3000000 /dev/zero; echo",
    "yes 12345 | head -n 200000",
    "yes | tr -d '\\n' | head -c 3000000; echo",
};

enum { JUNK = sizeof junk / sizeof junk[0] };

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(junk_in_the_channel_is_dropped_and_the_port_heard, JUNK)
{
    struct shell shell;

    shell_run(&shell,
              "cat >junk.sh <<'EOF'\n%s\nEOF\n"
              "exec $IMDSHIM run -q -o port -- sh -c 'sh junk.sh >$IMDSHIM_FIFO; exec " LISTENER
              "'",
              junk[_i]);
    assert_heard(&shell);
}

TEST(a_channel_that_is_flooded_does_not_keep_signals_from_the_engine)
{
    struct shell shell;

    shell_start(&shell, "exec $IMDSHIM run -q -- sh -c '{ exec >$IMDSHIM_FIFO; >flood;"
                        "exec yes 12345; } & exec " ENGINE
                        " catch until=flood print=begin until=stop exit=4'");
    ck_assert(shell_wait_for_out(&shell, "begin\n"));
    kill(shell.pid, SIGUSR1);
    ck_assert(shell_wait_for_out(&shell, "got 10.\n"));
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 4);
}

TEST(a_channel_that_the_engine_removes_does_no_harm)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -q -- sh -c 'rm $IMDSHIM_FIFO; exec " LISTENER "'");
    ck_assert_int_eq(shell_status(&shell), 4);
}

TEST(the_channel_is_of_the_user_alone_whatever_the_umask)
{
    struct shell shell;

    shell_run(&shell, "umask 000; exec $IMDSHIM run -q -- sh -c 'stat -c %%a $IMDSHIM_FIFO;"
                      "stat -c %%a ${IMDSHIM_FIFO%%/*}; umask'");
    ck_assert_str_eq(shell.out, "600\n700\n0000\n");
}

/* Nothing survives us, and the next run clears up. */
TEST(engine_and_client_end_with_us_when_we_are_killed)
{
    struct shell shell, next;
    pid_t engine, client;

    shell_start(&shell, "exec $IMDSHIM run -q -c 'echo $$ >client; exec sleep 60' -- " ENGINE
                        " pids listen=127.0.0.1 wait until=client print=begin until=stop");
    ck_assert(shell_wait_for_out(&shell, "begin\n"));
    engine = read_pid("engine");
    client = read_pid("client");
    kill(shell.pid, SIGKILL);
    shell_finish(&shell);
    wait_for_state(engine, NO_PROCESS "Z");
    wait_for_state(client, NO_PROCESS "Z");
    shell_run(&next,
              "ls -A imdshim-* | wc -l; $IMDSHIM run -q -- true; ls -A imdshim-* | wc -l");
    ck_assert_str_eq(next.out, "1\n0\n");
}

TEST(the_channel_of_a_run_that_lives_is_not_cleared_away)
{
    struct shell shell, next;

    shell_start(&shell,
                "exec $IMDSHIM run -q -o port -- " ENGINE
                " print=begin until=go listen=127.0.0.1 print-port exit=4 | tail -n 1; exit 4");
    shell_run(&next,
              "until [ -e imdshim-*/* ]; do sleep 0.05; done; $IMDSHIM run -q -- true; >go");
    shell_finish(&shell);
    assert_heard(&shell);
}
