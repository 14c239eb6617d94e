/*
 * For the reduced forms of what make check-faults runs: its programs and their rows.
 */
#ifndef IMDSHIM_TESTS_SYSTEM_FAULTS_H
#define IMDSHIM_TESTS_SYSTEM_FAULTS_H

#include "tests/support/suite.h"
#include "tests/system/launcher.h"

#define FAULTS "exec $DOUBLES/../faults/"
#define FUZZ "exec $DOUBLES/../fuzz/"

/* How many a row says were tried; 0 if it says nothing of it, or that something has failed. */
static inline int good_ones(const char *row)
{
    int tried, failed;

    return sscanf(row, "%*[=\n ]%*[^:]: %d tried, %d failed;", &tried, &failed) == 2 &&
                   failed == 0
               ? tried
               : 0;
}

/* So many rows, each with something tried and nothing failed. */
static inline void assert_rows(const struct shell *shell, int rows)
{
    int good = 0;

    for (const char *row = strstr(shell->out, "== "); row != NULL; row = strstr(row, "\n== "))
        good += good_ones(row++) > 0;
    ck_assert_msg(shell_status(shell) == 0 && good == rows &&
                      shell_count_lines(shell->out, "== ") == rows,
                  "status %d: %s%s", shell_status(shell), shell->out, shell->err);
}

#endif
