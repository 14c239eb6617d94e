/*
 * Every test program is a Check suite; support/main.c runs it.
 *
 * A skip is never silent: suite_skip() names it on stdout for tests/run.sh to count. In CI,
 * where CI is set, everything can be had, and a skip is a failure.
 */
#ifndef IMDSHIM_TESTS_SUITE_H
#define IMDSHIM_TESTS_SUITE_H

#include <check.h>

Suite *test_suite(void);

/* Called by test_suite() instead of adding tests. */
void suite_skip(const char *what, const char *why);

#endif
