/*
 * Each fuzz target with the files of its corpus and some thousand mutations of them, the same
 * in every run; make check-faults and make fuzz go on from there with libFuzzer.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/system/faults.h"

/* Some targets are slow, for a kernel comes between; the IMD stream is a stranger's. */
static const struct {
    const char *name;
    int mutations;
} counts[] = {{"channel", 1000}, {"event_port", 1000}, {"preflight", 1000}, {"imd", 40000}};

enum { USUAL_MUTATIONS = 4000 };

static struct shell shell;
static glob_t corpora; /* one for each target: a target without one is not built in vain */

static const char *target_name(int index)
{
    const char *name = strrchr(corpora.gl_pathv[index], '/') + 1;

    ck_assert_str_ne(name, "");
    return name;
}

static int mutations_of(const char *name)
{
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (strcmp(name, counts[i].name) == 0)
            return counts[i].mutations;
    return USUAL_MUTATIONS;
}

TEST_OPTIONS(IN_SANDBOX);

static int find_corpora(void)
{
    char pattern[4096];

    snprintf(pattern, sizeof pattern, "%s/tests/fuzz/corpus/*", getenv("SOURCE"));
    return glob(pattern, 0, NULL, &corpora) == 0 ? (int)corpora.gl_pathc : 0;
}

/* Its own row, all of it tried, nothing failed. */
LOOP_TEST(no_input_breaks_what_a_target_demands, find_corpora())
{
    const char *name = target_name(_i);
    char row[128];

    shell_run(&shell, FUZZ "%s %d '%s'", name, mutations_of(name), corpora.gl_pathv[_i]);
    ck_assert_msg(shell_status(&shell) == 0, "for the input: %s/../fuzz/%s %d %s: %s%s",
                  sandbox_doubles(), name, mutations_of(name), corpora.gl_pathv[_i], shell.out,
                  shell.err);
    snprintf(row, sizeof row, "== fuzzing again, %s: ", name);
    ck_assert_int_eq(strncmp(shell.out, row, strlen(row)), 0);
    ck_assert_int_gt(good_ones(shell.out), mutations_of(name));
}

TEST(every_target_has_a_corpus)
{
    shell_run(&shell, "cd $SOURCE/tests/fuzz; for file in *.c; do"
                      " [ $file = replay.c ] || [ -d corpus/${file%%.c} ] || echo $file; done");
    ck_assert_str_eq(shell.out, "");
    ck_assert_int_eq(shell_status(&shell), 0);
}

/* Else a corpus that is not found would look like one that holds. */
TEST(without_a_corpus_nothing_is_tried_and_that_is_a_failure)
{
    shell_run(&shell, "mkdir empty; " FUZZ "event 10 empty");
    ck_assert_int_ne(shell_status(&shell), 0);
    ck_assert_str_eq(shell.out, "");
}
