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

/*
 * The value of CLUSTER_AGENT with which Open MPI's daemons on other hosts, and the ranks that
 * they start, are preloaded; the user's own value is kept in it. For free(3); NULL if the list
 * cannot be written for the shells on its way, or memory ends.
 *
 * Hydra and srun carry the whole environment. Open MPI carries what begins with OMPI_, and what
 * mca_base_env_list names, but refuses to start if the user has said "-x" as well (seen with
 * 4.1.4). The launch agent is a command, "orted" unless it is set, and nothing gets into its
 * way; it becomes a part of command lines on both hosts, ps(1), and so it carries nothing else.
 */
#define CLUSTER_AGENT "OMPI_MCA_orte_launch_agent"
char *cluster_compose_agent(const char *user_value, const char *preload);

#endif
