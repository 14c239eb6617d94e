#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>

static int forbidden_skips;

void suite_skip(const char *what, const char *why)
{
    printf("skip: %s: %s\n", what, why);
    if (getenv("CI") != NULL)
        forbidden_skips++;
}

int main(void)
{
    SRunner *runner = srunner_create(test_suite());
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (forbidden_skips > 0)
        printf("FAILED: %d skips, and in CI nothing may be skipped\n", forbidden_skips);
    return failed == 0 && forbidden_skips == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
