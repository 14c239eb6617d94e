/* Many runs, and one that lasts: what make check-faults does, a part of it. */
#include "tests/system/faults.h"

START_TEST(nothing_adds_up)
{
    struct shell shell;

    shell_run(&shell, FAULTS "soak %s", built_with_sanitizer() ? "200 20" : "500 50");
    assert_rows(&shell, 3);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests;
    Suite *suite = suite_of_tests(&tests, "soak");

    tcase_add_test(tests, nothing_adds_up);
    return suite;
}
