/*
 * What carries the engine's environment to ranks on other hosts. Hydra carries the whole of it
 * by itself. These want a variable of their own, and its value is composed here, for free(3),
 * with the user's own value kept in it. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_PRELOAD_CARRY_H
#define IMDSHIM_LAUNCHER_PRELOAD_CARRY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Open MPI 4: the command with which its daemons on other hosts are started, "orted" unless it
 * is set. Ours preloads them and the ranks that they start. NULL if the list cannot be written
 * for the shells on its way, or memory ends.
 *
 * Open MPI carries what begins with OMPI_, and what mca_base_env_list names, but refuses to
 * start if the user has said "-x" as well (seen with 4.1.4). Nothing gets into the agent's way;
 * it becomes a part of command lines on both hosts, ps(1), and so it carries nothing else.
 */
#define CARRY_OPENMPI_4 "OMPI_MCA_orte_launch_agent"
char *carry_openmpi_4(const char *user_value, const char *preload);

/*
 * Open MPI 5 and PRRTE: the same, "prted" unless it is set. PRRTE cuts the value at its second
 * '=' where daemons start daemons, and so the agent is a command without any: the program,
 * imdshim itself, preloads its library and becomes what follows. NULL as above.
 */
#define CARRY_OPENMPI_5 "PRTE_MCA_prte_launch_agent"
#define CARRY_COMMAND "preload"
char *carry_openmpi_5(const char *user_value, const char *program);

/*
 * Slurm: what srun(1) carries, "--export". "NONE", which "#SBATCH --export=NONE" leaves in a
 * job, becomes the list of the names; a list gets them too. NULL if nothing is to be changed,
 * because srun carries everything: the variable is not set, or it has "ALL". Dies with 125 if
 * memory ends.
 */
#define CARRY_SLURM "SLURM_EXPORT_ENV"
char *carry_slurm(const char *user_value, const char *const *names, size_t count);

/*
 * Is the command a program that carries no environment, ssh(1), starts the engine in a container
 * of its own, toolbox(1), or when we are gone, sbatch(1)? Then one line of text without a newline
 * that says what to do instead. Only the command itself counts: a script may use them for
 * something else than the engine.
 */
enum { CARRY_TEXT = 256 };
bool carry_is_lost(const char *const *command, char text[CARRY_TEXT]);

#endif
