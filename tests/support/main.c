#include "tests/support/suite.h"

#include <bsd/unistd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int forbidden_skips;

void suite_skip(const char *what, const char *why)
{
    printf("skip: %s: %s\n", what, why);
    if (getenv("CI") != NULL)
        forbidden_skips++;
}

/* As nohup(1) and shells do for what runs in the background: SIGHUP, SIGINT, SIGQUIT ... */
static void default_signals(void)
{
    struct sigaction action;
    sigset_t none;

    for (int i = 1; i < NSIG; i++)
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Some tests hold numbers of descriptors to be free, or the next ones, and signals to end
 * programs: what whoever started us has left open, ignored or blocked is none of theirs.
 */
int main(void)
{
    SRunner *runner;
    int failed;

    closefrom(STDERR_FILENO + 1);
    default_signals();
    runner = srunner_create(test_suite());
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (forbidden_skips > 0)
        printf("FAILED: %d skips, and in CI nothing may be skipped\n", forbidden_skips);
    return failed == 0 && forbidden_skips == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
