/*
 * What an engine has left behind: processes whose parents have ended are no longer below it, but
 * the environment that they were started with has the run's FIFO.
 */
#ifndef IMDSHIM_LAUNCHER_PROC_PROC_LEFT_H
#define IMDSHIM_LAUNCHER_PROC_PROC_LEFT_H

#include <stdbool.h>
#include <sys/types.h>

#include "shim/wire/wire.h"

/* Has the environment with which its program was started that FIFO? */
bool proc_has_fifo(pid_t pid, const char *fifo);

/*
 * One of this host that has it, runs, and whose program may be the engine; exe is the base name
 * of that. 0: there is none. Processes are numbered in turn: since is that of one that was there
 * before any that is looked for, if the numbers cannot have come round to it since. With 0 every
 * process of ours is looked at: some milliseconds on a full host.
 */
pid_t proc_left(const char *fifo, pid_t since, bool (*may_be_engine)(const char *exe),
                char exe[NAME_SIZE]);

#endif
