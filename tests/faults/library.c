/*
 * library - every system call that libimdshim makes inside an engine fails once, with each
 * error that it can have (support/errors.c), and where it has any as if a sandbox forbade it
 * (EPERM).
 *
 * usage: library [EVERY [SCENARIO]]   environment: IMDSHIM, DOUBLES, SOURCE
 *
 * The engine is run without the library, and what it prints, its status, the descriptors that
 * it has open at its end and its signal mask are kept. A run with the library, in which all
 * goes well, shows which calls the library makes (tests/doubles/libraries/failing.c); then one
 * run is made for each of them and each error, of which only every EVERYth.
 *
 * What counts as a failure: a run that differs in anything from that without the library, or
 * does not end, or leaves a process. A client at the gate has not failed either if it is
 * refused; but it must meet no one else: at its port a stranger listens all the while.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/status.h"
#include "tests/faults/support/area.h"
#include "tests/faults/support/errors.h"
#include "tests/faults/support/failing.h"
#include "tests/faults/support/leftover.h"
#include "tests/faults/support/place.h"
#include "tests/support/process.h"

enum { SECONDS = 40, LINGER = 3, HUNG = -1, LEFT = -2 };

struct scenario {
    const char *name;
    const char *without, *with; /* sh -c; "../fifo" is a FIFO that is read */
    bool at_gate;               /* $PORT is then the stranger's */
};

#define EXEC "exec $IMDSHIM exec -q "

static const struct scenario scenarios[] = {
    {"results, told to a FIFO", "exec results calls", EXEC "--fifo ../fifo -- results calls",
     false},
    {"results, told to a descriptor", "exec results calls 9>../events",
     "exec $IMDSHIM exec -v --fd 9 -- results calls 9>../events", false},
    {"results, told to a pipe", "exec results calls 9>../fifo",
     "exec $IMDSHIM exec -v --fd 9 -- results calls 9>../fifo", false},
    {"results, on other ports", "exec results bind",
     EXEC "--listen 127.0.0.1:20000-20100 --fifo ../fifo -- results bind", false},
    {"results, told by TCP", "exec results calls",
     "SLURM_JOB_NUM_NODES=2 exec env -u LD_PRELOAD $IMDSHIM run -q -- sh -c '"
     "unset IMDSHIM_FIFO; LD_PRELOAD=$failing:$LD_PRELOAD exec results calls'",
     false},
    /* No client comes: one of whom the kernel cannot tell whose it is, is closed. */
    {"results, for one user alone", "exec results waits",
     "exec env -u LD_PRELOAD $IMDSHIM exec -q --only-me --fifo ../fifo -- sh -c '"
     "LD_PRELOAD=$failing:$LD_PRELOAD exec results waits'",
     false},
    {"engine of one port", "exec gate-engine 127.0.0.1 $PORT listen exit=4",
     EXEC "--port $PORT --fifo ../fifo -- gate-engine 127.0.0.1 $PORT listen exit=4", false},
    {"state", "exec state", EXEC "--fifo ../fifo -- state", false},
    {"client at the gate", "",
     "exec env -u LD_PRELOAD $IMDSHIM run -q --port $PORT -c '"
     "LD_PRELOAD=$failing:$LD_PRELOAD exec gate-client plain 127.0.0.1 $PORT"
     "' -- gate-engine 127.0.0.1 $PORT listen serve=1",
     true},
};

struct tally {
    int tried, failed, unreached;
};

static struct area area;
static const struct scenario *scenario;
static struct failing *failing;
static char expected_out[AREA_TEXT], expected_err[AREA_TEXT];
static int expected_status, fifo;
static char preload[PATH_MAX];

static void make_failing(void)
{
    char path[PATH_MAX], command[3 * PATH_MAX];
    int fd;

    snprintf(path, sizeof path, "%s/calls", area.path);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *failing) != 0)
        err(1, "%s", path);
    failing = mmap(NULL, sizeof *failing, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (failing == MAP_FAILED)
        err(1, "mmap");
    setenv("FAILING", path, 1);
    snprintf(preload, sizeof preload, "%s/failing.so", area.path);
    snprintf(command, sizeof command,
             "${CC:-cc} -std=c11 -D_GNU_SOURCE -I\"$SOURCE\" -shared -fPIC -O1 -o %s "
             "\"$SOURCE/tests/doubles/libraries/failing.c\"",
             preload);
    if (system(command) != 0)
        errx(1, "cannot build %s", preload);
    setenv("failing", preload, 1);
}

/* A FIFO that is full would be another fault. */
static void drain(void)
{
    char events[4096];

    while (read(fifo, events, sizeof events) > 0)
        continue;
}

static void plan_failure(const struct failing_call *fault, int error)
{
    memset(failing, 0, sizeof *failing);
    if (fault == NULL)
        return;
    failing->number = fault->number;
    failing->fails = fault->time;
    failing->error = error;
}

_Noreturn static void become(const char *command)
{
    process_default_signals();
    dup2(area.out, STDOUT_FILENO);
    dup2(area.err, STDERR_FILENO);
    setenv("LD_PRELOAD", preload, 1);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(99);
}

/* The status as sh(1) has it; or HUNG or LEFT. */
static int run(const char *command, const struct failing_call *fault, int error)
{
    struct leftover_child shell = {.pid = 0};
    char names[128];
    bool ended;
    int left;

    if (!area_forget_output(&area))
        err(EXIT_FAILURE, "ftruncate");
    plan_failure(fault, error);
    shell.pid = fork();
    if (shell.pid == 0)
        become(command);
    ended = leftover_wait(&shell, SECONDS);
    if (!ended)
        kill(shell.pid, SIGKILL);
    left = leftover_processes(&shell, LINGER, names, sizeof names);
    area_read(&area);
    drain();
    if (!ended)
        return HUNG;
    return left > 0 ? LEFT : status_of_wait(shell.wait_status);
}

static bool is_as_without(int status)
{
    if (!scenario->at_gate)
        return status == expected_status && strcmp(area.out_text, expected_out) == 0 &&
               strcmp(area.err_text, expected_err) == 0;
    return status >= 0 && (strstr(area.out_text, "met 127.0.0.1\n") != NULL ||
                           strstr(area.out_text, "failed ") != NULL);
}

static void complain(const struct failing_call *call, int error, int status)
{
    printf("%s: %s %u: %s: status %d, not %d\n--- stdout and stderr\n%s%s--- not\n%s%s",
           scenario->name, errors_name(call->number), call->time, strerrorname_np(error),
           status, expected_status, area.out_text, area.err_text, expected_out, expected_err);
    fflush(stdout);
}

static void try_one(const struct failing_call *call, int error, struct tally *tally)
{
    int status = run(scenario->with, call, error);

    if (!failing->hit) {
        tally->unreached++;
        return;
    }
    tally->tried++;
    if (is_as_without(status))
        return;
    tally->failed++;
    complain(call, error, status);
}

static void try_all(int every)
{
    static struct failing_call calls[FAILING_CALLS];
    unsigned count = failing->count < FAILING_CALLS ? failing->count : FAILING_CALLS;
    int errors[ERRORS_MOST + 1], turn = 0;
    struct tally tally = {0};

    memcpy(calls, failing->calls, sizeof calls);
    for (unsigned i = 0; i < count; i++) {
        int kinds = errors_of(calls[i].number, calls[i].arguments, errors);

        if (kinds > 0)
            errors[kinds++] = EPERM;
        for (int e = 0; e < kinds; e++)
            if (turn++ % every == 0)
                try_one(&calls[i], errors[e], &tally);
    }
    printf("== library's calls that fail, %s: %d tried, %d failed; %u calls, not reached %d\n",
           scenario->name, tally.tried, tally.failed, count, tally.unreached);
    fflush(stdout);
}

static bool try_scenario(int every)
{
    int status;

    expected_status = run(scenario->without, NULL, 0);
    strcpy(expected_out, area.out_text);
    strcpy(expected_err, area.err_text);
    status = run(scenario->with, NULL, 0);
    if (failing->count > 0 && is_as_without(status)) {
        try_all(every);
        return true;
    }
    printf("%s: with nothing that fails: %u calls, status %d\n%s%s== library's calls that "
           "fail, %s: 0 tried, 1 failed;\n",
           scenario->name, failing->count, status, area.out_text, area.err_text,
           scenario->name);
    return false;
}

static void open_fifo(void)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/fifo", area.path);
    fifo = mkfifo(path, 0600) == 0 ? open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fifo < 0)
        err(EXIT_FAILURE, "%s", path);
}

static void set_port(unsigned port)
{
    char text[16];

    snprintf(text, sizeof text, "%u", port);
    setenv("PORT", text, 1);
}

int main(int argc, char **argv)
{
    int every = argc > 1 ? atoi(argv[1]) : 1, stranger;
    unsigned port;
    bool good = true;

    if (every < 1)
        errx(EXIT_FAILURE, "usage: library [EVERY [SCENARIO]]");
    if (!area_make(&area, place_enter("/usr/bin:/bin")) || chdir(area.run) != 0)
        err(EXIT_FAILURE, "library");
    make_failing();
    leftover_watch();
    open_fifo();
    stranger = place_listen(&port); /* where a client must never come */
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        scenario = &scenarios[i];
        if (argc > 2 && strcmp(argv[2], scenario->name) != 0)
            continue;
        set_port(scenario->at_gate ? port : place_free_port());
        good &= try_scenario(every);
    }
    close(fifo);
    close(stranger);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
