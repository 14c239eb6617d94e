/*
 * A client that waits at the gate has signals and threads as any other: a handler ends its
 * connect(2) by EINTR, and what comes then completes the connection, as POSIX has it.
 */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

/* The engine is ready once the client has been interrupted and has waited in vain. */
#define RUN "exec $IMDSHIM run -q -p 8888 -c '$DOUBLES/gate-waits %s 8888' -- "
#define ENGINE_SERVES "$DOUBLES/gate-engine 127.0.0.1 8888 until=go listen serve=%d"
#define ENGINE_ENDS "$DOUBLES/gate-engine 127.0.0.1 8888 until=go exit=3"

static const struct {
    const char *how, *out;
    int clients;
} ways[] = {
    {"again", "interrupted\nmet\n", 1},
    {"poll", "interrupted\nno result\nmet\n", 1},
    {"poll-chk", "interrupted\nno result\nmet\n", 1},
    {"ppoll", "interrupted\nno result\nmet\n", 1},
    {"select", "interrupted\nno result\nmet\n", 1},
    {"pselect", "interrupted\nno result\nmet\n", 1},
    {"nonblocking", "interrupted\nno result\nmet\n", 1},
    {"epoll", "interrupted\nmet\n", 1},
    {"several",
     "interrupted\ninterrupted\ninterrupted\ninterrupted\ninterrupted\nno result\n"
     "met\nmet\nmet\nmet\nmet\n",
     5},
    {"mask", "interrupted\ninterrupted again\nmet\n", 1},
    {"cancel", "interrupted\nmet\n", 1},
    {"jump", "interrupted\nmet\n", 1},
};

static struct shell shell;

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(what_comes_after_an_interrupted_connect_completes_it, COUNT(ways))
{
    shell_run(&shell, RUN ENGINE_SERVES, ways[_i].how, ways[_i].clients);
    ck_assert_msg(shell_status(&shell) == 0, "%s: status %d: %s%s", ways[_i].how,
                  shell_status(&shell), shell.out, shell.err);
    ck_assert_str_eq(shell.out, ways[_i].out);
}

/* Whatever has been waited for before, the last line is a refusal: of each socket. */
LOOP_TEST(an_engine_that_ends_first_refuses_whoever_was_interrupted, COUNT(ways))
{
    const char *last;

    shell_run(&shell, RUN ENGINE_ENDS, ways[_i].how);
    ck_assert_msg(shell_status(&shell) == 125, "%s: status %d: %s%s", ways[_i].how,
                  shell_status(&shell), shell.out, shell.err);
    last = strstr(shell.out, "failed ");
    ck_assert_msg(last != NULL, "%s", shell.out);
    ck_assert_int_eq(shell_count_lines(shell.out, "failed ECONNREFUSED"), ways[_i].clients);
    ck_assert_int_eq(shell_count_lines(shell.out, "met"), 0);
}

/* ---- Python: PEP 475 ---- */

static bool has_python(void)
{
    return suite_has_program("python3", "clients in Python that get signals");
}

TEST_OPTIONS(IN_SANDBOX, .needs = has_python);

#define PYTHON "python3 -c '\\''import os, signal, socket, time\n%s'\\'"
#define WITH_PYTHON "exec $IMDSHIM run -q -p 8888 -c '" PYTHON " -- "
#define GO "open(\"go\", \"w\").close()\n"
#define HEAR "print(int(s.recv(9)) == s.getpeername()[1] != 8888)\n"
#define EVERY_MOMENT "signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)\n"
#define NO_MORE "signal.setitimer(signal.ITIMER_REAL, 0)\n"

/* A handler that raises: a client that gives itself a limit. It may come again. */
#define RAISES                                                                                 \
    "def handler(*a):\n    raise TimeoutError(\"alarm\")\n"                                    \
    "signal.signal(signal.SIGALRM, handler)\n" EVERY_MOMENT "try:\n    %s\n"                   \
    "except TimeoutError as e:\n    " NO_MORE "    print(e)\n" GO

static const char *const raised_in[] = {
    "socket.socket().connect((\"127.0.0.1\", 8888))",
    "socket.create_connection((\"localhost\", 8888))",
    "socket.create_connection((\"127.0.0.1\", 8888), timeout=30)",
    "s = socket.socket(); s.setblocking(False); s.connect((\"127.0.0.1\", 8888))",
};

LOOP_TEST(a_handler_that_raises_ends_the_connect_in_python, COUNT(raised_in))
{
    char code[2048];

    snprintf(code, sizeof code, RAISES "%s" HEAR, raised_in[_i],
             "s = socket.create_connection((\"127.0.0.1\", 8888))\n");
    shell_run(&shell, WITH_PYTHON ENGINE_SERVES, code, 1);
    ck_assert_msg(shell_status(&shell) == 0, "status %d: %s", shell_status(&shell), shell.err);
    ck_assert_str_eq(shell.out, "alarm\nTrue\n");
}

/* A handler that does not: Python goes on by itself, and only the time limit ends that. */
#define COUNTS                                                                                 \
    "n = 0\ndef handler(*a):\n    global n\n    n += 1\n    if n == 5:\n        " GO           \
    "signal.signal(signal.SIGALRM, handler)\n" EVERY_MOMENT

static const char *const counted_in[] = {
    "s = socket.socket(); s.connect((\"127.0.0.1\", 8888))\n",
    "s = socket.create_connection((\"127.0.0.1\", 8888), timeout=30)\n",
    "s = socket.socket(); s.settimeout(30); s.connect((\"127.0.0.1\", 8888))\n",
};

LOOP_TEST(a_handler_that_does_not_raise_leaves_the_connect_in_python_alone, COUNT(counted_in))
{
    char code[2048];

    snprintf(code, sizeof code, COUNTS "%s" NO_MORE "print(n >= 5)\n" HEAR, counted_in[_i]);
    shell_run(&shell, WITH_PYTHON ENGINE_SERVES, code, 1);
    ck_assert_msg(shell_status(&shell) == 0, "status %d: %s", shell_status(&shell), shell.err);
    ck_assert_str_eq(shell.out, "True\nTrue\n");
}

/* After a signal the limit holds, whatever comes of the engine: it is never ready here. */
TEST(a_time_limit_in_python_holds_after_a_signal)
{
    shell_run(
        &shell, WITH_PYTHON ENGINE_ENDS,
        "signal.signal(signal.SIGALRM, lambda *a: None)\n" EVERY_MOMENT
        "s = socket.socket(); s.settimeout(1)\nstart = time.monotonic()\n"
        "try:\n    s.connect((\"127.0.0.1\", 8888))\n"
        "except TimeoutError as e:\n    print(time.monotonic() - start >= 1)\n" NO_MORE GO);
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_str_eq(shell.out, "True\n");
}

/* The refusal is the exception that Python has for it. */
TEST(an_engine_that_ends_first_is_a_refusal_in_python)
{
    shell_run(&shell, WITH_PYTHON ENGINE_ENDS,
              COUNTS "try:\n    socket.create_connection((\"127.0.0.1\", 8888))\n"
                     "except ConnectionRefusedError:\n    print(\"refused\")\n");
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_str_eq(shell.out, "refused\n");
}
