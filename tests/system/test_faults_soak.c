/* Many runs, and one that lasts: what make check-faults does, a part of it. */
#include "tests/system/faults.h"

TEST_OPTIONS(IN_SANDBOX);

TEST(nothing_adds_up)
{
    struct shell shell;

    shell_run(&shell, FAULTS "soak %s", built_with_sanitizer() ? "200 20" : "500 50");
    assert_rows(&shell, 3);
}
