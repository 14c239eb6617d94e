/* What imdshim says of itself. */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

static const char *const questions[] = {
    "--help",     "-h",      "help",         "--version", "-V",
    "run --help", "exec -h", "check --help", "help run",  "help watch",
};

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(help_and_version_are_answers_and_no_failures, COUNT(questions))
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM %s", questions[_i]);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_ge(shell_count_lines(shell.out, "imdshim "), 1);
    ck_assert_str_eq(shell.err, "");
}

/* Without a word behind "--" that could be an option's. */
static const struct {
    const char *command, *options;
} commands[] = {
    {"run",
     "port listen match no-wake only-me client port-file timeout when stop-with-client relay "
     "imd-version time-step step-ahead others-skip others-steer quiet verbose help"},
    {"exec", "port listen match no-wake only-me when fd fifo quiet verbose help"},
    {"check", "help"},
    {"list", "json help"},
    {"watch", "csv json timeout help"},
    {"relay", "listen port-file timeout only-me imd-version time-step step-ahead others-skip "
              "others-steer quiet help"},
};

LOOP_TEST(help_explains_each_option_in_one_line_and_no_other, COUNT(commands))
{
    struct shell shell;

    shell_run(
        &shell,
        "$IMDSHIM %s --help >help; for option in %s; do echo $option; done | sort >options;"
        "sed -n 's/^  .*--\\([a-z-]*\\).*  [a-zA-Z].*/\\1/p' help | sort | diff - options",
        commands[_i].command, commands[_i].options);
    ck_assert_str_eq(shell.out, "");
    ck_assert_int_eq(shell_status(&shell), 0);
    shell_run(&shell, "awk 'length > 96 && !/^usage/' help");
    ck_assert_str_eq(shell.out, "");
}

TEST(help_for_what_is_no_command_is_an_error)
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM help me");
    ck_assert_int_eq(shell_status(&shell), 125);
    assert_one_line(shell.err, "imdshim: unknown command 'me'");
}

LOOP_TEST(an_answer_that_cannot_be_written_is_a_failure, COUNT(questions))
{
    struct shell shell;

    shell_run(&shell, "exec $IMDSHIM %s >/dev/full", questions[_i]);
    ck_assert_int_eq(shell_status(&shell), 125);
    assert_one_line(shell.err, "imdshim: cannot write to standard output");
}
