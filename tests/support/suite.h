/*
 * A test that is written is registered: it runs, in the order of its file.
 *
 *     TEST(a_pattern_of_many_stars_costs_little)
 *     {
 *         ck_assert(...);
 *     }
 *
 *     LOOP_TEST(a_pattern_matches_the_whole_text_or_not_at_all, COUNT(cases))
 *     {
 *         ck_assert(... cases[_i] ...);
 *     }
 *
 * The program that it makes is an ordinary one of Check's.
 */
#ifndef IMDSHIM_TESTS_SUITE_H
#define IMDSHIM_TESTS_SUITE_H

#include <check.h>
#include <stdbool.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

/*
 * What the tests below have in common, up to the next such line or the end of the file:
 * TEST_OPTIONS(.setup = enter, .teardown = leave, .timeout = 120, .needs = has_gromacs);
 */
struct test_options {
    void (*setup)(void), (*teardown)(void); /* around each test, in its own process */
    double timeout;                         /* in seconds; 0: the four of Check */
    bool (*needs)(void);                    /* false: these tests are skipped */
};
#define TEST_OPTIONS(...) SUITE_OPTIONS(__LINE__, __VA_ARGS__)

/*
 * LOOP_TEST runs with 0, 1, ... count - 1 in _i, and RANGE_TEST with first ... end - 1: any
 * expressions, which are evaluated if the test runs. Each test may have a condition of its own:
 * TEST(name, .needs = is_root).
 */
#define TEST(name, ...)                                                                        \
    static const TTest *name;                                                                  \
    SUITE_ITEM(name, .test = &name, ##__VA_ARGS__)                                             \
    START_TEST(name)
#define LOOP_TEST(name, count, ...) RANGE_TEST(name, 0, count, ##__VA_ARGS__)
#define RANGE_TEST(name, first, end, ...)                                                      \
    static void name##_range(int range[2])                                                     \
    {                                                                                          \
        range[0] = (int)(first);                                                               \
        range[1] = (int)(end);                                                                 \
    }                                                                                          \
    TEST(name, .range = name##_range, ##__VA_ARGS__)

/*
 * A skip is never silent: suite_skip() names it on stdout, where tests/run.sh counts it, and
 * returns false, so that a condition reads "return geteuid() == 0 || suite_skip(WHAT, WHY)". In
 * CI, where CI is set, everything can be had, and a skip is a failure.
 */
bool suite_skip(const char *what, const char *why);

/* Is the program in PATH? If not, WHAT is skipped. */
bool suite_has_program(const char *program, const char *what);

/* What a condition says. It is asked once, so that it names its skip once. */
bool suite_has(bool (*condition)(void));

/* For main(). */
Suite *suite_of_registered_tests(void);
int suite_forbidden_skips(void);

/* What the macros are made of: a test, or the options of those that follow. */
struct suite_item {
    int line;
    const struct test_options *options; /* NULL: it is a test */
    const TTest *const *test;
    void (*range)(int range[2]); /* NULL: it is no loop */
    bool (*needs)(void);
    struct suite_item *next;
};
void suite_register(struct suite_item *item);

#define SUITE_ITEM(id, ...)                                                                    \
    __attribute__((constructor)) static void id##_register(void)                               \
    {                                                                                          \
        static struct suite_item item = {.line = __LINE__, __VA_ARGS__};                       \
                                                                                               \
        suite_register(&item);                                                                 \
    }
#define SUITE_OPTIONS(line, ...) SUITE_OPTIONS_AT(line, __VA_ARGS__)
#define SUITE_OPTIONS_AT(line, ...)                                                            \
    static const struct test_options options_##line;                                           \
    SUITE_ITEM(options_##line, .options = &options_##line)                                     \
    static const struct test_options options_##line = {__VA_ARGS__}

#endif
