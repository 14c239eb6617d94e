/*
 * What make check-faults does, a part of it: calls that fail, processes that are killed, runs
 * that add up, programs that others wrote, and bytes that nobody would send.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/engines.h"
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

#define FAULTS "exec $DOUBLES/../faults/"
#define FUZZ "exec $DOUBLES/../fuzz/"

/* As root the servers are nobody's, who must get there. */
#define FOREIGN "chmod 755 .; exec $SOURCE/tests/faults/foreign.sh "

static struct shell shell;

/* How many a row says were tried; 0 if it says nothing of it, or that something has failed. */
static int good_ones(const char *row)
{
    int tried, failed;

    return sscanf(row, "%*[=\n ]%*[^:]: %d tried, %d failed;", &tried, &failed) == 2 &&
                   failed == 0
               ? tried
               : 0;
}

/* Take the rows that are good out of the text: how many they were. */
static int take_good_rows(char *text)
{
    int good = 0;
    char *next = text;

    for (char *end; (end = strchr(next, '\n')) != NULL;) {
        if (strncmp(next, "== ", 3) == 0 && good_ones(next) > 0) {
            memmove(next, end + 1, strlen(end));
            good++;
        } else {
            next = end + 1;
        }
    }
    return good;
}

/* So many rows, each with something tried and nothing failed. */
static void assert_rows(const char *claim, int rows)
{
    int all = shell_count_lines(shell.out, "== "), good = take_good_rows(shell.out);

    ck_assert_msg(shell_status(&shell) == 0 && good == rows && all == rows,
                  "not so: %s; status %d, %d of %d rows are good: %s%s", claim,
                  shell_status(&shell), good, rows, shell.out, shell.err);
}

/* ---- the parts ---- */

static bool is_root(void)
{
    return geteuid() == 0;
}

static bool has_real_engines(void)
{
    return engines_have_gromacs() && engines_have_lammps();
}

static bool has_cpythons_tests(void)
{
    return access("/usr/lib/python3.11/test/test_socket.py", R_OK) == 0 ||
           suite_skip("CPython's own tests", "libpython3.11-testsuite is not installed");
}

static bool has_redis(void)
{
    return suite_has_program("redis-server", "redis");
}

/* A sanitizer takes its time: fewer then. */
static const struct part {
    const char *claim, *command, *with_sanitizer;
    int rows;
    bool (*has_last_row)(void); /* false: there is one row less */
    bool (*needs)(void);        /* false: this names the skip */
} parts[] = {
    {.claim = "whichever call of ours fails, the run is saved or refused with a line",
     .command = NO_LEAK_CHECK FAULTS "calls 13",
     .rows = 9},
    {.claim = "whichever call of the library fails, the engine does not see it",
     .command = NO_LEAK_CHECK FAULTS "library 13",
     .rows = 9},
    {.claim = "whatever is lacking, a run is saved or refused with a line",
     .command = "exec $SOURCE/tests/faults/surroundings.sh",
     .rows = 3,
     .has_last_row = is_root},
    {.claim = "whoever is killed, nobody waits and nothing is left",
     .command = FAULTS "kills 60",
     .with_sanitizer = FAULTS "kills 20",
     .rows = 4,
     .has_last_row = has_real_engines},
    {.claim = "nothing adds up",
     .command = FAULTS "soak 500 50",
     .with_sanitizer = FAULTS "soak 200 20",
     .rows = 3},
    /* A row for each of five settings, and one for what is left. */
    {.claim = "CPython's own tests end as they do without the library",
     .command = FOREIGN "cpython test_socketserver test_httplib",
     .rows = 6,
     .needs = has_cpythons_tests},
    {.claim = "two redis servers have one port, and each its own client",
     .command = FOREIGN "servers redis",
     .rows = 2,
     .needs = has_redis},
};

/* Always true: each part names what it lacks. */
static bool lacking_parts_are_named(void)
{
    for (int i = 0; i < COUNT(parts); i++) {
        if (parts[i].needs != NULL)
            suite_has(parts[i].needs);
        if (parts[i].has_last_row != NULL)
            suite_has(parts[i].has_last_row);
    }
    return true;
}

TEST_OPTIONS(IN_SANDBOX, .needs = lacking_parts_are_named);

LOOP_TEST(every_part_of_check_faults_finds_nothing, COUNT(parts))
{
    const struct part *part = &parts[_i];
    bool fewer = built_with_sanitizer() && part->with_sanitizer != NULL;

    if (part->needs != NULL && !suite_has(part->needs))
        return;
    shell_run(&shell, "%s", fewer ? part->with_sanitizer : part->command);
    assert_rows(part->claim, part->has_last_row == NULL || suite_has(part->has_last_row)
                                 ? part->rows
                                 : part->rows - 1);
}

/* ---- fuzzing ---- */

/*
 * Each target with the files of its corpus and some thousand mutations of them, the same in
 * every run; make check-faults and make fuzz go on from there with libFuzzer. Some targets are
 * slow, because a kernel comes between; the IMD stream is a stranger's.
 */
static const struct {
    const char *name;
    int mutations;
} counts[] = {{"fifo", 1000}, {"tcp_source", 1000}, {"preflight", 1000}, {"imd", 40000}};

enum { USUAL_MUTATIONS = 4000 };

static glob_t corpora; /* one for each target: a target without one is not built in vain */

static int find_corpora(void)
{
    char pattern[4096];

    snprintf(pattern, sizeof pattern, "%s/tests/fuzz/corpus/*", getenv("SOURCE"));
    return glob(pattern, 0, NULL, &corpora) == 0 ? (int)corpora.gl_pathc : 0;
}

static const char *target_name(int index)
{
    const char *name = strrchr(corpora.gl_pathv[index], '/') + 1;

    ck_assert_str_ne(name, "");
    return name;
}

static int mutations_of(const char *name)
{
    for (int i = 0; i < COUNT(counts); i++)
        if (strcmp(name, counts[i].name) == 0)
            return counts[i].mutations;
    return USUAL_MUTATIONS;
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
                      " [ -d corpus/${file%%.c} ] || echo $file; done");
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
