#include "launcher/preload/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "launcher/preload/command_line.h"

/* Programs that start others on the nodes of a cluster. */
static const char *const launchers[] = {
    "mpirun",      "mpiexec", "orterun",   "prterun", "prun",     "mpirun_rsh",
    "mpiexec_mpt", "srun",    "salloc",    "aprun",   "jsrun",    "lrun",
    "ibrun",       "poe",     "ccc_mprun", "flux",    "charmrun",
};

/* Behind "mpirun." and "mpiexec.": another suffix is a file's, as mpirun.log. */
static const char *const variants[] = {
    "openmpi", "mpich", "mpich2", "hydra", "gforker", "lam", "mvapich", "mvapich2", "slurm",
};

/* Their daemons there. Nobody starts them by hand. */
static const char *const daemons[] = {
    "orted",    "prted",  "hydra_pmi_proxy", "pmi_proxy",   "hydra_bstrap_proxy",
    "mpispawn", "slurmd", "slurmstepd",      "flux-broker",
};

static const char *const agents[] = {
    "ssh", "rsh", "qrsh", "blaunch", "pbs_tmrsh", "oarsh", "pdsh", "clush", "pssh", "taktuk",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_one_of(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_variant(const char *suffix)
{
    return is_one_of(variants, COUNT(variants), suffix);
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

bool cluster_is_agent(const char *name)
{
    return is_one_of(agents, COUNT(agents), name);
}

bool cluster_starts_others(const char *exe, const char *object)
{
    return cluster_is_launcher(exe) || cluster_is_agent(exe) ||
           (object[0] != '\0' && !is_one_of(daemons, COUNT(daemons), exe));
}
