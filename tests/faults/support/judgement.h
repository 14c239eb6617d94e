/*
 * What the contract says of a run of which one system call failed. Pure decisions.
 */
#ifndef IMDSHIM_TESTS_FAULTS_JUDGEMENT_H
#define IMDSHIM_TESTS_FAULTS_JUDGEMENT_H

#include <stdbool.h>

#include "tests/faults/support/inject.h"

enum { WORDS = 24 };

/* A command of imdshim's, and what a good run of it shows. "PORT" is a port that nobody has. */
struct scenario {
    const char *name;
    const char *words[WORDS];
    int status, no;        /* no: the other answer, where it is one that is given */
    const char *out, *err; /* what is printed, among other things */
    const char *done;      /* a file that is made, and holds something */
    const char *nodes;     /* SLURM_JOB_NUM_NODES */
    bool beside_run;       /* while another run goes on */
};

/* What a run has shown. */
struct shown {
    int status;
    const char *out, *err;
    bool done, hung, engine_ran;
    int left; /* processes */
};

/* How a run may end: as ever or without one thing; with a line instead of the engine; or the
 * engine, which had been started, was lost. */
enum ending { SAVED, REFUSED, LOST, ENDINGS };

/* What a run has not shown that is as it would be; NULL if nothing. */
const char *judgement_missing(const struct scenario *scenario, const struct shown *shown);

/* What is wrong with a run in which the call failed so; NULL if nothing is: then its ending. */
const char *judgement_of(const struct scenario *scenario, const struct shown *shown,
                         const struct inject_call *call, int error, enum ending *ending);

/* Names by blanks, as area_left() takes them: what files there may be after a run. */
const char *judgement_files(const struct scenario *scenario);

/* Does the call remove a file? If it fails, that is left, until the next run. */
bool judgement_removes(const struct inject_call *call);

/*
 * A sanitizer's run time maps memory before main() and in malloc(3), by the hundred, and ends
 * the program if it gets none: nothing of that is ours.
 */
bool judgement_is_sanitizer_s(const struct inject_call *call);

#endif
