/*
 * thousand - as many runs at once as nobody should start, all with one port in their input.
 *
 * usage: thousand LAUNCHER ENGINE [RUNS]      ENGINE is tests/doubles/gated
 *
 * 1. How many fail: under imdshim run --port, with a free port that is picked beforehand, and
 *    with the one port. All have been started before the first binds.
 * 2. What a run costs, start to end, with 10, 100 and 1,000 at once: beside the engine alone.
 *
 * Figures are printed, none is judged.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/support/crowd.h"

#define FIXED_PORT "8888"

enum { LEAST = 10, SIZES = 3, METHODS = 2, ROUNDS = 3 };

static const char *launcher, *engine;

struct method {
    const char *name;
    const char *port;
    bool under_imdshim;
};

struct cost {
    double wall, cpu; /* milliseconds of one run */
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Of our children and theirs, if they have been waited for. */
static double cpu_of_children(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void start(struct crowd *crowd, const struct method *method, int count)
{
    const char *const words[] = {launcher, "run",  "-q", "--port",     FIXED_PORT,
                                 "--",     engine, "{}", method->port, NULL};

    if (!crowd_start(crowd, count, method->under_imdshim ? words : words + 6))
        err(EXIT_FAILURE, "only %d processes can be had", crowd->count);
}

static int compare(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

static int count_distinct(struct crowd *crowd)
{
    int distinct = 0;

    qsort(crowd->ports, (size_t)crowd->count, sizeof *crowd->ports, compare);
    for (int i = 0; i < crowd->count; i++)
        distinct += crowd->ports[i] != 0 && (i == 0 || crowd->ports[i] != crowd->ports[i - 1]);
    return distinct;
}

static void print_failures(int count)
{
    static const struct method methods[] = {
        {"imdshim run --port " FIXED_PORT, FIXED_PORT, true},
        {"a free port is picked", "pick", false},
        {"one port, " FIXED_PORT, FIXED_PORT, false},
    };
    static struct crowd crowd;

    printf("%d engines that bind at the same moment:\n", count);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        start(&crowd, &methods[i], count);
        if (!crowd_gather(&crowd) || !crowd_open(&crowd))
            errx(EXIT_FAILURE, "%s: engines say nothing", methods[i].name);
        printf("  %-24s %4d ports, ", methods[i].name, count_distinct(&crowd));
        printf("%4d runs failed\n", crowd_end(&crowd));
    }
}

/* As many runs in all for each size. */
static struct cost measure(const struct method *method, int at_once, int runs)
{
    static struct crowd crowd;
    double wall = now(), cpu = cpu_of_children();

    for (int i = 0; i < runs / at_once; i++) {
        start(&crowd, method, at_once);
        if (!crowd_open(&crowd) || crowd_end(&crowd) != 0)
            errx(EXIT_FAILURE, "%s: a run has failed", method->name);
    }
    return (struct cost){(now() - wall) / runs * 1e3, (cpu_of_children() - cpu) / runs * 1e3};
}

static int compare_cpu(const void *a, const void *b)
{
    double x = ((const struct cost *)a)->cpu, y = ((const struct cost *)b)->cpu;

    return (x > y) - (x < y);
}

/* By the processor, for the wall clock is everybody's. */
static struct cost median(struct cost costs[ROUNDS])
{
    qsort(costs, ROUNDS, sizeof *costs, compare_cpu);
    return costs[ROUNDS / 2];
}

/* Every round has every size: a file system is slower where much has just been removed. */
static void print_costs(int count)
{
    static const struct method methods[] = {{"the engine alone", "0", false},
                                            {"under imdshim run", FIXED_PORT, true}};
    static struct cost costs[METHODS][SIZES][ROUNDS];

    for (int round = 0; round < ROUNDS; round++)
        for (int size = 0, at_once = LEAST; at_once <= count; size++, at_once *= 10)
            for (int i = 0; i < METHODS; i++)
                costs[i][size][round] = measure(&methods[i], at_once, count);
    printf(
        "a run from start to end, %d rounds of %d, medians, and in brackets of those at %d:\n",
        ROUNDS, count, LEAST);
    for (int i = 0; i < METHODS; i++)
        for (int size = 0, at_once = LEAST; at_once <= count; size++, at_once *= 10) {
            struct cost cost = median(costs[i][size]), least = costs[i][0][ROUNDS / 2];

            printf("  %-18s %4d at once %7.2f ms (%4.2f), processor %7.2f ms (%4.2f)\n",
                   methods[i].name, at_once, cost.wall, cost.wall / least.wall, cost.cpu,
                   cost.cpu / least.cpu);
        }
}

int main(int argc, char **argv)
{
    int count = argc > 3 ? atoi(argv[3]) : CROWD_MOST;
    const char *obstacle;

    if (argc < 3 || count < LEAST || count > CROWD_MOST)
        errx(EXIT_FAILURE, "usage: thousand LAUNCHER ENGINE [RUNS]");
    launcher = argv[1];
    engine = argv[2];
    obstacle = crowd_obstacle(count);
    if (obstacle != NULL) {
        printf("no thousand runs here: %s\n", obstacle);
        return EXIT_SUCCESS;
    }
    print_failures(count);
    print_costs(count);
    return EXIT_SUCCESS;
}
