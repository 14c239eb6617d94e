#include "launcher/preload/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "launcher/preload/command_line.h"

/*
 * Programs that start others on the nodes of a cluster. Their daemons there (orted, pmi_proxy)
 * are none: nobody starts them by hand.
 */
static const char *const launchers[] = {
    "mpirun",      "mpiexec", "orterun",   "prterun", "prun",     "mpirun_rsh",
    "mpiexec_mpt", "srun",    "salloc",    "aprun",   "jsrun",    "lrun",
    "ibrun",       "poe",     "ccc_mprun", "flux",    "charmrun",
};

/* Behind "mpirun." and "mpiexec.": another suffix is a file's, as mpirun.log. */
static const char *const variants[] = {
    "openmpi", "mpich", "mpich2", "hydra", "gforker", "lam", "mvapich", "mvapich2", "slurm",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_variant(const char *suffix)
{
    for (size_t i = 0; i < COUNT(variants); i++)
        if (strcmp(suffix, variants[i]) == 0)
            return true;
    return false;
}

bool cluster_is_launcher(const char *name)
{
    for (size_t i = 0; i < COUNT(launchers); i++) {
        size_t length = strlen(launchers[i]);

        if (strncmp(name, launchers[i], length) == 0 &&
            (name[length] == '\0' || (name[length] == '.' && is_variant(name + length + 1))))
            return true;
    }
    return false;
}

static bool is_launcher(const char *name, const void *unused)
{
    (void)unused;
    return cluster_is_launcher(name);
}

bool cluster_may_leave_host(const char *const *command, const char *job_nodes)
{
    return (job_nodes != NULL && atoi(job_nodes) > 1) ||
           command_line_names(command, is_launcher, NULL);
}
