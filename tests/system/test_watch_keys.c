/*
 * imdshim watch at a terminal: what keys do, and that the terminal is given back.
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <termios.h>

#include "tests/support/suite.h"
#include "tests/support/terminal.h"
#include "tests/system/support/launcher.h"

static struct shell engine;
static struct terminal terminal;

/* ---- the terminal ---- */

static void wait_until(bool (*condition)(const struct terminal *))
{
    for (int i = 0; i < SHELL_SECONDS * 100 && !condition(&terminal); i++)
        shell_pause(10);
    ck_assert(condition(&terminal));
}

static void see(const char *text)
{
    ck_assert_msg(terminal_wait_for(&terminal, text), "'%s' does not come:\n%s", text,
                  terminal.screen);
}

static int start_engine(const char *plan)
{
    shell_start(&engine, "exec $DOUBLES/imd-engine %s", plan);
    ck_assert(shell_wait_for_out(&engine, "\n"));
    return atoi(engine.out);
}

/* before: what the shell of the terminal does before. */
static void start_watch(const char *plan, const char *before, const char *arguments)
{
    char command[512];

    snprintf(command, sizeof command, "echo $$ >pid; port=%d; %s $IMDSHIM watch %s",
             start_engine(plan), before, arguments);
    terminal_start(&terminal, command);
}

/* From then on what is typed is a key. */
static void wait_for_keys(void)
{
    see("keys: space + - k q ?");
    wait_until(terminal_gives_keys);
}

static void start(const char *plan)
{
    start_watch(plan, "exec", "$port");
    wait_for_keys();
}

static void finish(void)
{
    terminal_finish(&terminal);
    shell_finish(&engine);
}

static void assert_ended_well(void)
{
    finish();
    ck_assert_msg(WIFEXITED(terminal.wait_status) && WEXITSTATUS(terminal.wait_status) == 0,
                  "%d: %s", terminal.wait_status, terminal.screen);
}

static void hears(const char *headers)
{
    ck_assert_msg(shell_wait_for_out(&engine, headers), "'%s': %s", headers, engine.out);
}

TEST_OPTIONS(IN_SANDBOX);

/* ---- what they do ---- */

static const char *const plans[] = {"version=2 frames=0 pace=2", "version=3 frames=0 pace=2"};

/* Frames come every 10 steps. */
static const struct {
    const char *keys, *heard[2];
} words[] = {
    {" ", {"\ngo\n7 0\n", "\ngo\n7 0\n"}},
    {"  ", {"\ngo\n7 0\n7 0\n", "\ngo\n7 0\n11 0\n"}},
    {"+", {"\ngo\n8 5\n", "\ngo\n8 5\n"}},
    {"-", {"\ngo\n8 20\n", "\ngo\n8 20\n"}},
    {"-+++", {"\n8 20\n8 10\n8 5\n8 2\n", "\n8 20\n8 10\n8 5\n8 2\n"}},
    {"ky", {"\ngo\n5 0\n", "\ngo\n5 0\n"}},
    {"knykkykk+", {"\ngo\n8 5\n", "\ngo\n8 5\n"}},
    {" KY", {"\ngo\n7 0\n7 0\n5 0\n", "\ngo\n7 0\n11 0\n5 0\n"}},
    {"\r\tx1\033Ok\033[?k y", {"\ngo\n", "\ngo\n"}},
};

LOOP_TEST(each_key_is_a_command_in_the_engines_version, 2 * COUNT(words))
{
    start(plans[_i % 2]);
    terminal_type(&terminal, words[_i / 2].keys);
    hears(words[_i / 2].heard[_i % 2]);
    terminal_type(&terminal, "\003");
    assert_ended_well();
    ck_assert_ptr_nonnull(strstr(engine.out, "\n0 0\nbye"));
}

TEST(what_was_asked_for_stands_in_the_live_line)
{
    start(plans[0]);
    see("every 10 steps");
    terminal_type(&terminal, " ");
    see("0.0 frames/s  0.0 MB/s  paused  asked: pause  ?: keys");
    terminal_type(&terminal, " ");
    see("frames/s");
    see("asked: resume");
    terminal_type(&terminal, "+");
    see("asked: every 5 steps");
    terminal_type(&terminal, "k");
    see("\rend the run? y: yes  ");
    terminal_type(&terminal, "y");
    see("asked: end of the run");
    terminal_type(&terminal, "q");
    assert_ended_well();
}

TEST(the_keys_are_explained_to_who_asks)
{
    start(plans[0]);
    terminal_type(&terminal, "?");
    see("space  pause the run, or let it go on\r\n");
    see("k      end the run, once y has confirmed it\r\n");
    see("frames/s");
    terminal_type(&terminal, "q");
    assert_ended_well();
}

LOOP_TEST(a_run_that_ends_by_its_key_has_ended_well, 4)
{
    char plan[64];

    snprintf(plan, sizeof plan, "kill=1 %s", plans[_i % 2]);
    start(plan);
    terminal_type(&terminal, _i < 2 ? "ky" : " ky");
    assert_ended_well();
    ck_assert_ptr_nonnull(strstr(engine.out, "\n5 0\nbye"));
    ck_assert_ptr_null(strstr(engine.out, "\n0 0"));
    ck_assert_ptr_nonnull(strstr(terminal.screen, " of 1000 atoms, IMD v"));
}

static const char *const leaving[] = {"q", "\003"};

LOOP_TEST(who_leaves_lets_a_run_go_on_that_he_has_paused, 2 * COUNT(leaving))
{
    start(plans[_i % 2]);
    terminal_type(&terminal, " ");
    hears("\n7 0\n");
    terminal_type(&terminal, leaving[_i / 2]);
    assert_ended_well();
    ck_assert_ptr_nonnull(
        strstr(engine.out, _i % 2 == 0 ? "\n7 0\n7 0\n0 0\nbye" : "\n7 0\n11 0\n0 0\nbye"));
}

TEST(through_a_relay_too)
{
    struct shell relay;
    char command[256];

    shell_start(&relay, "exec $IMDSHIM relay -o port %d", start_engine(plans[0]));
    wait_for_file("port");
    snprintf(command, sizeof command, "exec $IMDSHIM watch $(cat port)");
    terminal_start(&terminal, command);
    wait_for_keys();
    terminal_type(&terminal, "  +ky");
    hears("\ngo\n7 0\n7 0\n8 5\n5 0\n");
    terminal_type(&terminal, "q");
    terminal_finish(&terminal);
    kill(relay.pid, SIGTERM);
    shell_finish(&relay);
    shell_finish(&engine);
}

/* ---- the terminal is given back ---- */

/* Ended by the key, by a signal from elsewhere, or by itself. */
static const struct {
    const char *plan, *keys;
    int signal, status;
} ends[] = {
    {"frames=0 pace=2", "q", 0, 0},         {"frames=0 pace=2", "\003", 0, 0},
    {"frames=0 pace=2", "", SIGTERM, 0},    {"frames=0 pace=2", "", SIGHUP, 0},
    {"frames=0 pace=2", "", SIGINT, 0},     {"frames=0 pace=2", "\034", 0, 128 + SIGQUIT},
    {"frames=1000 pace=2", "", 0, 0},       {"frames=1000 pace=2 cut=1", "", 0, 1},
    {"frames=0 pace=2 kill=1", "ky", 0, 0},
};

/* As long as we have it open it stays as it is left. */
LOOP_TEST(however_it_ends_the_terminal_is_as_it_was, COUNT(ends))
{
    struct termios before, after;
    int master, slave, status;

    memset(&before, 0, sizeof before); /* tcgetattr(3) does not write all of it */
    memset(&after, 0, sizeof after);
    start_watch(ends[_i].plan, "read go; ulimit -c 0; exec", "$port");
    master = fcntl(terminal.fd, F_DUPFD_CLOEXEC, 0);
    slave = open(ptsname(terminal.fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_eq(tcgetattr(slave, &before), 0);
    terminal_type(&terminal, "\n");
    wait_for_keys();
    terminal_type(&terminal, ends[_i].keys);
    if (ends[_i].signal != 0)
        kill(read_pid("pid"), ends[_i].signal);
    finish();
    status = terminal.wait_status;
    ck_assert_int_eq(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                     ends[_i].status);
    ck_assert_int_eq(tcgetattr(slave, &after), 0);
    close(slave);
    close(master);
    ck_assert_mem_eq(&after, &before, sizeof after);
}

/* ---- job control, by a shell that leaves the terminal as it finds it ---- */

static bool has_dash(void)
{
    return launcher_is_bare() && suite_has_program("dash", "job control");
}

static void start_job(const char *line)
{
    char command[256];

    snprintf(command, sizeof command, "exec dash -m -c 'port=%d; %s'", start_engine(plans[0]),
             line);
    terminal_start(&terminal, command);
}

#define WATCH "sh -c \"echo \\$\\$ >pid; exec $IMDSHIM watch $port\""

/* Once the shell reads one. */
static void type_line(const char *line)
{
    see("next?");
    wait_until(terminal_gives_lines);
    terminal_type(&terminal, line);
    terminal_type(&terminal, "\n");
}

TEST(a_stop_typed_gives_the_terminal_back_and_fg_takes_it_again, .needs = has_dash)
{
    start_job(WATCH "; for i in 1 2 3; do echo next?; read line; fg; done");
    for (int i = 0; i < 3; i++) {
        wait_for_keys();
        terminal_type(&terminal, "\032");
        wait_for_state(read_pid("pid"), "T");
        ck_assert(terminal_gives_lines(&terminal));
        type_line("");
    }
    wait_for_keys();
    terminal_type(&terminal, "q");
    assert_ended_well();
    ck_assert_ptr_nonnull(strstr(engine.out, "\ngo\n0 0\nbye"));
}

/* Nobody is told of a SIGSTOP: only the terminal's own shell can set it right. */
TEST(after_a_stop_that_cannot_be_seen_the_terminal_is_taken_again, .needs = has_dash)
{
    pid_t pid;

    start_job("stty sane; stty >before; " WATCH
              "; stty sane; echo next?; read line; fg; stty >after");
    wait_for_keys();
    pid = read_pid("pid");
    kill(pid, SIGSTOP);
    wait_for_state(pid, "T");
    type_line("");
    wait_for_keys();
    terminal_type(&terminal, "q");
    assert_ended_well();
    shell_run(&engine, "cmp before after");
    ck_assert_int_eq(shell_status(&engine), 0);
}

TEST(in_the_background_it_is_not_stopped_and_reads_nothing, .needs = has_dash)
{
    char line[16];

    start_job(WATCH
              " & echo next?; read line; echo \"$line\" >line; echo next?; read line; fg");
    type_line("qkyq");
    see("next?");
    see("frames/s");
    ck_assert(terminal_gives_lines(&terminal));
    ck_assert_int_ne(process_state(read_pid("pid")), 'T');
    ck_assert_ptr_null(strstr(terminal.screen, "keys:"));
    terminal_type(&terminal, "\n");
    wait_for_keys();
    terminal_type(&terminal, "q");
    assert_ended_well();
    read_line("line", line, sizeof line);
    ck_assert_str_eq(line, "qkyq");
    ck_assert_ptr_nonnull(strstr(engine.out, "\ngo\n0 0\nbye"));
}

TEST(moved_to_the_background_it_goes_on_without_keys_and_fg_brings_them_back, .needs = has_dash)
{
    pid_t pid;

    start_job(WATCH "; echo next?; read line; bg; echo next?; read line; fg");
    wait_for_keys();
    pid = read_pid("pid");
    terminal_type(&terminal, "\032");
    wait_for_state(pid, "T");
    type_line("");
    wait_for_state(pid, "SR");
    see("next?");
    see("frames/s");
    ck_assert(terminal_gives_lines(&terminal));
    terminal_type(&terminal, "kyq\n");
    wait_for_keys();
    terminal_type(&terminal, "q");
    assert_ended_well();
    ck_assert_ptr_nonnull(strstr(engine.out, "\ngo\n0 0\nbye"));
}

/* ---- where there are none ---- */

static const char *const apart[][2] = {{"", "$port </dev/null"},
                                       {"", "$port | cat"},
                                       {"", "$port >out"},
                                       {"exec", "--csv $port"},
                                       {"exec", "--json $port"}};

LOOP_TEST(without_a_live_line_or_a_terminal_to_type_at_there_are_none, COUNT(apart))
{
    start_watch("frames=200 pace=2", apart[_i][0], apart[_i][1]);
    hears("\ngo\n");
    terminal_type(&terminal, "kyq ");
    shell_pause(200);
    ck_assert(terminal_gives_lines(&terminal));
    assert_ended_well();
    ck_assert_ptr_null(strstr(terminal.screen, "keys"));
    ck_assert_ptr_nonnull(strstr(engine.out, "\ngo\nbye 200\n"));
}

/* It would be found readable for ever. Whoever ignores a hang-up goes on. */
TEST(a_terminal_that_has_gone_is_not_looked_at_again, .needs = launcher_is_bare)
{
    int asleep = 0;

    start_watch("frames=0 pace=50", "trap '' HUP; exec", "$port");
    wait_for_keys();
    close(terminal.fd);
    shell_pause(100);
    for (int i = 0; i < 40; i++, shell_pause(5))
        asleep += process_state(terminal.pid) == 'S';
    ck_assert_int_gt(asleep, 20);
    kill(terminal.pid, SIGTERM);
    ck_assert_int_eq(waitpid(terminal.pid, NULL, 0), terminal.pid);
    shell_finish(&engine);
    ck_assert_ptr_nonnull(strstr(engine.out, "\n0 0\nbye"));
}
