/*
 * Who of a run is to be killed, and what the run is at.
 */
#ifndef IMDSHIM_TESTS_FAULTS_VICTIM_H
#define IMDSHIM_TESTS_FAULTS_VICTIM_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/faults/support/leftover.h"

enum victim { LAUNCHER, THE_ENGINE, THE_CLIENT, READER, VICTIMS };

/* Before its record, as its record says, after its end. */
enum kill_phase {
    BEGINNING,
    IN_STARTING,
    IN_LISTENING,
    IN_READY,
    IN_CONNECTED,
    IN_ENDING,
    OVER,
    KILL_PHASES
};

/* events: that an engine under exec has told, for it has no record; NULL of a run. */
enum kill_phase victim_phase(const struct leftover_child *launcher, const int *events);

/* The engine, or the client, of a launcher; 0 if there is none such. */
pid_t victim_find(pid_t launcher, enum victim victim);

/* SIGKILL to a child, or a child's child. False if it has ended. */
bool victim_kill(pid_t pid);

#endif
