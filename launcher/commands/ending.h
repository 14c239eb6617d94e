/*
 * INT, TERM and HUP for commands that have no engine to pass them on to: they ask for an end in
 * good order, and are no failure. Other signals can be read with them.
 */
#ifndef IMDSHIM_LAUNCHER_COMMANDS_ENDING_H
#define IMDSHIM_LAUNCHER_COMMANDS_ENDING_H

#include <signal.h>
#include <stdbool.h>

struct ending {
    int fd; /* for poll(2) */
    sigset_t before;
};

/* others: further signals to be read, 0 is the last. Dies with 1 if there is no descriptor left. */
void ending_begin(struct ending *ending, const int *others);

/* The next signal that has come, 0 = none. */
int ending_next(const struct ending *ending);

/* Has one come since it was last asked? */
bool ending_asked(const struct ending *ending);

void ending_end(struct ending *ending);

#endif
