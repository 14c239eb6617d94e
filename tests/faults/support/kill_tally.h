/*
 * What became of many runs in which something was killed, counted, and as a row for
 * tests/faults/run.sh.
 */
#ifndef IMDSHIM_TESTS_FAULTS_KILL_TALLY_H
#define IMDSHIM_TESTS_FAULTS_KILL_TALLY_H

#include "tests/faults/support/killed_run.h"

struct kill_tally {
    int tried, failed, late, temporary, daemon, half, engine_first, victims[VICTIMS],
        phases[KILL_PHASES];
    double slowest;
};

const char *victim_name(enum victim victim);

/* A failure is printed. */
void kill_tally_count(struct kill_tally *tally, const struct killing *killing,
                      const struct verdict *verdict);
void kill_tally_add(struct kill_tally *all, const struct kill_tally *one);
void kill_tally_print(const struct kill_tally *all, const char *name);

#endif
