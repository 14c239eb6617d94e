/* The functions of the BSDs, as their man pages have them. */
#include "tests/support/suite.h"

#include <errno.h>
#include <limits.h>

#include "launcher/libc/bsd.h"

static const struct {
    const char *text, *reason;
    long long number;
} numbers[] = {
    {"1", NULL, 1},         {"9", NULL, 9},
    {" 5", NULL, 5},        {"+5", NULL, 5},
    {"0", "too small", 0},  {"-9223372036854775809", "too small", 0},
    {"10", "too large", 0}, {"9223372036854775808", "too large", 0},
    {"", "invalid", 0},     {"x", "invalid", 0},
    {"5x", "invalid", 0},   {"5 ", "invalid", 0},
    {"0x5", "invalid", 0},
};

LOOP_TEST(a_number_is_whole_and_within_its_bounds_or_a_reason_is_given, COUNT(numbers))
{
    const char *reason = "none was given";
    int error = numbers[_i].reason == NULL                   ? EDOM
                : strcmp(numbers[_i].reason, "invalid") == 0 ? EINVAL
                                                             : ERANGE;

    errno = EDOM;
    ck_assert_int_eq(strtonum(numbers[_i].text, 1, 9, &reason), numbers[_i].number);
    ck_assert_pstr_eq(reason, numbers[_i].reason);
    ck_assert_int_eq(errno, error);
}

TEST(the_largest_and_the_smallest_number_are_within_reach)
{
    const char *reason;

    ck_assert(strtonum("9223372036854775807", LLONG_MIN, LLONG_MAX, &reason) == LLONG_MAX);
    ck_assert_ptr_null(reason);
    ck_assert(strtonum("-9223372036854775808", LLONG_MIN, LLONG_MAX, &reason) == LLONG_MIN);
    ck_assert_ptr_null(reason);
}

TEST(a_copy_that_does_not_fit_is_cut_off_and_its_length_tells)
{
    char to[5] = "****";

    ck_assert_uint_eq(strlcpy(to, "ab", 0), 2);
    ck_assert_str_eq(to, "****");
    ck_assert_uint_eq(strlcpy(to, "ab", 4), 2);
    ck_assert_str_eq(to, "ab");
    ck_assert_uint_eq(strlcat(to, "c", 4), 3);
    ck_assert_str_eq(to, "abc");
    ck_assert_uint_eq(strlcat(to, "de", 4), 5);
    ck_assert_str_eq(to, "abc");
    ck_assert_uint_eq(strlcpy(to, "uvwxyz", 4), 6);
    ck_assert_str_eq(to, "uvw");
    ck_assert_int_eq(to[4], '\0');
    ck_assert_uint_eq(strlcat(to, "x", 2), 3); /* no NUL within the size */
    ck_assert_str_eq(to, "uvw");
}
