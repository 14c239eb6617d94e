/*
 * bench - what the prefix costs, measured side by side in one run.
 *
 * usage: bench LAUNCHER LIBRARY EMPTY_LIBRARY RELEASED_LAUNCHER [ROUNDS]
 *
 * 1. Start and end of true(1): bare, with an empty library preloaded, with ours, and under
 * several prefixes. Every round runs each of them once; medians are compared. The launcher is
 * there twice: as make builds it, and as make release does.
 * 2. From listen() in an engine to the wake-up of who waits for the port: our channel beside a
 *    bare pipe that the engine itself writes to after listen() has returned.
 *
 * Figures are printed, none is judged. A prefix that is not installed is named as such.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launcher/source/fifo.h"

enum { MOST_ARGUMENTS = 8, MOST_ROUNDS = 10000 };

struct subject {
    const char *name;
    const char *argv[MOST_ARGUMENTS];
    const char *preload; /* NULL: none */
    double *microseconds;
};

static int64_t nanoseconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[count / 2];
}

/* ---- starts ---- */

static bool run_once(const struct subject *subject, int round)
{
    char preload[4096], fifo[] = "IMDSHIM_FIFO=/nonexistent";
    char *environment[] = {(char *)"PATH=/usr/local/bin:/usr/bin:/bin", NULL, NULL, NULL};
    int64_t start = nanoseconds();
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;

    if (subject->preload != NULL) {
        snprintf(preload, sizeof preload, "LD_PRELOAD=%s", subject->preload);
        environment[1] = preload;
        environment[2] = fifo;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, subject->argv[0], &actions, NULL, (char *const *)subject->argv,
                     environment) == 0)
        waitpid(pid, &status, 0);
    posix_spawn_file_actions_destroy(&actions);
    subject->microseconds[round] = (double)(nanoseconds() - start) / 1000;
    return status == 0;
}

/* The median of the subject of that name; 0 if it is not installed. */
static double median_of(const struct subject *subjects, int count, const char *name, int rounds)
{
    for (int i = 0; i < count; i++)
        if (strcmp(subjects[i].name, name) == 0 && subjects[i].microseconds != NULL)
            return median(subjects[i].microseconds, rounds);
    return 0;
}

static void print_starts(struct subject *subjects, int count, int rounds)
{
    double bare = median_of(subjects, count, "bare", rounds);
    double empty = median_of(subjects, count, "empty preload", rounds);
    double tini = median_of(subjects, count, "tini -s", rounds);

    printf("start and end of true(1), %d rounds, medians:\n", rounds);
    for (int i = 0; i < count; i++) {
        if (subjects[i].microseconds == NULL) {
            printf("  %-20s not installed\n", subjects[i].name);
            continue;
        }
        double time = median(subjects[i].microseconds, rounds);

        printf("  %-20s %7.0f us  %5.2f of bare", subjects[i].name, time, time / bare);
        if (strcmp(subjects[i].name, "our library") == 0)
            printf("  %5.3f of the empty preload", time / empty);
        else if (strncmp(subjects[i].name, "imdshim", 7) == 0 && tini > 0)
            printf("  %5.2f of tini -s", time / tini);
        putchar('\n');
    }
}

static void bench_starts(const char *launcher, const char *library, const char *empty,
                         const char *released, int rounds)
{
    struct subject subjects[] = {
        {"bare", {"/bin/true"}, NULL, NULL},
        {"empty preload", {"/bin/true"}, empty, NULL},
        {"our library", {"/bin/true"}, library, NULL},
        {"imdshim run", {launcher, "run", "--", "/bin/true"}, NULL, NULL},
        {"imdshim exec --fd", {launcher, "exec", "--fd", "2", "--", "/bin/true"}, NULL, NULL},
        {"imdshim run, static", {released, "run", "--", "/bin/true"}, NULL, NULL},
        {"imdshim exec, static",
         {released, "exec", "--fd", "2", "--", "/bin/true"},
         NULL,
         NULL},
        {"tini -s", {"tini", "-s", "--", "/bin/true"}, NULL, NULL},
        {"dumb-init", {"dumb-init", "/bin/true"}, NULL, NULL},
        {"stdbuf -oL", {"stdbuf", "-oL", "/bin/true"}, NULL, NULL},
    };
    int count = sizeof subjects / sizeof subjects[0];

    for (int i = 0; i < count; i++) {
        subjects[i].microseconds = calloc((size_t)rounds, sizeof(double));
        if (subjects[i].microseconds == NULL)
            err(EXIT_FAILURE, "memory");
        if (!run_once(&subjects[i], 0)) {
            free(subjects[i].microseconds);
            subjects[i].microseconds = NULL;
        }
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            if (subjects[i].microseconds != NULL)
                run_once(&subjects[i], round);
    print_starts(subjects, count, rounds);
    for (int i = 0; i < count; i++)
        free(subjects[i].microseconds);
}

/* ---- wake-ups ---- */

struct moments {
    int64_t before, after; /* listen() */
};

/* The engine: this program again, as "bench engine FD TELL". */
static int be_engine(int result, bool tell)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct moments moments;

    moments.before = nanoseconds();
    if (listen(fd, 1) != 0)
        return EXIT_FAILURE;
    moments.after = nanoseconds();
    /* Told or not, the moments come later: their writing must not be what wakes the reader. */
    if (tell && write(STDOUT_FILENO, "x", 1) != 1)
        return EXIT_FAILURE;
    usleep(2000);
    return write(result, &moments, sizeof moments) == (ssize_t)sizeof moments ? 0 : 1;
}

static pid_t start_engine(const char *preload, const char *fifo, int told, int result)
{
    char preload_entry[4096], fifo_entry[4096 + 32], number[16];
    const char *argv[] = {"bench", "engine", number, fifo == NULL ? "tell" : NULL, NULL};
    char *environment[] = {preload_entry, fifo_entry, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;

    snprintf(preload_entry, sizeof preload_entry, "LD_PRELOAD=%s", preload);
    snprintf(fifo_entry, sizeof fifo_entry, "IMDSHIM_FIFO=%s", fifo != NULL ? fifo : "");
    snprintf(number, sizeof number, "%d", result);
    posix_spawn_file_actions_init(&actions);
    if (told >= 0)
        posix_spawn_file_actions_adddup2(&actions, told, STDOUT_FILENO);
    if (posix_spawn(&pid, "/proc/self/exe", &actions, NULL, (char *const *)argv, environment) !=
        0)
        err(EXIT_FAILURE, "engine");
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

/* Microseconds from the return of listen(), and from its call, to the wake-up. */
struct wake_up {
    double *from_return, *from_call;
};

static void wait_for_wake_up(int fd, int64_t *woken)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    if (poll(&poll_fd, 1, 10000) != 1)
        errx(EXIT_FAILURE, "the port was not told");
    *woken = nanoseconds();
}

static void finish(pid_t pid, int result, int64_t woken, struct wake_up *wake_up, int round)
{
    struct moments moments;

    if (read(result, &moments, sizeof moments) != (ssize_t)sizeof moments)
        errx(EXIT_FAILURE, "the engine failed");
    waitpid(pid, NULL, 0);
    wake_up->from_return[round] = (double)(woken - moments.after) / 1000;
    wake_up->from_call[round] = (double)(woken - moments.before) / 1000;
}

static void wake_up_by_channel(const char *library, const int *result, struct wake_up *wake_up,
                               int round)
{
    static struct fifo fifo;
    struct received received;
    int64_t woken;
    pid_t pid;

    fifo_open(&fifo);
    pid = start_engine(library, fifo.path, -1, result[1]);
    wait_for_wake_up(fifo.source.fd, &woken);
    if (!source_next(&fifo.source, &received) || received.event.kind != KIND_LISTENING)
        errx(EXIT_FAILURE, "another event came first");
    finish(pid, result[0], woken, wake_up, round);
    source_close(&fifo.source);
}

static void wake_up_by_pipe(const char *empty, const int *result, struct wake_up *wake_up,
                            int round)
{
    int told[2];
    int64_t woken;
    pid_t pid;

    if (pipe2(told, O_CLOEXEC) != 0)
        err(EXIT_FAILURE, "pipe");
    pid = start_engine(empty, NULL, told[1], result[1]);
    close(told[1]);
    wait_for_wake_up(told[0], &woken);
    finish(pid, result[0], woken, wake_up, round);
    close(told[0]);
}

static void allocate(struct wake_up *wake_up, int rounds)
{
    wake_up->from_return = calloc((size_t)rounds, sizeof(double));
    wake_up->from_call = calloc((size_t)rounds, sizeof(double));
    if (wake_up->from_return == NULL || wake_up->from_call == NULL)
        err(EXIT_FAILURE, "memory");
}

static void print_wake_ups(const char *name, double *ours, double *pipe, int rounds)
{
    double a = median(ours, rounds), b = median(pipe, rounds);

    printf("  %-24s %7.1f us by our channel, %7.1f us by a bare pipe: %5.2f\n", name, a, b,
           a / b);
}

static void bench_wake_ups(const char *library, const char *empty, int rounds)
{
    struct wake_up ours, bare;
    int result[2];

    if (pipe(result) != 0)
        err(EXIT_FAILURE, "pipe");
    allocate(&ours, rounds);
    allocate(&bare, rounds);
    for (int round = 0; round < rounds; round++) {
        wake_up_by_channel(library, result, &ours, round);
        wake_up_by_pipe(empty, result, &bare, round);
    }
    printf("wake-up of who waits for the port, %d rounds, medians:\n", rounds);
    print_wake_ups("after listen() returned", ours.from_return, bare.from_return, rounds);
    print_wake_ups("after it was called", ours.from_call, bare.from_call, rounds);
}

int main(int argc, char **argv)
{
    int rounds = argc > 5 ? atoi(argv[5]) : 500;

    if (argc > 2 && strcmp(argv[1], "engine") == 0)
        return be_engine(atoi(argv[2]), argc > 3);
    if (argc < 5 || rounds < 1 || rounds > MOST_ROUNDS)
        errx(EXIT_FAILURE, "usage: bench LAUNCHER LIBRARY EMPTY_LIBRARY RELEASED_LAUNCHER "
                           "[ROUNDS]");
    bench_starts(argv[1], argv[2], argv[3], argv[4], rounds);
    bench_wake_ups(argv[2], argv[3], rounds);
    return EXIT_SUCCESS;
}
