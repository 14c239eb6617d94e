/*
 * A run that is brought to a given system call of its launcher, its engine or its client, by
 * ptrace(2), and stops there.
 */
#ifndef IMDSHIM_TESTS_FAULTS_TRACEE_H
#define IMDSHIM_TESTS_FAULTS_TRACEE_H

#include "tests/faults/support/leftover.h"

struct tracee {
    struct leftover_child launcher;
    int which; /* 0: the launcher; N: its Nth child */
    long step; /* before which system call to stop, from 1 on; of a child from its birth */

    pid_t victim; /* who stands there now; 0 once it has ended */
    long calls;   /* seen so far */

    /* Its own. */
    int births;
    pid_t passed; /* a child that is not the one */
    bool counts;
};

/* In a child, right before execve(2): the parent then calls tracee_run(). */
void tracee_offer(void);

/*
 * True if it is there. False if it has ended before, or says nothing for so many seconds: all
 * are let go then.
 */
bool tracee_run(struct tracee *tracee, int seconds);

#endif
