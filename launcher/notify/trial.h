/*
 * Can user notification be had here? Tried with a process of our own, because only that says
 * it all: the kernel's age, what a container forbids, a program above that has such a filter
 * already, Yama.
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_TRIAL_H
#define IMDSHIM_LAUNCHER_NOTIFY_TRIAL_H

/* NULL: it can. Else the reason, as the end of a sentence. */
const char *trial_obstacle(void);

#endif
