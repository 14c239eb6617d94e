/*
 * Every system call that libimdshim makes inside an engine fails once, with each error that it
 * can have (support/errors.c), and where it has any as if a sandbox forbade it (EPERM).
 *
 * usage: library [EVERY [SCENARIO]]
 *
 * The engine is run without the library, and what it prints, its status, the descriptors that
 * it has open at its end and its signal mask are kept. A run with the library, in which all
 * goes well, shows which calls the library makes (tests/doubles/libraries/failing.c); then one
 * run is made for each of them and each error, of which only every EVERYth. A run has failed
 * that differs in anything from that without the library, or does not end, or leaves a process.
 *
 * A client at the gate has not failed either if it is refused; but it must meet no one else: at
 * its port a stranger listens all the while.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/support/area.h"
#include "tests/faults/support/errors.h"
#include "tests/faults/support/failing.h"
#include "tests/support/sandbox.h"

enum { SECONDS = 40 };

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

/* Children of ours that are there still; killed if so asked. */
static void end_all(int *left)
{
    siginfo_t info = {.si_pid = 0};

    *left = 0;
    for (int i = 0; i < 300; i++) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD)
            return;
        poll(NULL, 0, 10);
    }
    *left = 1;
}

/* A FIFO that is full would be another fault. */
static void drain(void)
{
    char events[4096];

    while (read(fifo, events, sizeof events) > 0)
        continue;
}

/* The status as sh(1) has it; -1 if it did not end, -2 if something is left of it. */
static int run(const char *command, const struct failing_call *fault, int error)
{
    struct pollfd end = {.events = POLLIN};
    int status = 0, left;
    pid_t pid;

    if (ftruncate(area.out, 0) != 0 || ftruncate(area.err, 0) != 0)
        err(1, "ftruncate");
    memset(failing, 0, sizeof *failing);
    if (fault != NULL) {
        failing->number = fault->number;
        failing->fails = fault->time;
        failing->error = error;
    }
    pid = fork();
    if (pid == 0) {
        dup2(area.out, STDOUT_FILENO);
        dup2(area.err, STDERR_FILENO);
        setenv("LD_PRELOAD", preload, 1);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(99);
    }
    end.fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (poll(&end, 1, SECONDS * 1000) != 1) {
        kill(pid, SIGKILL);
        status = -1;
    }
    close(end.fd);
    waitpid(pid, status < 0 ? NULL : &status, 0);
    end_all(&left);
    area_read(&area);
    drain();
    if (status < 0)
        return -1;
    if (left > 0)
        return -2;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
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

static void try_all(int every)
{
    static struct failing_call calls[FAILING_CALLS];
    unsigned count = failing->count < FAILING_CALLS ? failing->count : FAILING_CALLS;
    int errors[ERRORS_MOST + 1], tried = 0, failed = 0, unreached = 0, turn = 0;

    memcpy(calls, failing->calls, sizeof calls);
    for (unsigned i = 0; i < count; i++) {
        int kinds = errors_of(calls[i].number, calls[i].arguments, errors);

        if (kinds > 0)
            errors[kinds++] = EPERM;
        for (int e = 0; e < kinds; e++) {
            int status;

            if (turn++ % every != 0)
                continue;
            status = run(scenario->with, &calls[i], errors[e]);
            if (!failing->hit) {
                unreached++;
                continue;
            }
            tried++;
            if (is_as_without(status))
                continue;
            failed++;
            complain(&calls[i], errors[e], status);
        }
    }
    printf("== library's calls that fail, %s: %d tried, %d failed; %u calls, not reached %d\n",
           scenario->name, tried, failed, count, unreached);
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

/* Where a client must never come. */
static int make_stranger(char port[8])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        err(1, "no port is free");
    snprintf(port, 8, "%u", ntohs(address.sin_port));
    return fd;
}

int main(int argc, char **argv)
{
    int every = argc > 1 ? atoi(argv[1]) : 1, stranger;
    char path[PATH_MAX], port[8];
    bool good = true;

    if (every < 1 || sandbox_launcher() == NULL || sandbox_doubles() == NULL)
        errx(1, "usage: library [EVERY [SCENARIO]], with IMDSHIM, DOUBLES and SOURCE set");
    if (!area_make(&area) || chdir(area.run) != 0)
        err(1, "library");
    make_failing();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", sandbox_doubles());
    setenv("PATH", path, 1);
    snprintf(path, sizeof path, "%s/fifo", area.path);
    fifo = mkfifo(path, 0600) == 0 ? open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK) : -1;
    stranger = make_stranger(port);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        scenario = &scenarios[i];
        if (argc > 2 && strcmp(argv[2], scenario->name) != 0)
            continue;
        if (!scenario->at_gate) {
            char other[8];

            close(make_stranger(other));
            setenv("PORT", other, 1);
        } else {
            setenv("PORT", port, 1);
        }
        good &= try_scenario(every);
    }
    close(fifo);
    close(stranger);
    area_remove(&area);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
