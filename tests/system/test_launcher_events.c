/* What is said where: events on --fd and --fifo, lines on stderr, nothing on stdout. */
#include <regex.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

#define TALKER ENGINE " print=out listen=127.0.0.1 print-port wait exit=4"

static const char listening[] =
    "^[1-9][0-9]{0,4} listening host=[^ ]+ addr=127\\.0\\.0\\.1 asked=0 pid=[1-9][0-9]* "
    "fd=[0-9]+ exe=launcher-engine object=launcher-engine$";
static const char listening_with_namespace[] =
    "^[1-9][0-9]{0,4} listening host=[^ ]+ addr=127\\.0\\.0\\.1 asked=0 pid=[1-9][0-9]* "
    "fd=[0-9]+ netns=[1-9][0-9]* exe=launcher-engine object=launcher-engine$";
static const char ready[] = "^[1-9][0-9]{0,4} ready pid=[1-9][0-9]*$";

static void assert_matches(const char *line, const char *expression)
{
    regex_t compiled;

    ck_assert_int_eq(regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&compiled, line, 0, NULL, 0) == 0, "'%s' does not match '%s'", line,
                  expression);
    regfree(&compiled);
}

/* The number that a key has in a line. */
static long value_of(const char *line, const char *key)
{
    const char *at = strstr(line, key);

    ck_assert_msg(at != NULL, "'%s' has no '%s'", line, key);
    return atol(at + strlen(key));
}

/* What was written to the file "events", line by line. */
static void assert_events(const char *const *expressions, long port)
{
    FILE *file = fopen("events", "re");
    char line[4096];

    ck_assert_ptr_nonnull(file);
    for (; *expressions != NULL; expressions++) {
        ck_assert_msg(fgets(line, sizeof line, file) != NULL, "no line '%s'", *expressions);
        ck_assert_ptr_nonnull(strchr(line, '\n'));
        line[strcspn(line, "\n")] = '\0';
        assert_matches(line, *expressions);
        if (line[0] != '0')
            ck_assert_int_eq(atol(line), port);
    }
    ck_assert_msg(fgets(line, sizeof line, file) == NULL, "one line too many: %s", line);
    fclose(file);
}

static const char *const two[] = {listening, ready, NULL};
static const char *const all[] = {
    "^0 loaded pid=[1-9][0-9]* exe=launcher-engine comm=launcher-engine$",
    listening_with_namespace, ready, NULL};

/* To a reader that opens it for reading only, a FIFO ends with each event. */
static const char *const channels[] = {
    "$IMDSHIM exec --fd 3 -- " TALKER " 3>events",
    "mkfifo f; exec 5<>f; $IMDSHIM exec --fifo f -- " TALKER "; s=$?; echo end >&5;"
    "while read -r line <&5 && [ \"$line\" != end ]; do echo \"$line\"; done >events; exit $s",
    "mkfifo f; cat f >events & $IMDSHIM exec --fd 7 -- " TALKER " 7>f; s=$?; wait; exit $s",
    "{ $IMDSHIM exec --fd 3 -- " TALKER " 3>&1 >&4 | cat >events; } 4>&1; exit 4",
};

enum { CHANNELS = sizeof channels / sizeof channels[0] };

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(exec_tells_the_port_and_the_engine_is_as_without_it, CHANNELS)
{
    struct shell shell;

    shell_run(&shell, "%s", channels[_i]);
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_str_eq(shell.err, "");
    ck_assert_int_eq(strncmp(shell.out, "out\n", 4), 0);
    assert_events(two, atol(shell.out + 4));
}

TEST(exec_with_v_tells_all_events)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM exec --fd 3 -v -- " TALKER " 3>events");
    ck_assert_int_eq(shell_status(&shell), 4);
    assert_events(all, atol(shell.out + 4));
    ck_assert_str_eq(shell.err, "");
}

TEST(the_events_name_the_process_the_descriptor_and_the_host)
{
    struct shell shell;
    char line[4096], host[256] = "", expected[300];

    shell_run(&shell, "exec $IMDSHIM exec --fd 3 -- " ENGINE " pids listen=127.0.0.1 3>events");
    read_line("events", line, sizeof line);
    ck_assert_int_eq(value_of(line, " pid="), read_pid("engine"));
    ck_assert_int_ge(value_of(line, " fd="), 3);
    ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
    snprintf(expected, sizeof expected, " host=%s ", host);
    ck_assert_ptr_nonnull(strstr(line, expected));
}

TEST(a_shell_reads_the_port_with_read)
{
    struct shell shell;
    char expected[32];

    shell_run(&shell,
              "mkfifo f; $IMDSHIM exec --fifo f -- " ENGINE " listen=127.0.0.1 print-port"
              " until=stop & exec 5<f; read -r port event rest <&5;"
              "echo \"$port $event\"; >stop; wait $!");
    snprintf(expected, sizeof expected, "%d listening\n", atoi(shell.out));
    ck_assert_msg(shell_count_lines(shell.out, expected) == 1 &&
                      shell_count_lines(shell.out, "\n") == 2,
                  "%s", shell.out);
}

TEST(a_name_with_a_space_is_escaped)
{
    struct shell shell;

    shell_run(&shell, "cp " ENGINE " 'my engine'; $IMDSHIM exec --fd 3 -- './my engine'"
                      " listen=127.0.0.1 3>events; cut -d ' ' -f 8- events");
    ck_assert_str_eq(shell.out, "exe=my%20engine object=my%20engine\n");
}

TEST(exec_is_no_process_of_its_own)
{
    struct shell shell;

    shell_run(&shell, "echo $$; exec $IMDSHIM exec --fd 3 -- sh -c 'echo $$' 3>events");
    ck_assert_int_eq(atol(shell.out), atol(strchr(shell.out, '\n') + 1));
}

/* stdout, stderr and status of run, by its option. */
static const struct {
    const char *option;
    int lines;
} verbosities[] = {{"-q", 0}, {"", 1}, {"-v", 3}};

LOOP_TEST(stdout_is_the_engines_alone_and_stderr_has_a_line, 3)
{
    struct shell shell;
    char first[128];

    shell_run(&shell,
              "exec $IMDSHIM run %s -- " ENGINE " pids listen=127.0.0.1 print-port wait exit=4",
              verbosities[_i].option);
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.out, "\n"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "\n"), verbosities[_i].lines);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), verbosities[_i].lines);
    if (verbosities[_i].lines == 0)
        return;
    snprintf(first, sizeof first,
             "imdshim: launcher-engine[%ld] listens on 127.0.0.1:%d (asked for 0)\n",
             (long)read_pid("engine"), atoi(shell.out));
    ck_assert_int_eq(strncmp(shell.err, first, strlen(first)), 0);
}

TEST(an_ipv6_address_is_in_brackets)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -- " ENGINE " listen=::ffff:127.0.0.1 exit=4");
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on [::ffff:127.0.0.1]:"), 1);
}

TEST(every_listener_is_named_with_v_and_why_it_was_not_taken)
{
    struct shell shell;

    shell_run(&shell, "cp " ENGINE " orted; $IMDSHIM run -v -- sh -c './orted listen=127.0.0.1;"
                      "exec " ENGINE " listen=127.0.0.1 listen=127.0.0.1 exit=4'");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, "ignored port "), 2);
    ck_assert_int_eq(shell_count_lines(shell.err, " of orted["), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on "), 1);
}

TEST(nothing_is_said_of_other_listeners_without_v)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM run -- " ENGINE " listen=127.0.0.1 listen=127.0.0.1");
    ck_assert_int_eq(shell_count_lines(shell.err, "\n"), 1);
}

TEST(quiet_runs_say_nothing_whatever_happens)
{
    static const char *const commands[] = {"true", "-t 1 -- sleep 20", "-c true -- true",
                                           "env -i true", "-c 'exit 3' -- " TALKER " until=x"};
    struct shell shell;

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        shell_run(&shell, "exec $IMDSHIM run -q %s", commands[i]);
        ck_assert_str_eq(shell.err, "");
    }
}

/* One message for each write(2): between two of ours the engine could write one of its own. */
TEST(a_line_is_written_in_one_piece)
{
    char message[4096];
    int ends[2];
    ssize_t length;
    pid_t pid;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        execl("/bin/sh", "sh", "-c",
              "exec $IMDSHIM run -v -- " ENGINE " listen=127.0.0.1 wait listen=127.0.0.1",
              (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    for (int lines = 0;; lines++) {
        length = recv(ends[0], message, sizeof message - 1, MSG_DONTWAIT);
        if (length <= 0) {
            ck_assert_int_ge(lines, 3);
            break;
        }
        message[length] = '\0';
        assert_one_line(message, "imdshim: ");
    }
    close(ends[0]);
}
