/*
 * imdshim watch against the stand-in server: what it prints, how it leaves, how it fails.
 */
#include <arpa/inet.h>
#include <regex.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/support/suite.h"
#include "tests/support/terminal.h"
#include "tests/system/support/launcher.h"

/* serve MODE: start the server and learn its port. finish: tell both statuses. */
#define SERVE                                                                                  \
    "serve() { $DOUBLES/imd-server $1 >server & server=$!;"                                    \
    "until [ -s server ]; do sleep 0.01; done; read -r port <server; };"                       \
    "finish() { status=$?; wait $server; echo \"watch $status server $?\"; };"

static void assert_matches(const char *text, const char *pattern)
{
    regex_t regex;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, text, 0, NULL, 0) == 0, "'%s' is not '%s'", text, pattern);
    regfree(&regex);
}

/* A server that runs beside the test, with its port; for tests that must signal the client. */
static int start_server(struct shell *server, const char *mode)
{
    shell_start(server, "exec $DOUBLES/imd-server %s", mode);
    ck_assert(shell_wait_for_out(server, "\n"));
    return atoi(server->out);
}

static void start_endless_watch(struct shell *server, struct shell *watch, const char *prefix)
{
    int port = start_server(server, "endless");

    shell_start(watch, "exec %s $IMDSHIM watch %d", prefix, port);
    ck_assert(shell_wait_for_err(server, "go\n"));
    shell_pause(100);
}

/* Bound, so that nobody else gets it, but not listening. */
static int reserve_port(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&here, length), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&here, &length), 0);
    return ntohs(here.sin_port);
}

static const char *const runs[][2] = {
    {"v2", "IMD v2, last step 40, T 94\\.5 K, 0\\.4 kB in "},
    {"v2-big-endian", "IMD v2, last step 40, T 94\\.5 K, 0\\.4 kB in "},
    {"v3", "IMD v3, last step 40, time 20\\.000, T 94\\.5 K, 1\\.0 kB in "},
    {"v3-big-endian", "IMD v3, last step 40, time 20\\.000, T 94\\.5 K, 1\\.0 kB in "},
};

enum { RUNS = sizeof runs / sizeof runs[0] };

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(a_run_is_summed_up_in_one_line, RUNS)
{
    struct shell shell;
    char pattern[256];

    shell_run(&shell, SERVE "serve %s; $IMDSHIM watch $port; finish", runs[_i][0]);
    snprintf(pattern, sizeof pattern,
             "^4 frames of 3 atoms, %s[0-9.]+ s(: [0-9]+.*frames/s, [0-9.]+ .B/s)?\n"
             "watch 0 server 0\n$",
             runs[_i][1]);
    assert_matches(shell.out, pattern);
    ck_assert_str_eq(shell.err, "");
}

static const char *const addresses[] = {"127.0.0.1:$port", "localhost:$port",
                                        "imd://127.0.0.1:$port", "imd://localhost:$port"};

enum { ADDRESSES = sizeof addresses / sizeof addresses[0] };

LOOP_TEST(the_server_can_be_named_by_address_name_or_url, ADDRESSES)
{
    struct shell shell;

    shell_run(&shell, SERVE "serve slow-go; $IMDSHIM watch %s; finish", addresses[_i]);
    assert_matches(shell.out, "^1 frame of 3 atoms, .*\nwatch 0 server 0\n$");
}

static const struct failure {
    const char *mode;
    const char *text;
    bool told; /* the client has sent GO and owes the server a DISCONNECT */
} failures[] = {
    {"close-at-once", "closed the connection before the handshake", false},
    {"version-9", "speaks IMD version 9, this client speaks 2 and 3", false},
    {"truncated", "the stream breaks off inside a packet", false},
    {"absurd-count", "malformed stream: FCOORDS packet of 2147483647 atoms", true},
    {"negative-count", "malformed stream: FCOORDS packet of -1 atoms", true},
    {"unknown-packet", "malformed stream: packet of the unknown type 99", true},
    {"silent", "says nothing: no IMD handshake within 1 s", false},
    {"stalled", "silent for longer than -t allows (frames so far: 4)", true},
};

enum { FAILURES = sizeof failures / sizeof failures[0] };

LOOP_TEST(a_stream_that_is_wrong_is_one_line_on_stderr, FAILURES)
{
    const struct failure *failure = &failures[_i];
    struct shell shell;

    shell_run(&shell, SERVE "serve %s; $IMDSHIM watch -t 1 $port; finish; tail -n +2 server",
              failure->mode);
    assert_one_line(shell.err, "imdshim: 127.0.0.1:");
    ck_assert_msg(strstr(shell.err, failure->text) != NULL, "%s", shell.err);
    ck_assert_str_eq(shell.out,
                     failure->told ? "watch 1 server 0\ndisconnect\n" : "watch 1 server 0\n");
}

static const char *const unreachable[][2] = {
    {"", "nobody listens at 127.0.0.1:"},
    {"[::1]:", " [::1]:"},
    {"no-such-host.invalid:", "cannot find the host of no-such-host.invalid:"},
};

enum { UNREACHABLE = sizeof unreachable / sizeof unreachable[0] };

LOOP_TEST(a_server_that_cannot_be_reached_is_told, UNREACHABLE)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM watch '%s%d'", unreachable[_i][0], reserve_port());
    ck_assert_int_eq(shell_status(&shell), EXIT_FAILURE);
    assert_one_line(shell.err, "imdshim: ");
    ck_assert_msg(strstr(shell.err, unreachable[_i][1]) != NULL, "%s", shell.err);
    ck_assert_str_eq(shell.out, "");
}

static const char *const bad_operands[] = {
    "''",        "0",       "65536",    "-- -1",    "+80",   "' 80'",
    "8888x",     "host:",   ":8888",    "::1:8888", "[::1]", "imd://localhost",
    "imd://:80", "'[]:80'", "8888 8889"};

enum { BAD_OPERANDS = sizeof bad_operands / sizeof bad_operands[0] };

LOOP_TEST(a_bad_operand_is_bad_usage, BAD_OPERANDS)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM watch %s", bad_operands[_i]);
    ck_assert_msg(shell_status(&shell) == 125, "%s: %d", bad_operands[_i],
                  shell_status(&shell));
    assert_one_line(shell.err, "imdshim: ");
    ck_assert_str_eq(shell.out, "");
}

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

enum { ENDING = sizeof ending / sizeof ending[0] };

/* By each of the signals, and by all of them at once. */
LOOP_TEST(a_client_that_is_told_to_leave_says_so_to_the_server, ENDING + 1)
{
    struct shell server, watch;

    start_endless_watch(&server, &watch, "");
    for (int i = 0; i < ENDING; i++)
        if (_i == i || _i == ENDING)
            kill(watch.pid, ending[i]);
    shell_finish(&watch);
    shell_finish(&server);
    ck_assert_int_eq(shell_status(&watch), EXIT_SUCCESS);
    assert_matches(watch.out, "^[0-9]+ frames? of 3 atoms, IMD v2, .*frames/s, .*/s\n$");
    ck_assert_str_eq(watch.err, "");
    ck_assert_int_eq(shell_status(&server), EXIT_SUCCESS);
    ck_assert_ptr_nonnull(strstr(server.out, "\ndisconnect\n"));
}

TEST(a_signal_that_was_ignored_stays_so)
{
    struct shell server, watch;

    start_endless_watch(&server, &watch, "env --ignore-signal=HUP");
    kill(watch.pid, SIGHUP);
    shell_pause(300);
    ck_assert_int_eq(waitpid(watch.pid, NULL, WNOHANG), 0);
    kill(watch.pid, SIGTERM);
    shell_finish(&watch);
    shell_finish(&server);
    ck_assert_int_eq(shell_status(&watch), EXIT_SUCCESS);
}

TEST(a_client_that_waits_for_the_handshake_leaves_at_once)
{
    struct shell server, watch;
    int port = start_server(&server, "silent");

    shell_start(&watch, "exec $IMDSHIM watch %d", port);
    shell_pause(launcher_is_wrapped() ? 3000 : 300);
    kill(watch.pid, SIGTERM);
    shell_finish(&watch);
    shell_finish(&server);
    ck_assert_int_eq(shell_status(&watch), EXIT_SUCCESS);
    assert_matches(watch.out, "^0 frames, 0\\.0 kB in 0\\.00 s\n$");
}

TEST(output_that_cannot_be_written_is_a_failure)
{
    struct shell shell;

    shell_run(&shell, SERVE "serve v2; $IMDSHIM watch $port >/dev/full; finish");
    ck_assert_str_eq(shell.out, "watch 1 server 0\n");
    assert_one_line(shell.err, "imdshim: cannot write to standard output");
}

enum { NARROW = 40 };

static void assert_lines_fit(const char *screen)
{
    const char *line = strchr(screen, '\r');

    while (line != NULL) {
        size_t length = strcspn(line + 1, "\r");

        if (memmem(line + 1, length, " of 3 atoms", 11) == NULL)
            ck_assert_msg(length < NARROW, "too wide: '%.*s'", (int)length, line + 1);
        line = strchr(line + 1, '\r');
    }
}

TEST(on_a_terminal_one_line_is_rewritten_until_the_end)
{
    struct shell server;
    static struct terminal terminal;
    char command[256];
    int port = start_server(&server, "endless");

    snprintf(command, sizeof command, "stty cols %d; exec $IMDSHIM watch %d", NARROW, port);
    terminal_start(&terminal, command);
    for (int i = 0; i < 4; i++)
        ck_assert(terminal_wait_for(&terminal, "frames/s"));
    ck_assert_ptr_null(strchr(terminal.screen, '\n'));
    terminal_type(&terminal, "\003");
    terminal_finish(&terminal);
    shell_finish(&server);
    ck_assert(WIFEXITED(terminal.wait_status) && WEXITSTATUS(terminal.wait_status) == 0);
    ck_assert_int_eq(shell_status(&server), EXIT_SUCCESS);
    assert_lines_fit(terminal.screen);
    assert_matches(terminal.screen, "\r[0-9]+ frames of 3 atoms, IMD v2, [^\r\n]*/s\r\n$");
}

TEST(on_a_terminal_a_failure_has_a_line_of_its_own)
{
    struct shell server;
    static struct terminal terminal;
    char command[256];
    int port = start_server(&server, "truncated");

    snprintf(command, sizeof command, "exec $IMDSHIM watch %d", port);
    terminal_start(&terminal, command);
    terminal_finish(&terminal);
    shell_finish(&server);
    ck_assert(WIFEXITED(terminal.wait_status) && WEXITSTATUS(terminal.wait_status) == 1);
    assert_matches(terminal.screen, "^\r[^\n]*\nimdshim: 127[^\n]*breaks off[^\n]*\n$");
}

/* The stand-in has no time in version 2, and its numbers have short texts. */
static const struct {
    const char *mode, *option, *rows;
} tables[] = {
    {"v2", "--csv",
     "frame,step,time,temperature,total,potential,van_der_waals,electrostatic,bond,angle,"
     "dihedral,improper\n"
     "0,10,,94.5,-100.25,-200.5,0,1,2,3,4,5\n"
     "1,20,,94.5,-100.25,-200.5,0,1,2,3,4,5\n"
     "2,30,,94.5,-100.25,-200.5,0,1,2,3,4,5\n"
     "3,40,,94.5,-100.25,-200.5,0,1,2,3,4,5\n"},
    {"v3-big-endian", "--csv",
     "frame,step,time,temperature,total,potential,van_der_waals,electrostatic,bond,angle,"
     "dihedral,improper\n"
     "0,10,5,94.5,-100.25,-200.5,0,1,2,3,4,5\n"
     "1,20,10,94.5,-100.25,-200.5,0,1,2,3,4,5\n"
     "2,30,15,94.5,-100.25,-200.5,0,1,2,3,4,5\n"
     "3,40,20,94.5,-100.25,-200.5,0,1,2,3,4,5\n"},
    {"slow-go", "--json",
     "{\"frame\": 0, \"step\": 10, \"time\": null, \"temperature\": 94.5, \"total\": -100.25, "
     "\"potential\": -200.5, \"van_der_waals\": 0, \"electrostatic\": 1, \"bond\": 2, "
     "\"angle\": 3, \"dihedral\": 4, \"improper\": 5}\n"},
};

LOOP_TEST(each_frame_is_a_row_for_who_asks_for_it, COUNT(tables))
{
    struct shell shell;

    shell_run(&shell, SERVE "serve %s; $IMDSHIM watch %s $port; finish >end; cat end >&2",
              tables[_i].mode, tables[_i].option);
    ck_assert_str_eq(shell.out, tables[_i].rows);
    ck_assert_str_eq(shell.err, "watch 0 server 0\n");
}

/* The server is told, and nothing is said. */
TEST(when_who_reads_the_rows_ends_the_watching_does)
{
    struct shell shell;

    shell_run(&shell, SERVE "serve endless 2>go;"
                            "{ $IMDSHIM watch --csv $port; echo $? >status; } | head -n 3;"
                            "wait $server; cat status; tail -n 1 server");
    ck_assert_int_eq(shell_count_lines(shell.out, "frame,step"), 1);
    ck_assert_ptr_nonnull(
        strstr(shell.out, "\n1,20,,94.5,-100.25,-200.5,0,1,2,3,4,5\n0\ndisconnect\n"));
    ck_assert_str_eq(shell.err, "");
}

TEST(rows_that_cannot_be_written_are_a_failure)
{
    struct shell shell;

    shell_run(&shell, SERVE "serve v2; $IMDSHIM watch --json $port >/dev/full; finish");
    ck_assert_str_eq(shell.out, "watch 1 server 0\n");
    assert_one_line(shell.err, "imdshim: cannot write to standard output");
}
