/*
 * The one loop of a run, around poll(2): signals, children, sources of events, the gate, and
 * deadlines.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_RUN_LOOP_H
#define IMDSHIM_LAUNCHER_RUN_RUN_LOOP_H

#include "launcher/run/run.h"

/* Until engine and client have ended and, if the engine was ended, what it has left behind. */
void run_until_all_ended(struct run *run);

#endif
