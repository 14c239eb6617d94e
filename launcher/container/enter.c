#include "launcher/container/enter.h"

#include <limits.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/container/plan.h"
#include "launcher/preload/program.h"

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static bool is_in_path(const char *name)
{
    char path[PATH_MAX];

    return program_find(name, path);
}

void container_enter(struct container *container, const struct options *options,
                     char *const *environment, struct container_needs *needs)
{
    needs->exists = is_there;
    needs->apptainer_is_here = is_in_path("apptainer") || is_in_path("singularity");
    plan_make(container, (const char *const *)options->operands,
              (const char *const *)environment, needs);
    if (container->means == CONTAINER_TOLD && options->verbosity != QUIET)
        say("%s", container->text);
}
