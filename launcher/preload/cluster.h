/*
 * Runs that may leave this host: mpirun and srun start the engine where the run's FIFO is not.
 * Pure decisions.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_CLUSTER_H
#define IMDSHIM_LAUNCHER_PRELOAD_CLUSTER_H

#include <stdbool.h>

/* Does a program of that base name start others on the nodes of a cluster? */
bool cluster_is_launcher(const char *name);

/* Is it ssh(1) or its kind, which starts a program on another host? */
bool cluster_is_agent(const char *name);

/*
 * Before the start: does the command name a launcher (command_line.h), or has the batch job more
 * nodes than one? The latter is what Slurm has in SLURM_JOB_NUM_NODES; NULL: not set.
 */
bool cluster_may_leave_host(const char *const *command, const char *job_nodes);

/*
 * Afterwards: a program has reported itself, with the module that a launcher is known by, ""
 * if it has none (match.h). Does it start others on other hosts? The runtimes' daemons, orted
 * and the like, do not, though they have such a module: they are started by the launcher.
 */
bool cluster_starts_others(const char *exe, const char *object);

#endif
