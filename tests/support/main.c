#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "launcher/libc/bsd.h"
#include "tests/support/network.h"
#include "tests/support/process.h"

/*
 * Some tests hold numbers of descriptors to be free, or the next ones, and signals to end
 * programs: what whoever started us has left open, ignored or blocked is none of theirs.
 *
 * Programs run side by side. In one network a port whose listener has ended may be the next
 * program's, and who still connects to it is that one's first client: so each program has a
 * network of its own, where one can be had.
 */
int main(void)
{
    SRunner *runner;
    int failed;

    closefrom(STDERR_FILENO + 1);
    process_default_signals();
    (void)network_enter_copy();
    runner = srunner_create(suite_of_registered_tests());
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (suite_forbidden_skips() > 0)
        printf("FAILED: %d skips, and in CI nothing may be skipped\n", suite_forbidden_skips());
    return failed == 0 && suite_forbidden_skips() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
