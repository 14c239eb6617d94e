/* Slope and ratio of a figure over a long test. */
#include "tests/support/course.h"

#include <math.h>

#include "tests/support/suite.h"

static struct course course_of(double first, double step)
{
    struct course course = {0};

    for (int i = 0; i < COURSE_WINDOWS; i++)
        course_add(&course, first + i * step);
    return course;
}

TEST(what_is_flat_has_no_slope)
{
    struct course course = course_of(1900, 0);

    ck_assert_double_eq(course_slope(&course), 0);
    ck_assert_double_eq(course_ratio(&course), 1);
}

TEST(what_grows_to_twice_as_much_is_told)
{
    struct course course = course_of(9, 1); /* 9 to 18 */

    ck_assert_double_lt(fabs(course_slope(&course) - 9 / 13.5), 1e-9);
    ck_assert_double_lt(fabs(course_ratio(&course) - 17.0 / 10), 1e-9);
}

TEST(no_window_is_no_failure_and_too_many_are_dropped)
{
    struct course none = {0}, course = course_of(1, 0);

    ck_assert_double_eq(course_slope(&none), 0);
    ck_assert_double_eq(course_ratio(&none), 1);
    course_add(&course, 100);
    ck_assert_double_eq(course_ratio(&course), 1);
}
