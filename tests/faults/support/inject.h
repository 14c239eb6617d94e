/*
 * One system call of a command fails, once, with an error of our choice.
 *
 * The command and all that it starts run under a seccomp(2) filter by which the kernel asks us
 * about every call (SECCOMP_RET_USER_NOTIF, Linux 5.5; seccomp_unotify(2)). All but one are let
 * through: signals, job control and vfork(2) are as ever, which they are not under ptrace(2).
 *
 * A close(2) that fails has closed all the same, as its page says: here the descriptor is
 * made one of /dev/null's (Linux 5.9).
 */
#ifndef IMDSHIM_TESTS_FAULTS_INJECT_H
#define IMDSHIM_TESTS_FAULTS_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/faults/support/errors.h"

/* Who makes a call: the program itself, or a child of its that is not another program yet. */
enum inject_role { INJECT_PROGRAM, INJECT_CHILD_1, INJECT_CHILD_2, INJECT_ROLES };

enum { INJECT_TEXT = 64, INJECT_CALLS = 1024 };

struct inject_call {
    enum inject_role role;
    long number;
    unsigned occurrence; /* of this number in this role, from 1 on */
    bool by_loader;      /* before the program opens its first file of its own */
    uint64_t arguments[ARGUMENTS];
    char text[INJECT_TEXT]; /* its path, or "" */
};

struct inject_calls {
    int count;
    struct inject_call calls[INJECT_CALLS];
};

struct inject_plan {
    const char *const *command; /* its first word is a path */
    const char *program;        /* of which calls are counted: as /proc/PID/exe has it */
    const char *first_file;     /* that the program opens when its loader is through */
    const char *directory;      /* where it runs */
    int out, err;
    int pass, pass_as;               /* a descriptor, and its number in the command; -1: none */
    pid_t spared;                    /* a child of ours that has nothing to do with it, or 0 */
    const struct inject_call *fault; /* which call fails; NULL: none */
    int error;                       /* and how */
    struct inject_calls *log;        /* where calls are noted; NULL: nowhere */
    int seconds;                     /* that it may take */
};

struct inject_result {
    bool began;   /* the filter could be had */
    bool hit;     /* the call was made, and failed */
    bool hung;    /* it did not end in time, and was killed */
    bool changed; /* the program, or a child of its, became another: the engine ran */
    int left;     /* processes that it left behind, and that were killed */
    int wait_status;
};

/* Processes that are left behind become ours: prctl(2), PR_SET_CHILD_SUBREAPER, is set. */
void inject_run(const struct inject_plan *plan, struct inject_result *result);

/*
 * Of inject_run(): start the command under the filter. Its process, -1 if there is none, and
 * the descriptor by which we are asked, -1 if the filter could not be had.
 */
pid_t inject_start(const struct inject_plan *plan, int *listener);

#endif
