#include "tests/faults/support/killed_run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launcher/base/status.h"
#include "launcher/source/fifos.h"
#include "shim/wire/wire.h"
#include "tests/faults/support/leftover.h"
#include "tests/faults/support/run_start.h"
#include "tests/faults/support/tracee.h"
#include "tests/faults/support/victim.h"

enum {
    BOUND = 9,       /* s: who ends later has been ended by a grace of 10 s, or by its alarm */
    STATUS_READ = 4, /* of an engine under exec */
    STATUS_CLIENT_LOST = 3, /* of imd-server */
    KILLED = STATUS_OF_SIGNAL + SIGKILL,
};

struct attempt {
    const struct killing *killing;
    struct verdict *verdict;
    struct tracee tracee; /* its launcher is that of the run, traced or not */
    struct leftover_sockets sockets;
    struct run_reader reader;
};

static void fail(struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct verdict *verdict, const char *format, ...)
{
    size_t length = strlen(verdict->why);
    va_list arguments;

    verdict->failed = true;
    va_start(arguments, format);
    vsnprintf(verdict->why + length, sizeof verdict->why - length, format, arguments);
    va_end(arguments);
}

/* ---- at the moment ---- */

/* Who is not there yet is killed at its birth. 0 if it is not there any more. */
static pid_t wait_for_victim(struct attempt *attempt)
{
    const struct timespec moment = {0, 100000};
    double end = leftover_now() + BOUND * 1e3;
    const struct leftover_child *launcher = &attempt->tracee.launcher;
    pid_t pid = 0;

    if (attempt->killing->victim == LAUNCHER)
        return launcher->pid;
    if (attempt->killing->victim == READER)
        return attempt->reader.pid;
    while ((pid = victim_find(launcher->pid, attempt->killing->victim)) == 0 &&
           victim_phase(launcher, attempt->reader.events) < IN_CONNECTED &&
           leftover_now() < end)
        nanosleep(&moment, NULL);
    return pid;
}

static void kill_after(struct attempt *attempt, double milliseconds)
{
    const struct timespec pause = {(time_t)(milliseconds / 1e3),
                                   (long)(milliseconds * 1e6) % 1000000000};
    pid_t launcher = attempt->tracee.launcher.pid, victim;

    nanosleep(&pause, NULL);
    victim = wait_for_victim(attempt);
    leftover_note_sockets(launcher, &attempt->sockets);
    attempt->verdict->phase = victim_phase(&attempt->tracee.launcher, attempt->reader.events);
    if (victim > 0 && attempt->verdict->phase != OVER)
        attempt->verdict->killed = victim_kill(victim);
}

static void kill_at(struct attempt *attempt, long step)
{
    attempt->tracee.which = (int)attempt->killing->victim;
    attempt->tracee.step = step;
    attempt->verdict->killed = tracee_run(&attempt->tracee, BOUND);
    attempt->verdict->calls = attempt->tracee.calls;
    leftover_note_sockets(attempt->tracee.launcher.pid, &attempt->sockets);
    attempt->verdict->phase = victim_phase(&attempt->tracee.launcher, attempt->reader.events);
    if (attempt->verdict->killed)
        kill(attempt->tracee.victim, SIGKILL);
}

/* ---- afterwards ---- */

static bool status_fits(const struct attempt *attempt, int status)
{
    const struct kind_of_run *run = attempt->killing->run;
    bool late = attempt->killing->step == 0 || !attempt->verdict->killed;

    if (run->reads)
        return status == STATUS_READ;
    if (attempt->verdict->engine_first)
        return true;
    if (status == 0 && late) /* it may have been about to end */
        return true;
    if (!attempt->verdict->killed)
        return false;
    if (attempt->killing->victim != THE_ENGINE || !run->has_client)
        return status == KILLED;
    /* A client that was never needed; ones that have lost their engine; one that was done. */
    return status == KILLED || status == STATUS_FAILED || status == 1 || status == 99 ||
           (status == 0 && run->stops);
}

static void judge_status(struct attempt *attempt)
{
    const struct leftover_child *launcher = &attempt->tracee.launcher;
    bool by_signal = launcher->ended && WIFSIGNALED(launcher->wait_status);
    int status = launcher->ended ? status_of_wait(launcher->wait_status) : -1;

    /* A process that is killed closes its sockets before its parent can know. */
    attempt->verdict->engine_first =
        attempt->killing->victim == THE_CLIENT && status == STATUS_CLIENT_LOST;
    if (!status_fits(attempt, status))
        fail(attempt->verdict, " status %d", status);
    if (status == KILLED && !by_signal && attempt->killing->victim == LAUNCHER)
        fail(attempt->verdict, " not by its signal");
    attempt->verdict->killed &= status != 0 || attempt->killing->step > 0;
}

/* It gives up after ten seconds: the launcher waits for it, and may. */
static bool client_is_connected_to_nobody(const struct attempt *attempt)
{
    struct leftover_sockets sockets;

    leftover_note_sockets(victim_find(attempt->tracee.launcher.pid, THE_CLIENT), &sockets);
    return leftover_half_connection(&sockets);
}

static void judge_processes(struct attempt *attempt)
{
    double killed = leftover_now();
    int left = 0, seconds = attempt->killing->run->seconds;
    char names[128] = "";
    bool ended;

    if (attempt->reader.pid > 0 && !attempt->verdict->killed) {
        leftover_wait(&attempt->tracee.launcher, BOUND);
        kill(attempt->reader.pid, SIGKILL); /* it reads for ever */
    }
    ended = leftover_end(&attempt->tracee.launcher, seconds > 0 ? seconds : BOUND);
    attempt->verdict->half = !ended && client_is_connected_to_nobody(attempt);
    if (!ended)
        left = leftover_processes(&attempt->tracee.launcher, attempt->verdict->half ? BOUND : 0,
                                  names, sizeof names);
    /* Seldom, where LAMMPS gets its SIGTERM while it starts it: what an engine starts is its
     * own. */
    attempt->verdict->daemon = left == 1 && strcmp(names, " orted") == 0;
    if (attempt->verdict->daemon)
        return;
    if (left > 0)
        fail(attempt->verdict, " %d processes left:%s", left, names);
    attempt->verdict->length = leftover_now() - killed;
}

/* Links to libraries, which LD_PRELOAD could not name otherwise, have other names. */
static int entries_left(void)
{
    char directory[64], host[HOST_SIZE + 1] = "";
    int making;

    snprintf(directory, sizeof directory, "imdshim-%lu", (unsigned long)geteuid());
    gethostname(host, sizeof host - 2);
    making = leftover_entries(directory, FIFO_MAKING);
    strcat(host, ".");
    return making + leftover_entries(directory, host);
}

static void clear_by_next_run(struct verdict *verdict)
{
    static const char *const words[] = {"run", "-q", "--", "true", NULL};
    struct leftover_child next = {.pid = run_start(words, false)};
    char names[128];

    if (leftover_processes(&next, BOUND, names, sizeof names) > 0 || !next.ended ||
        next.wait_status != 0)
        fail(verdict, " the next run fails");
}

/* Elsewhere the port file has a name while it is being made, imdshim(1). */
static bool has_nameless_files(void)
{
    int fd = open(".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void judge_files(struct attempt *attempt)
{
    int left = entries_left(), expected = attempt->killing->victim == LAUNCHER;

    if (left > expected)
        fail(attempt->verdict, " %d FIFOs left", left);
    if (leftover_named_sockets(&attempt->sockets) > 0)
        fail(attempt->verdict, " an abstract socket left");
    if (left > 0)
        clear_by_next_run(attempt->verdict);
    if (left > 0 && entries_left() > 0)
        fail(attempt->verdict, " the next run has not removed the FIFO");
    left = leftover_clear("port.");
    if (left > 0 && has_nameless_files())
        fail(attempt->verdict, " a temporary port file left");
    attempt->verdict->temporary = left > 0;
}

static void tell_err(struct verdict *verdict)
{
    char text[256] = "";
    int fd = open("err", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

    text[got > 0 ? got : 0] = '\0';
    if (fd >= 0)
        close(fd);
    fail(verdict, "; it said: %s", text);
}

void killed_run(const struct killing *killing, struct verdict *verdict)
{
    struct attempt attempt = {.killing = killing, .verdict = verdict};
    double begun;

    memset(verdict, 0, sizeof *verdict);
    if (killing->run->reads)
        run_start_reader(&attempt.reader);
    begun = leftover_now();
    attempt.tracee.launcher.pid = run_start(killing->run->words, killing->step > 0);
    if (killing->step > 0)
        kill_at(&attempt, killing->step);
    else if (killing->moment >= 0)
        kill_after(&attempt, killing->moment);
    judge_processes(&attempt);
    if (!verdict->killed)
        verdict->length = leftover_now() - begun;
    judge_status(&attempt);
    judge_files(&attempt);
    run_forget_reader(&attempt.reader);
    unlink("port");
    if (verdict->failed)
        tell_err(verdict);
}
