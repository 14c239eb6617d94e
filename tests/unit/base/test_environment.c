/* Environments for the programs that are started. */
#include "launcher/base/environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

static char entries[][32] = {"PATH=/bin", "A=1", "AB=2", "B", "LD_PRELOAD=/lib/a.so"};
static char *base[] = {entries[0], entries[1], entries[2], entries[3], entries[4], NULL};

/* The entries, each with a newline. */
static const char *joined(char **environment)
{
    static char text[512];

    text[0] = '\0';
    for (char **entry = environment; *entry != NULL; entry++)
        strcat(strcat(text, *entry), "\n");
    free(environment);
    return text;
}

TEST(nothing_to_change_changes_nothing)
{
    ck_assert_str_eq(joined(environment_with(base, NULL, 0)),
                     "PATH=/bin\nA=1\nAB=2\nB\nLD_PRELOAD=/lib/a.so\n");
}

TEST(a_variable_is_added_or_replaced)
{
    const struct variable variables[] = {{"NEW", "x y"}, {"LD_PRELOAD", "/lib/a.so:/lib/b.so"}};

    ck_assert_str_eq(joined(environment_with(base, variables, COUNT(variables))),
                     "PATH=/bin\nA=1\nAB=2\nB\nNEW=x y\nLD_PRELOAD=/lib/a.so:/lib/b.so\n");
}

/* What an outer run has set must not reach the inner one. */
TEST(a_variable_is_removed)
{
    const struct variable variables[] = {{"A", NULL}, {"MISSING", NULL}};

    ck_assert_str_eq(joined(environment_with(base, variables, COUNT(variables))),
                     "PATH=/bin\nAB=2\nB\nLD_PRELOAD=/lib/a.so\n");
}

TEST(a_name_that_is_the_beginning_of_another_is_not_that_one)
{
    const struct variable variables[] = {{"LD", NULL}, {"P", "p"}, {"B", "b"}};

    ck_assert_str_eq(joined(environment_with(base, variables, COUNT(variables))),
                     "PATH=/bin\nA=1\nAB=2\nB\nLD_PRELOAD=/lib/a.so\nP=p\nB=b\n");
}

TEST(an_empty_value_is_a_value)
{
    const struct variable variables[] = {{"A", ""}};

    ck_assert_str_eq(joined(environment_with(base, variables, 1)),
                     "PATH=/bin\nAB=2\nB\nLD_PRELOAD=/lib/a.so\nA=\n");
}

/* bash keeps the first of two, other programs the last: there must be one. */
TEST(a_variable_that_was_there_twice_is_there_once)
{
    char first[] = "X=1", between[] = "Y=1", second[] = "X=2";
    char *twice[] = {first, between, second, NULL};
    const struct variable variable = {"X", "3"};
    char **environment = environment_with(twice, &variable, 1);

    ck_assert_str_eq(environment[0], "Y=1");
    ck_assert_str_eq(environment[1], "X=3");
    ck_assert_ptr_null(environment[2]);
    free(environment);
}

TEST(an_empty_environment_can_be_added_to)
{
    char *nothing[] = {NULL};
    const struct variable variable = {"X", "3"};
    char **environment = environment_with(nothing, &variable, 1);

    ck_assert_str_eq(environment[0], "X=3");
    ck_assert_ptr_null(environment[1]);
    free(environment);
}

TEST(the_environment_it_is_made_from_is_untouched)
{
    const struct variable variables[] = {{"A", "other"}, {"PATH", NULL}};

    joined(environment_with(base, variables, COUNT(variables)));
    ck_assert_str_eq(base[0], "PATH=/bin");
    ck_assert_str_eq(base[1], "A=1");
    ck_assert_ptr_null(base[COUNT(base) - 1]);
}
