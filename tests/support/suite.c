#include "tests/support/suite.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_CONDITIONS = 32 };

static struct suite_item *items;
static int forbidden_skips;

/* By line: the order in which constructors run is the compiler's affair. */
void suite_register(struct suite_item *item)
{
    struct suite_item **place = &items;

    while (*place != NULL && (*place)->line <= item->line)
        place = &(*place)->next;
    item->next = *place;
    *place = item;
}

bool suite_skip(const char *what, const char *why)
{
    printf("skip: %s: %s\n", what, why);
    if (getenv("CI") != NULL)
        forbidden_skips++;
    return false;
}

bool suite_has_program(const char *program, const char *what)
{
    char command[256], why[64];

    snprintf(command, sizeof command, "command -v %s >/dev/null", program);
    snprintf(why, sizeof why, "no %s here", program);
    return system(command) == 0 || suite_skip(what, why);
}

int suite_forbidden_skips(void)
{
    return forbidden_skips;
}

bool suite_has(bool (*condition)(void))
{
    static struct {
        bool (*condition)(void);
        bool answer;
    } asked[MOST_CONDITIONS];
    int i = 0;

    while (asked[i].condition != NULL && asked[i].condition != condition)
        i++;
    if (i == MOST_CONDITIONS - 1)
        errx(EXIT_FAILURE, "too many conditions");
    if (asked[i].condition == NULL) {
        asked[i].condition = condition;
        asked[i].answer = condition();
    }
    return asked[i].answer;
}

static bool is_to_run(bool (*needs)(void))
{
    return needs == NULL || suite_has(needs);
}

static TCase *add_case(Suite *suite, const struct test_options *options)
{
    TCase *tcase = tcase_create(program_invocation_short_name);

    tcase_add_checked_fixture(tcase, options->setup, options->teardown);
    if (options->timeout > 0)
        tcase_set_timeout(tcase, options->timeout);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static void add_test(TCase *tcase, const struct suite_item *item)
{
    int range[2] = {0, 1};

    if (item->range == NULL) {
        tcase_add_test(tcase, *item->test);
    } else {
        item->range(range);
        tcase_add_loop_test(tcase, *item->test, range[0], range[1]);
    }
}

Suite *suite_of_registered_tests(void)
{
    static const struct test_options none;
    Suite *suite = suite_create(program_invocation_short_name);
    TCase *tcase = add_case(suite, &none);
    bool runs = true;

    for (const struct suite_item *item = items; item != NULL; item = item->next) {
        if (item->options != NULL) {
            tcase = add_case(suite, item->options);
            runs = is_to_run(item->options->needs);
        } else if (runs && is_to_run(item->needs)) {
            add_test(tcase, item);
        }
    }
    return suite;
}
