/* SIGKILL at steps and moments of a run: what make check-faults does, a part of it. */
#include "tests/support/engines.h"
#include "tests/system/faults.h"

TEST_OPTIONS(IN_SANDBOX);

TEST(whoever_is_killed_nobody_waits_and_nothing_is_left)
{
    struct shell shell;

    shell_run(&shell, FAULTS "kills %d", built_with_sanitizer() ? 20 : 60);
    assert_rows(&shell, engines_have("gmx") && engines_have("lmp") ? 4 : 3);
}
