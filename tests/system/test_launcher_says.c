/* imdshim's own lines: nothing is stopped, ended or refused because one is written. */
#include "tests/support/suite.h"
#include "tests/support/terminal.h"
#include "tests/system/support/launcher.h"

/* Each writes one line, and ends without reading or writing anything else. */
static const struct {
    const char *command, *end;
} jobs[] = {
    {"$IMDSHIM run -- " ENGINE " listen=127.0.0.1 exit=3", "ended with 3\r"},
    {"$IMDSHIM run -- true", "ended with 0\r"},
    {"$IMDSHIM exec --fd 5 -- ./no-such-engine 5>events", "ended with 127\r"},
    {"$IMDSHIM exec --fd 77 -- true", "ended with 125\r"},
    {"$IMDSHIM run --no-such-option", "ended with 125\r"},
    {"$IMDSHIM watch 1", "ended with 1\r"},
};

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(a_background_job_is_not_stopped_by_a_line_of_ours_under_tostop, COUNT(jobs))
{
    struct terminal terminal;

    terminal_start(&terminal, NULL);
    terminal_type(&terminal, "stty tostop -echo; PS1=\n");
    terminal_type(&terminal, jobs[_i].command);
    terminal_type(&terminal, " & wait $!; echo ended with $?\n");
    ck_assert_msg(terminal_wait_for(&terminal, "imdshim: "), "%s", terminal.screen);
    ck_assert_msg(terminal_wait_for(&terminal, jobs[_i].end), "%s", terminal.screen);
    terminal_type(&terminal, "exit 0\n");
    terminal_finish(&terminal);
}

TEST(a_closed_standard_error_ends_no_engine)
{
    struct shell shell;

    shell_run(&shell, "mkfifo pipe; { sleep 0.5 <pipe & }; exec 4>pipe; wait;"
                      "$IMDSHIM exec --fd 3 -- ./none 3>events 2>&4; echo $?;"
                      "$IMDSHIM run -- " ENGINE " listen=127.0.0.1 exit=3 2>&4; echo $?");
    ck_assert_str_eq(shell.out, "127\n3\n");
}

/* 3 would be too few for ld.so, which says so itself. */
static const int limits[] = {5, 6};

/* Valgrind has descriptors of its own. */
static bool has_few_descriptors(void)
{
    return !launcher_is_wrapped();
}

LOOP_TEST(too_few_descriptors_are_told_with_the_limit_to_raise, COUNT(limits),
          .needs = has_few_descriptors)
{
    struct shell shell;

    shell_run(&shell, NO_LEAK_CHECK "ulimit -n %d; exec $IMDSHIM run -- true", limits[_i]);
    ck_assert_int_eq(shell_status(&shell), 125);
    assert_one_line(shell.err, "imdshim: ");
    ck_assert_msg(strstr(shell.err, "ulimit -n") != NULL, "%s", shell.err);
}
