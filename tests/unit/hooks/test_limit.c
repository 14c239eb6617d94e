/* The time limit of a wait that is made of several calls. */
#include "shim/hooks/limit.h"

#include "tests/support/suite.h"

enum { LOOKS_FIRST = true, LONG = 3600 };

static bool is_zero(const struct timespec *time)
{
    return time->tv_sec == 0 && time->tv_nsec == 0;
}

TEST(an_engine_that_only_looks_looks_once)
{
    const struct timespec zero = {0, 0};
    struct limit limit;

    limit_begin(&limit, &zero, &zero, !LOOKS_FIRST);
    ck_assert_ptr_eq(limit.next, &zero);
    ck_assert(!limit_goes_on(&limit, 1));
    limit_begin(&limit, &zero, &zero, LOOKS_FIRST);
    ck_assert(is_zero(limit.next));
    ck_assert(!limit_goes_on(&limit, 0));
}

TEST(what_is_none_of_the_engines_business_does_not_extend_a_wait)
{
    const struct timespec given = {LONG, 0};
    struct limit limit;

    limit_begin(&limit, &given, &given, !LOOKS_FIRST);
    for (int i = 0; i < 3; i++) {
        struct timespec before = i == 0 ? given : limit.left;

        ck_assert(limit_goes_on(&limit, 1));
        ck_assert_ptr_eq(limit.next, &limit.left);
        ck_assert(limit.left.tv_sec < before.tv_sec || limit.left.tv_nsec < before.tv_nsec);
    }
}

/* libfaketime's poll(2) is over before the time is. */
TEST(a_call_that_says_its_time_is_over_is_believed)
{
    const struct timespec given = {LONG, 0};
    struct limit limit;

    limit_begin(&limit, &given, &given, !LOOKS_FIRST);
    ck_assert(!limit_goes_on(&limit, 0));
}

TEST(the_engines_own_wait_follows_a_look_that_finds_nothing)
{
    const struct timespec given = {LONG, 0}, invalid = {-1, 0};
    struct limit limit;

    limit_begin(&limit, NULL, NULL, LOOKS_FIRST);
    ck_assert(is_zero(limit.next));
    ck_assert(limit_goes_on(&limit, 0));
    ck_assert_ptr_null(limit.next);
    limit_begin(&limit, &invalid, &invalid, LOOKS_FIRST);
    ck_assert(limit_goes_on(&limit, 0));
    ck_assert_ptr_eq(limit.next, &invalid); /* the kernel's to reject */
    limit_begin(&limit, &given, &given, LOOKS_FIRST);
    ck_assert(limit_goes_on(&limit, 0));
    ck_assert_ptr_eq(limit.next, &limit.left);
    ck_assert(!limit_goes_on(&limit, 0));
}

static const struct {
    struct timeval from;
    bool valid;
    struct timespec to;
} conversions[] = {
    {{0, 0}, true, {0, 0}},
    {{1, 999999}, true, {1, 999999000}},
    {{1, 2500000}, true, {3, 500000000}},
    {{INT64_MAX, 0}, true, {INT64_MAX, 0}},
    {{INT64_MAX, 1000000}, false, {0, 0}},
    {{-1, 0}, false, {0, 0}},
    {{0, -1}, false, {0, 0}},
};

LOOP_TEST(a_limit_of_select_is_taken_as_linux_takes_it, COUNT(conversions))
{
    struct timespec to;

    ck_assert_int_eq(limit_convert(&to, &conversions[_i].from), conversions[_i].valid);
    if (conversions[_i].valid) {
        ck_assert_int_eq(to.tv_sec, conversions[_i].to.tv_sec);
        ck_assert_int_eq(to.tv_nsec, conversions[_i].to.tv_nsec);
    }
}
