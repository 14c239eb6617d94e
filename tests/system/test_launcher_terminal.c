/* At a terminal: interrupts, job control and reading, as without the prefix. */
#include "tests/support/suite.h"
#include "tests/support/terminal.h"
#include "tests/system/support/launcher.h"

#define COUNTER ENGINE " pids catch print=begin until=stop exit=7 >log"

/* A command of an interactive shell; what it prints is in the file "log". */
struct job {
    struct terminal terminal;
    pid_t engine, launcher;
};

static void expect(struct job *job, const char *text)
{
    ck_assert_msg(terminal_wait_for(&job->terminal, text), "'%s' does not come:\n%s", text,
                  job->terminal.screen);
}

static const char *read_log(void)
{
    static char text[4096];
    FILE *file = fopen("log", "re");

    text[0] = '\0';
    if (file == NULL)
        return text;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void expect_in_log(const char *line)
{
    for (int i = 0; i < SHELL_SECONDS * 100 && strstr(read_log(), line) == NULL; i++)
        shell_pause(10);
    ck_assert_msg(strstr(read_log(), line) != NULL, "'%s' does not come: %s", line, read_log());
}

static void type_command(struct job *job, const char *command)
{
    terminal_type(&job->terminal, command);
    terminal_type(&job->terminal, "\n");
}

static void start(struct job *job, const char *command)
{
    terminal_start(&job->terminal, NULL);
    type_command(job, command);
    expect_in_log("begin\n");
    job->engine = read_pid("engine");
    job->launcher = read_pid("launcher");
}

/* In order: what came twice has come twice before this. */
static void send_marker(struct job *job)
{
    kill(job->launcher, SIGUSR1);
    expect_in_log("got 10.\n");
}

static void leave(struct job *job)
{
    type_command(job, "exit 0");
    terminal_finish(&job->terminal);
    ck_assert_int_eq(job->terminal.wait_status, 0);
}

static void end_and_leave(struct job *job, const char *status)
{
    make_file("stop");
    expect(job, "bash");
    type_command(job, "echo status=$?");
    expect(job, status);
    leave(job);
}

/* The shell names the job once it has found it: from then on it may end. */
static void bring_to_foreground(struct job *job)
{
    type_command(job, "fg");
    expect(job, "fg");
    expect(job, "$IMDSHIM run");
}

static void assert_stopped(struct job *job)
{
    expect(job, "Stopped");
    wait_for_state(job->engine, "T");
    wait_for_state(job->launcher, "T");
}

static void assert_running(struct job *job)
{
    wait_for_state(job->engine, "SR");
    wait_for_state(job->launcher, "SR");
}

static void type_key(const char *key, const char *line)
{
    struct job job;

    start(&job, "$IMDSHIM run -q -- " COUNTER);
    terminal_type(&job.terminal, key);
    expect_in_log(line);
    send_marker(&job);
    end_and_leave(&job, "status=7");
    ck_assert_int_eq(shell_count_lines(read_log(), line), 1);
}

TEST_OPTIONS(IN_SANDBOX);

TEST(an_interrupt_typed_reaches_the_engine_once_and_its_status_counts)
{
    type_key("\003", "got 2.\n");
}

TEST(a_quit_typed_reaches_the_engine_once_and_its_status_counts)
{
    type_key("\034", "got 3.\n");
}

TEST(an_engine_ended_by_an_interrupt_ends_us_by_it_so_that_the_shell_knows)
{
    struct job job;

    start(&job, "$IMDSHIM run -q -- " ENGINE " pids print=begin until=stop >log; >went-on");
    terminal_type(&job.terminal, "\003");
    wait_for_state(job.launcher, NO_PROCESS);
    type_command(&job, "echo status=$?");
    expect(&job, "status=130");
    ck_assert(!exists("went-on"));
    leave(&job);
}

TEST(an_interrupt_typed_passes_through_two_of_us_once)
{
    struct job job;

    start(&job, "$IMDSHIM run -q -- $IMDSHIM run -q -- " COUNTER);
    terminal_type(&job.terminal, "\003");
    expect_in_log("got 2.\n");
    send_marker(&job);
    end_and_leave(&job, "status=7");
    ck_assert_int_eq(shell_count_lines(read_log(), "got 2.\n"), 1);
}

TEST(an_interrupt_typed_ends_the_client_and_sends_the_engine_nothing_more)
{
    struct job job;

    start(&job, "$IMDSHIM run -q -c 'echo $$ >client; exec sleep 30' -- " ENGINE
                " pids catch listen=127.0.0.1 wait until=client print=begin until=stop exit=7"
                " >log");
    terminal_type(&job.terminal, "\003");
    expect_in_log("got 2.\n");
    wait_for_state(read_pid("client"), NO_PROCESS);
    send_marker(&job);
    end_and_leave(&job, "status=7");
    ck_assert_int_eq(shell_count_lines(read_log(), "got 2.\n"), 1);
    ck_assert_int_eq(shell_count_lines(read_log(), "got 15.\n"), 0);
}

/*
 * We are what the terminal was opened for (ssh -t, xterm -e): the kernel tells a session leader
 * alone that the terminal is gone.
 */
TEST(a_hang_up_of_the_terminal_reaches_the_engine_once)
{
    struct job job;

    memset(&job, 0, sizeof job);
    terminal_start(&job.terminal, "exec $IMDSHIM run -q -- " COUNTER);
    expect_in_log("begin\n");
    job.launcher = read_pid("launcher");
    close(job.terminal.fd);
    expect_in_log("got 1.\n");
    send_marker(&job);
    make_file("stop");
    wait_for_state(job.launcher, "Z");
    ck_assert_int_eq(shell_count_lines(read_log(), "got 1.\n"), 1);
}

TEST(a_stop_typed_stops_both_and_fg_lets_both_go_on, .needs = launcher_is_bare)
{
    struct job job;

    start(&job, "$IMDSHIM run -q -- " COUNTER);
    for (int i = 0; i < 3; i++) {
        terminal_type(&job.terminal, "\032");
        assert_stopped(&job);
        type_command(&job, "fg");
        assert_running(&job);
    }
    send_marker(&job);
    end_and_leave(&job, "status=7");
}

TEST(bg_lets_both_go_on_and_fg_brings_them_back, .needs = launcher_is_bare)
{
    struct job job;

    start(&job, "$IMDSHIM run -q -- " COUNTER);
    terminal_type(&job.terminal, "\032");
    assert_stopped(&job);
    type_command(&job, "bg");
    assert_running(&job);
    send_marker(&job);
    type_command(&job, "jobs");
    expect(&job, "Running");
    bring_to_foreground(&job);
    end_and_leave(&job, "status=7");
}

TEST(a_client_is_stopped_and_continued_with_the_engine, .needs = launcher_is_bare)
{
    struct job job;
    pid_t client;

    start(&job,
          "$IMDSHIM run -q -c 'echo $$ >client; exec sleep 30' --stop-with-client -- " ENGINE
          " pids listen=127.0.0.1 wait until=client print=begin until=stop >log");
    client = read_pid("client");
    terminal_type(&job.terminal, "\032");
    assert_stopped(&job);
    wait_for_state(client, "T");
    type_command(&job, "fg");
    assert_running(&job);
    wait_for_state(client, "S");
    kill(client, SIGKILL);
    expect(&job, "bash");
    type_command(&job, "echo status=$?");
    expect(&job, "status=137");
    leave(&job);
}

TEST(a_stop_sent_to_us_alone_stops_the_engine_too, .needs = launcher_is_bare)
{
    struct job job;

    start(&job, "$IMDSHIM run -q -- " COUNTER);
    kill(job.launcher, SIGTSTP);
    assert_stopped(&job);
    type_command(&job, "fg");
    assert_running(&job);
    send_marker(&job);
    end_and_leave(&job, "status=7");
}

TEST(a_continue_sent_to_us_alone_continues_the_engine_too, .needs = launcher_is_bare)
{
    struct job job;

    start(&job, "$IMDSHIM run -q -- " COUNTER);
    kill(job.launcher, SIGTSTP);
    assert_stopped(&job);
    kill(job.launcher, SIGCONT);
    assert_running(&job);
    send_marker(&job);
    bring_to_foreground(&job);
    end_and_leave(&job, "status=7");
}

static const char *const prefixes[] = {"$IMDSHIM run -q --", "$IMDSHIM exec -q --fd 3 --"};

LOOP_TEST(the_engine_reads_the_terminal, 2)
{
    struct terminal terminal;
    char command[256];

    snprintf(command, sizeof command,
             "exec 3>/dev/null; exec %s sh -c 'tty; read line; echo \"<$line>\"'",
             prefixes[_i]);
    terminal_start(&terminal, command);
    ck_assert(terminal_wait_for(&terminal, "/dev/"));
    terminal_type(&terminal, "hello\n");
    ck_assert(terminal_wait_for(&terminal, "<hello>"));
    terminal_finish(&terminal);
    ck_assert_int_eq(terminal.wait_status, 0);
}

TEST(the_engine_reads_the_terminal_to_its_end)
{
    struct terminal terminal;

    terminal_start(&terminal, "exec $IMDSHIM run -q -c 'cat >got; >ended' -- sh -c '" ENGINE
                              " listen=127.0.0.1 wait until=ended; cat; echo \"<end>\"'");
    wait_for_file("ended");
    terminal_type(&terminal, "hello\n\004");
    ck_assert_msg(terminal_wait_for(&terminal, "<end>"), "%s", terminal.screen);
    terminal_finish(&terminal);
}

TEST(an_engine_in_the_background_that_reads_the_terminal_stops_the_job,
     .needs = launcher_is_bare)
{
    struct job job;

    start(&job, "$IMDSHIM run -q -- sh -c '" ENGINE " pids print=begin >log; read line;"
                "echo \"<$line>\"' &");
    wait_for_state(job.launcher, "T"); /* of the program that told its number: the engine */
    wait_for_state(process_parent(job.launcher), "T");
    type_command(&job, "");
    expect(&job, "Stopped");
    bring_to_foreground(&job);
    shell_pause(100);
    type_command(&job, "hello");
    expect(&job, "<hello>");
    leave(&job);
}
