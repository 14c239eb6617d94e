/*
 * A process that has no IMD socket: from its main() on, and at its end, the library makes no
 * system call in it. A sandbox that the process has put itself into is the judge: it ends the
 * process for a call that is not the process's own.
 */
#include <signal.h>

#include "tests/system/support/engine_events.h"

static const char *const calls[] = {
    "poll",      "ppoll",      "select", "pselect", "accept",      "accept4",
    "epoll_ctl", "epoll_wait", "sleep",  "socket",  "getsockname", "nothing",
};

/* Whatever the library has to do: for an engine, for a client, and for both. */
static const char *const environments[] = {
    "IMDSHIM_FIFO=$PWD/fifo",
    "IMDSHIM_FIFO=$PWD/fifo IMDSHIM_EVENTS=all",
    "IMDSHIM_FIFO=$PWD/fifo IMDSHIM_EVENTS=ready IMDSHIM_PORT=8888 IMDSHIM_WAKE=off",
    "IMDSHIM_FIFO=$PWD/fifo IMDSHIM_EVENTS=all IMDSHIM_ONLY=me IMDSHIM_LISTEN=127.0.0.1:0",
    "IMDSHIM_GATE=8888:nobody",
    "IMDSHIM_FIFO=$PWD/fifo IMDSHIM_EVENTS=all IMDSHIM_PORT=8888 IMDSHIM_GATE=8888:nobody",
    "IMDSHIM_MATCH=nonsense", /* inert */
};

enum { CALLS = COUNT(calls) };

static struct shell shell;

static void run(const char *environment, const char *what)
{
    shell_run(&shell,
              "ulimit -c 0; mkfifo fifo; exec 9<>fifo; LD_PRELOAD=$LIBIMDSHIM %s "
              "$DOUBLES/bystander %s",
              environment, what);
    ck_assert_msg(shell_status(&shell) == 0, "%s, %s: status %d: %s", environment, what,
                  shell_status(&shell), shell.err);
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(nothing_is_called_besides_what_the_process_calls, CALLS *COUNT(environments))
{
    run(environments[_i / CALLS], calls[_i % CALLS]);
}

LOOP_TEST(nothing_is_called_in_a_child, COUNT(environments))
{
    run(environments[_i], "fork");
}

LOOP_TEST(the_kernels_strict_sandbox_is_not_left, COUNT(environments))
{
    run(environments[_i], "strict");
    ck_assert_str_eq(shell.err, "strict\n");
}

/* Else the sandbox would not judge: the library is there, and says so before. */
TEST(the_library_is_there)
{
    shell_run(&shell, "mkfifo fifo; exec 9<>fifo; LD_PRELOAD=$LIBIMDSHIM "
                      "IMDSHIM_FIFO=$PWD/fifo IMDSHIM_EVENTS=all $DOUBLES/bystander nothing;"
                      "read -r line <&9; echo \"$line\"");
    ck_assert_msg(strstr(shell.out, " loaded ") != NULL, "%s%s", shell.out, shell.err);
    ck_assert_ptr_nonnull(strstr(shell.out, " exe=bystander"));
    ck_assert_int_eq(shell_count_lines(shell.out, "\n"), 1);
}

/* And it does judge. */
TEST(the_sandbox_ends_who_calls_more)
{
    shell_run(&shell, "ulimit -c 0; exec $DOUBLES/bystander close");
    ck_assert_int_eq(shell_status(&shell), 128 + SIGSYS);
}

/* By the launcher, with all that it asks for. */
static const char *const launches[] = {
    "$IMDSHIM run -v --",
    "$IMDSHIM exec -v --fd 9 --",
    "$IMDSHIM run -v --only-me -p 8888 --",
};

LOOP_TEST(a_helper_that_has_put_itself_into_a_sandbox_ends_well, COUNT(launches))
{
    for (int i = 0; i < CALLS; i++) {
        shell_run(&shell,
                  "ulimit -c 0; exec %s sh -c '$DOUBLES/bystander %s; exit $?' 9>events",
                  launches[_i], calls[i]);
        ck_assert_msg(shell_status(&shell) == 0, "%s: status %d: %s", calls[i],
                      shell_status(&shell), shell.err);
    }
}
