/*
 * Runs that may leave this host: mpirun and srun start the engine where the run's FIFO is not.
 * Pure decisions.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_CLUSTER_H
#define IMDSHIM_LAUNCHER_PRELOAD_CLUSTER_H

#include <stdbool.h>

/* Does a program of that base name start others on the nodes of a cluster? */
bool cluster_is_launcher(const char *name);

/*
 * Does the command name such a program (command_line.h), or has the batch job more nodes than
 * one? The latter is what Slurm has in SLURM_JOB_NUM_NODES; NULL: not set.
 */
bool cluster_may_leave_host(const char *const *command, const char *job_nodes);

#endif
