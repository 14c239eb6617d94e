/* What is hot stays hot: instructions that a call costs once the client has been met. */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

enum { FEW = 100, MANY = 1100, MOST_INSTRUCTIONS = 12, MOST_WITH_SANITIZER = 40 };

/* With it the library is built with -O1, and so are its calls. */
static int most_instructions(void)
{
    return built_with_sanitizer() ? MOST_WITH_SANITIZER : MOST_INSTRUCTIONS;
}

static const char *const calls[] = {"select", "poll", "accept", "connect"};

/* Of the whole program, as callgrind counts them. */
static double instructions(const char *preload, const char *call, int count)
{
    static struct shell shell;
    const char *collected;

    shell_run(&shell,
              "exec env %s valgrind --tool=callgrind --callgrind-out-file=/dev/null "
              "$DOUBLES/hot %s %d",
              preload, call, count);
    collected = strstr(shell.err, "Collected : ");
    ck_assert_msg(shell_status(&shell) == 0 && collected != NULL, "%s", shell.err);
    return atof(collected + strlen("Collected : "));
}

/* What is done once cancels out. */
static double instructions_of_call(const char *preload, const char *call)
{
    return (instructions(preload, call, MANY) - instructions(preload, call, FEW)) /
           (MANY - FEW);
}

TEST_OPTIONS(IN_SANDBOX);

static bool has_valgrind(void)
{
    return suite_has_program("valgrind", "instructions of a call");
}

LOOP_TEST(a_call_costs_a_few_instructions_more_and_no_system_call, COUNT(calls),
          .needs = has_valgrind)
{
    double with =
        instructions_of_call("LD_PRELOAD=\"$LIBIMDSHIM\" IMDSHIM_FIFO=/nonexistent", calls[_i]);
    double without = instructions_of_call("", calls[_i]);

    ck_assert_msg(with > without && with < without + most_instructions(),
                  "%s: %.1f instructions, %.1f without", calls[_i], with, without);
}
