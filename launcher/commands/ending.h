/*
 * INT, TERM and HUP for commands that have no engine to pass them on to: they ask for an end in
 * good order, and are no failure.
 */
#ifndef IMDSHIM_LAUNCHER_COMMANDS_ENDING_H
#define IMDSHIM_LAUNCHER_COMMANDS_ENDING_H

#include <signal.h>
#include <stdbool.h>

struct ending {
    int fd; /* for poll(2) */
    sigset_t before;
};

/* Dies with 1 if there is no descriptor left. */
void ending_begin(struct ending *ending);

/* Has one come since it was last asked? */
bool ending_asked(const struct ending *ending);

void ending_end(struct ending *ending);

#endif
