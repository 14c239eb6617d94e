/*
 * Runs that may leave this host: mpirun and srun start the engine where the run's FIFO is not.
 * Pure decisions.
 */
#ifndef IMDSHIM_LAUNCHER_CLUSTER_H
#define IMDSHIM_LAUNCHER_CLUSTER_H

#include <stdbool.h>

/*
 * Does a word of the command name a program that starts others on the nodes of a cluster, be it
 * in a line for sh -c, or has the batch job more nodes than one? The latter is what Slurm has
 * in SLURM_JOB_NUM_NODES; NULL: not set.
 */
bool cluster_may_leave_host(const char *const *command, const char *job_nodes);

#endif
