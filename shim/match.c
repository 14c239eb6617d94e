#include "shim/match.h"

#include <stddef.h>
#include <string.h>

/* A module is known by how its name begins, for versions and components follow. */
static const char *const runtime_modules[] = {
    "mca_",    "libmpi",   "libmpich",   "libopen-pal", "libopen-rte", "libpmi", /* and pmix */
    "libprte", "libprrte", "libucp",     "libuct",      "libucs",      "libfabric",
    "libpsm",  "libnccl",  "libnvshmem", "libslurm",    "libmunge",
};

static const char *const runtime_programs[] = {
    "mpirun",           "mpiexec",    "mpiexec.hydra",
    "orterun",          "orted",      "prte",
    "prterun",          "prted",      "prun",
    "hydra_pmi_proxy",  "srun",       "hydra_bstrap_proxy",
    "hydra_nameserver", "slurmstepd", "slurmd",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

bool match_is_runtime(const char *exe, const char *object)
{
    for (size_t i = 0; i < COUNT(runtime_modules); i++)
        if (strncmp(object, runtime_modules[i], strlen(runtime_modules[i])) == 0)
            return true;
    for (size_t i = 0; i < COUNT(runtime_programs); i++)
        if (strcmp(exe, runtime_programs[i]) == 0)
            return true;
    return false;
}
