/*
 * soak - very many runs, and runs that last: nothing adds up.
 *
 * usage: soak [RUNS [AT_ONCE]]        environment: IMDSHIM, DOUBLES, SOURCE
 *
 * RUNS is 10,000 and AT_ONCE 100 if not given.
 *
 * 1. RUNS runs with a client one after the other, in turn with the port named and not.
 * 2. RUNS runs with a client, AT_ONCE at a time, all with one port in their input.
 * 3. An engine that opens its port RUNS times, alone and under imdshim run -v.
 *
 * Of 1 and 2 ten windows are looked at: a run's memory (the largest of its processes), its
 * processor time beside that of the engine alone, our descriptors, names in the run directory,
 * processes left. Of 3 the engine's memory and the launcher's, from the second tenth to the
 * last.
 *
 * What counts as a failure: a run whose status is not 0, or that does not end; a descriptor, a
 * name or a process left; memory that grows by 2 %, and time that grows by half, from the first
 * third to the last; of 3 a descriptor more, or more memory than the engine takes alone.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/support/growth.h"
#include "tests/faults/support/leftover.h"
#include "tests/faults/support/place.h"
#include "tests/support/course.h"
#include "tests/support/crowd.h"

#define PORT "8888"
#define CLIENT_OF_PORT "exec gate-client plain 127.0.0.1 " PORT

enum {
    RUNS = 10000,
    AT_ONCE = 100,
    CONTROLS = 10,
    WORDS = 16,
    PATIENCE = 300 /* s */
};

static const double most_memory = 1.02, most_time = 1.5;

/* What a course is made of, window by window. */
struct soak {
    int tried, failed;
    struct course memory, cpu, wall, control;
    int descriptors, entries, processes; /* the most that a window has left */
};

struct window {
    int runs, controls;
    double memory, cpu, wall, control; /* sums */
};

static int at_once = AT_ONCE;
static const char *launcher, *directory;

/* ---- one after the other ---- */

static const char *const by_name[] = {
    "run",       "-q", "-p",     PORT,      "-c", CLIENT_OF_PORT, "--", "gate-engine",
    "127.0.0.1", PORT, "listen", "serve=1", NULL};
static const char *const by_url[] = {"run", "-q",         "-c", "exec $IMDSHIM watch $IMD_URL",
                                     "--",  "imd-server", "v2", NULL};
static const char *const alone[] = {"launcher-engine", "listen=127.0.0.1", "wait", NULL};

static double seconds_of(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

_Noreturn static void become(const char *program, const char *const *words)
{
    const char *argv[WORDS] = {program};
    int nowhere = open("/dev/null", O_WRONLY);

    for (int i = 0; words[i] != NULL && i < WORDS - 2; i++)
        argv[i + 1] = words[i];
    dup2(nowhere, STDOUT_FILENO);
    close(nowhere);
    execvp(argv[0], (char *const *)argv);
    _exit(125);
}

/* True if its status was 0. */
static bool run_once(const char *program, const char *const *words, struct rusage *usage)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        become(program, words);
    return pid > 0 && wait4(pid, &status, 0, usage) == pid && status == 0;
}

static int run_one_by_one(struct window *window, int runs)
{
    struct rusage usage = {0};
    double begun;
    int failed = 0;

    for (int i = 0; i < runs; i++) {
        begun = leftover_now();
        failed += !run_once(launcher, i % 2 == 0 ? by_name : by_url, &usage);
        window->wall += leftover_now() - begun;
        window->cpu += seconds_of(&usage) * 1e3;
        window->memory += (double)usage.ru_maxrss;
        if (i % CONTROLS != 0)
            continue;
        failed += !run_once(alone[0], alone + 1, &usage);
        window->control += seconds_of(&usage) * 1e3;
        window->controls++;
    }
    window->runs = runs;
    return failed;
}

/* ---- many at a time ---- */

static double cpu_of_children(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return seconds_of(&usage) * 1e3;
}

/* Returns how many have failed. */
static int run_crowd(struct crowd *crowd, const char *const *command)
{
    if (!crowd_start(crowd, at_once, command) || !crowd_open(crowd))
        warnx("of %d runs at a time %d have started and %d answered", at_once, crowd->count,
              crowd->answered);
    return crowd_end(crowd) + at_once - crowd->answered;
}

static int run_together(struct window *window, int runs)
{
    const char *const command[] = {launcher, "run", "-q",    "-p", PORT, "-c",
                                   "true",   "--",  "gated", "{}", PORT, NULL};
    const char *const control[] = {"gated", "{}", "0", NULL};
    static struct crowd crowd;
    double begun = leftover_now(), cpu = cpu_of_children();
    int failed = 0;

    for (; window->runs < runs; window->runs += at_once) {
        failed += run_crowd(&crowd, command);
        window->memory += (double)crowd.memory * at_once;
    }
    window->wall = leftover_now() - begun;
    window->cpu = cpu_of_children() - cpu;
    failed += run_crowd(&crowd, control);
    window->control = cpu_of_children() - cpu - window->cpu;
    window->controls = at_once;
    return failed;
}

/* ---- what is left, and the verdict ---- */

static void keep_most(int *most, int count)
{
    if (count > *most)
        *most = count;
}

static void look(struct soak *soak, const struct window *window, int descriptors)
{
    char runs[PATH_MAX];

    course_add(&soak->memory, window->memory / window->runs);
    course_add(&soak->cpu, window->cpu / window->runs / (window->control / window->controls));
    course_add(&soak->wall, window->wall / window->runs);
    course_add(&soak->control, window->control / window->controls);
    snprintf(runs, sizeof runs, "%s/imdshim-%lu", directory, (unsigned long)geteuid());
    keep_most(&soak->descriptors, leftover_entries("/proc/self/fd", "") - descriptors);
    keep_most(&soak->entries, leftover_entries(runs, ""));
    keep_most(&soak->processes, waitpid(-1, NULL, WNOHANG) >= 0);
}

static void print_windows(const char *name, const struct soak *soak)
{
    printf(
        "%s, ten windows: memory of a run kB, wall ms, processor ms of the engine alone, and "
        "of a run as its multiple:\n",
        name);
    for (int i = 0; i < soak->memory.count; i++)
        printf("  %8.0f %8.2f %8.2f %8.2f\n", soak->memory.windows[i], soak->wall.windows[i],
               soak->control.windows[i], soak->cpu.windows[i]);
}

static void judge(const char *name, struct soak *soak)
{
    int failed = soak->failed + soak->descriptors + soak->entries + soak->processes +
                 (course_ratio(&soak->memory) > most_memory) +
                 (course_ratio(&soak->cpu) > most_time);

    print_windows(name, soak);
    printf(
        "== soak, %s: %d tried, %d failed; over the course memory %+.2f %%, processor time by "
        "that of the engine alone %+.1f %%, wall %+.1f %%; left: %d descriptors, %d in the run "
        "directory, %d processes\n",
        name, soak->tried, failed, 100 * course_slope(&soak->memory),
        100 * course_slope(&soak->cpu), 100 * course_slope(&soak->wall), soak->descriptors,
        soak->entries, soak->processes);
}

static void soak_runs(const char *name, int (*run)(struct window *, int), int runs)
{
    struct soak soak = {0};
    int descriptors = leftover_entries("/proc/self/fd", "");

    for (int i = 0; i < COURSE_WINDOWS; i++) {
        struct window window = {0};

        alarm(PATIENCE);
        soak.failed += run(&window, runs / COURSE_WINDOWS);
        soak.tried += window.runs;
        look(&soak, &window, descriptors);
    }
    judge(name, &soak);
}

/* ---- one run that lasts ---- */

static void soak_one(int times)
{
    static const char *const ways[] = {"run -v -- relisten 0",
                                       "run -v -p 8888 -- relisten 8888",
                                       "run -v -l :0 -- relisten 8888"};
    struct growth bare = {0}, growth = {0};
    char command[PATH_MAX + 128], remark[768] = "";
    int failed = 0, count = sizeof ways / sizeof *ways;

    snprintf(command, sizeof command, "relisten 0 %d", times);
    failed += !growth_read(command, &bare);
    for (int i = 0; i < count; i++) {
        size_t length = strlen(remark);

        snprintf(command, sizeof command, "exec %s %s %d 2>/dev/null", launcher, ways[i],
                 times);
        failed += !growth_read(command, &growth) || !growth_is_none(&growth, &bare);
        snprintf(remark + length, sizeof remark - length,
                 "; %s: engine %+ld kB, %+ld fds, launcher %+ld kB, %+ld fds", ways[i],
                 growth.rss, growth.fds, growth.parent_rss, growth.parent_fds);
    }
    printf("== soak, an engine that listens again and again: %d tried, %d failed; alone %+ld "
           "kB%s\n",
           times * (1 + count), failed, bare.rss, remark);
}

/* What loses its parent comes to us. */
static void enter_directory(void)
{
    directory = place_enter(getenv("PATH"));
    launcher = place_launcher();
    if (chdir(directory) != 0)
        err(EXIT_FAILURE, "%s", directory);
    setenv("TMPDIR", directory, 1);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

int main(int argc, char **argv)
{
    int runs = argc > 1 ? atoi(argv[1]) : RUNS;

    if (argc > 2)
        at_once = atoi(argv[2]);
    if (at_once < 1 || at_once > CROWD_MOST || runs < COURSE_WINDOWS * at_once)
        errx(EXIT_FAILURE, "usage: soak [RUNS [AT_ONCE]]    RUNS is ten times AT_ONCE or more");
    setvbuf(stdout, NULL, _IOLBF, 0);
    enter_directory();
    soak_runs("one after the other", run_one_by_one, runs);
    soak_runs("many at a time", run_together, runs);
    alarm(PATIENCE);
    soak_one(runs);
    return EXIT_SUCCESS;
}
