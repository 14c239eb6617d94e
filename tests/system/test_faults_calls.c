/* System calls that fail, and surroundings in which they do: what make check-faults does, a
 * part of it. */
#include "tests/system/faults.h"

TEST_OPTIONS(IN_SANDBOX);

TEST(whichever_call_of_ours_fails_the_run_is_saved_or_refused_with_a_line)
{
    struct shell shell;

    shell_run(&shell, NO_LEAK_CHECK FAULTS "calls 13");
    assert_rows(&shell, 9);
}

TEST(whichever_call_of_the_library_fails_the_engine_does_not_see_it)
{
    struct shell shell;

    shell_run(&shell, NO_LEAK_CHECK FAULTS "library 13");
    assert_rows(&shell, 9);
}

TEST(whatever_is_lacking_a_run_is_saved_or_refused_with_a_line)
{
    struct shell shell;

    shell_run(&shell, "exec $SOURCE/tests/faults/surroundings.sh");
    assert_rows(&shell, geteuid() == 0 ? 3 : 2);
}
