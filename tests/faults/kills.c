/*
 * kills - SIGKILL to the launcher, the engine, the client or an event's reader, at every step
 * of a run.
 *
 * usage: kills [MOMENTS [SEED]]       environment: IMDSHIM, DOUBLES, SOURCE
 *
 * 1. At each system call of a run (kills.h): of the launcher from its execve(2) to its end, of
 *    the engine and the client from their birth. No more than three times MOMENTS, evenly taken
 *    out.
 * 2. At MOMENTS random ones, spread over a run's length as measured here; who is not there yet
 *    is killed at its birth. A tenth as many more for the reader of exec's FIFO, and a fifth as
 *    many for GROMACS and LAMMPS, where they are installed.
 *
 * What counts as a failure: support/killed_run.h. The rows' remarks say who was killed how
 * often, what the run was at then, and how long the last one took to end. "late" are those
 * whose victim was found ended, or about to: they are not among the tried. SEED makes it the
 * same again.
 */
#include <err.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/kills.h"
#include "tests/faults/support/kill_tally.h"
#include "tests/faults/support/leftover.h"
#include "tests/faults/support/place.h"

enum { WORKERS = 4, LENGTHS = 3, TURNS = 10 };

enum row { AT_STEPS, AT_MOMENTS, OF_READERS, OF_REAL, ROWS };
static const char *const row_names[ROWS] = {
    "kill at each system call", "kill at random moments", "kill of who reads exec's FIFO",
    "kill in GROMACS and LAMMPS runs"};

struct job {
    enum row row;
    struct killing killing;
    double fraction; /* of the run's length, where no step is given */
};

/* What the workers share. */
static struct shared {
    _Atomic int next;
    struct kill_tally tallies[WORKERS][ROWS];
    int count;
    struct job jobs[40000];
} * shared;
static char top[PATH_MAX / 4];

/* ---- the jobs ---- */

static void add(enum row row, int run, enum victim victim, long step, double fraction)
{
    struct killing killing = {&runs[run], victim, step, -1};

    if (shared->count < (int)(sizeof shared->jobs / sizeof *shared->jobs))
        shared->jobs[shared->count++] = (struct job){row, killing, fraction};
}

static int victims_of(int run)
{
    return runs[run].has_client ? 3 : 2;
}

/* A number that no step has: it runs to its end, and its calls are counted. */
static long count_calls(int run, enum victim victim)
{
    struct killing killing = {&runs[run], victim, LONG_MAX, -1};
    struct verdict verdict;

    killed_run(&killing, &verdict);
    if (verdict.failed || verdict.calls == 0) {
        printf("kills: %s, traced to its end:%s\n", runs[run].name, verdict.why);
        shared->tallies[0][AT_STEPS].failed++;
    }
    return verdict.calls;
}

static void add_steps(int most)
{
    long calls[STAND_INS][VICTIMS] = {0}, all = 0, number = 0;

    for (int run = 0; run < STAND_INS; run++)
        for (int victim = 0; victim < victims_of(run); victim++) {
            calls[run][victim] = count_calls(run, (enum victim)victim);
            all += calls[run][victim];
            printf("kills: %s: %ld system calls of the %s\n", runs[run].name,
                   calls[run][victim], victim_name(victim));
        }
    for (int run = 0; run < STAND_INS; run++)
        for (int victim = 0; victim < victims_of(run); victim++)
            for (long step = 1; step <= calls[run][victim]; step++, number++)
                if (all <= most || number * most / all != (number + 1) * most / all)
                    add(AT_STEPS, run, (enum victim)victim, step, 0);
}

/* A little beyond its end too. */
static double random_fraction(void)
{
    return (double)random() / RAND_MAX * 1.05;
}

static bool has_program(const char *name)
{
    char command[64];

    snprintf(command, sizeof command, "command -v %s >/dev/null", name);
    return system(command) == 0; /* NOLINT(cert-env33-c): a constant */
}

static bool has_real_engines(void)
{
    char command[2 * sizeof top + 128];

    if (!has_program("gmx") || !has_program("lmp"))
        return false;
    snprintf(
        command, sizeof command,
        "$SOURCE/scripts/argon-gromacs.sh %s && cp $SOURCE/scripts/argon-lammps.in %s/argon.in",
        top, top);
    return system(command) == 0;
}

static void add_moments(int moments, bool real)
{
    for (int i = 0; i < moments; i++)
        add(AT_MOMENTS, i % STAND_INS, (enum victim)(i / STAND_INS % victims_of(i % STAND_INS)),
            0, random_fraction());
    for (int i = 0; i < moments / 10; i++)
        add(OF_READERS, STAND_INS, READER, 0, random_fraction());
    for (int i = 0; real && i < moments / 5; i++)
        add(OF_REAL, STAND_INS + 1 + i % 2, (enum victim)(i / 2 % 3), 0, random_fraction());
}

/* ---- the workers ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* All measure at the same time as they work at the same time. */
static double length_of(const struct killing *killing, struct kill_tally *tally)
{
    struct killing undisturbed = *killing;
    double lengths[LENGTHS];
    struct verdict verdict;

    undisturbed.moment = -1;
    for (int i = 0; i < LENGTHS; i++) {
        killed_run(&undisturbed, &verdict);
        lengths[i] = verdict.length;
        tally->failed += verdict.failed;
        if (verdict.failed)
            printf("kills: %s, undisturbed:%s\n", killing->run->name, verdict.why);
    }
    qsort(lengths, LENGTHS, sizeof *lengths, compare);
    return lengths[LENGTHS / 2];
}

static void enter_place(int worker)
{
    char path[sizeof top + 16];

    snprintf(path, sizeof path, "%s/%d", top, worker);
    if (chdir(path) != 0)
        err(EXIT_FAILURE, "%s", path);
    setenv("TMPDIR", path, 1);
    leftover_watch();
}

/* Whoever had ended by then is looked for earlier. What a run lasts changes with the machine's
 * load: one that nobody was killed in is a measurement. */
static void do_job(struct job *job, struct kill_tally *tally, double lengths[RUNS])
{
    double *length = &lengths[job->killing.run - runs];
    struct verdict verdict = {.killed = false};

    if (job->killing.step == 0 && *length == 0)
        *length = length_of(&job->killing, tally);
    for (int turn = 0; turn < TURNS && !verdict.killed && !verdict.failed; turn++) {
        if (job->killing.step == 0)
            job->killing.moment = job->fraction * *length;
        killed_run(&job->killing, &verdict);
        kill_tally_count(tally, &job->killing, &verdict);
        job->fraction *= 0.8;
        if (!verdict.killed && job->killing.step == 0)
            *length = (3 * *length + verdict.length) / 4;
    }
}

static void work(int worker)
{
    double lengths[RUNS] = {0};
    int number;

    enter_place(worker);
    while ((number = atomic_fetch_add(&shared->next, 1)) < shared->count)
        do_job(&shared->jobs[number], &shared->tallies[worker][shared->jobs[number].row],
               lengths);
}

static void make_places(void)
{
    char path[PATH_MAX];
    FILE *file;

    snprintf(top, sizeof top, "%s", place_enter(getenv("PATH")));
    for (int i = 0; i < WORKERS; i++) {
        snprintf(path, sizeof path, "%s/%d", top, i);
        mkdir(path, 0700);
        strcat(path, "/srun");
        file = fopen(path, "we");
        if (file == NULL ||
            fputs("#!/bin/sh\nIMDSHIM_FIFO=/nowhere/fifo exec \"$@\"\n", file) < 0 ||
            fclose(file) != 0 || chmod(path, 0700) != 0)
            err(EXIT_FAILURE, "%s", path);
    }
}

/* ---- the rows ---- */

static void print_row(enum row row)
{
    struct kill_tally all = {0};

    for (int i = 0; i < WORKERS; i++)
        kill_tally_add(&all, &shared->tallies[i][row]);
    kill_tally_print(&all, row_names[row]);
}

/* True if none of them has failed itself. */
static bool run_workers(void)
{
    pid_t pids[WORKERS];
    bool good = true;
    int status;

    fflush(stdout);
    for (int i = 0; i < WORKERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            work(i);
            exit(EXIT_SUCCESS);
        }
    }
    for (int i = 0; i < WORKERS; i++)
        good &= pids[i] > 0 && waitpid(pids[i], &status, 0) == pids[i] && status == 0;
    return good;
}

int main(int argc, char **argv)
{
    int moments = argc > 1 ? atoi(argv[1]) : 1000;
    unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : (unsigned)getpid();
    bool real, good;

    setvbuf(stdout, NULL, _IOLBF, 0);
    shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || moments < 1)
        errx(EXIT_FAILURE, "usage: kills [MOMENTS [SEED]]");
    make_places();
    setenv("GMX_MAXBACKUP", "-1", 1);
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* it cannot be had under ptrace(2) */
    printf("kills: seed %u\n", seed);
    srandom(seed);
    real = has_real_engines();
    enter_place(0);
    add_steps(3 * moments);
    add_moments(moments, real);
    good = run_workers();
    for (int row = 0; row < ROWS; row++)
        if (row != OF_REAL || real)
            print_row((enum row)row);
    if (!real)
        puts("skip: kills in runs of real engines: no gmx or lmp here");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
