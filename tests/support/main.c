#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "launcher/libc/bsd.h"
#include "tests/support/process.h"

/*
 * Some tests hold numbers of descriptors to be free, or the next ones, and signals to end
 * programs: what whoever started us has left open, ignored or blocked is none of theirs.
 */
int main(void)
{
    SRunner *runner;
    int failed;

    closefrom(STDERR_FILENO + 1);
    process_default_signals();
    runner = srunner_create(suite_of_registered_tests());
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (suite_forbidden_skips() > 0)
        printf("FAILED: %d skips, and in CI nothing may be skipped\n", suite_forbidden_skips());
    return failed == 0 && suite_forbidden_skips() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
