#include "launcher/container/enter.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/private_dir.h"
#include "launcher/container/plan.h"
#include "launcher/libc/bsd.h"
#include "launcher/preload/library.h"
#include "launcher/preload/program.h"
#include "shim/wire/wire.h"

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static bool is_in_path(const char *name)
{
    char path[PATH_MAX];

    return program_find(name, path);
}

/* What --init would start: podman looks in these places, docker and nerdctl in PATH. */
static bool init_is_here(void)
{
    static const char *const places[] = {
        "/usr/libexec/podman/catatonit", "/usr/local/libexec/podman/catatonit",
        "/usr/local/lib/podman/catatonit", "/usr/lib/podman/catatonit",
        "/usr/libexec/docker/docker-init"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (is_there(places[i]))
            return true;
    return is_in_path("catatonit") || is_in_path("docker-init") || is_in_path("tini");
}

/* Beside the FIFO, one for each library. */
static const char *copy_beside(const struct container_needs *needs, char path[PATH_MAX])
{
    const char *slash = needs->fifo != NULL ? strrchr(needs->fifo, '/') : NULL;
    struct stat status;

    if (slash == NULL || stat(needs->library, &status) != 0 ||
        snprintf(path, PATH_MAX, "%.*s/libimdshim.so.%llx.%llx", (int)(slash - needs->fifo),
                 needs->fifo, (unsigned long long)status.st_dev,
                 (unsigned long long)status.st_ino) >= PATH_MAX)
        return NULL;
    return library_copy(needs->library, path) ? path : NULL;
}

/* As the FIFO, by which it is this run's alone: "imdshim-HOST-PID-RANDOM". */
static const char *name_as_fifo(const char *fifo, char name[NAME_MAX + 16])
{
    const char *slash = fifo != NULL ? strrchr(fifo, '/') : NULL;

    if (slash == NULL)
        return NULL;
    snprintf(name, NAME_MAX + 16, "imdshim-%.*s", NAME_MAX, slash + 1);
    for (char *at = name; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at))
            *at = '-';
    return name;
}

bool container_enter(struct container *container, const char *const *command,
                     char *const *environment, const struct container_needs *paths)
{
    const struct runtime *runtime = plan_find_runtime(command);
    struct container_needs needs = *paths;
    char copy[PATH_MAX], name[NAME_MAX + 16];

    needs.exists = is_there;
    if (runtime == NULL)
        needs.apptainer_is_here = is_in_path("apptainer") || is_in_path("singularity");
    else if (runtime->kind == RUNTIME_CHRUN)
        needs.copy = copy_beside(&needs, copy);
    else if (runtime->kind == RUNTIME_PODMAN) {
        needs.name = name_as_fifo(needs.fifo, name);
        needs.init_is_here = init_is_here();
    }
    if (runtime == NULL && !needs.apptainer_is_here) {
        *container = (struct container){.means = CONTAINER_NONE};
        return false;
    }
    plan_make(container, command, (const char *const *)environment, &needs);
    return true;
}

void container_try(struct container *container, const char *const *command, const char *library,
                   const char *preload)
{
    struct words environment = {.list = NULL};
    char fifo[PATH_MAX];

    private_dir_make(fifo);
    strlcat(fifo, "/FIFO", sizeof fifo);
    words_format(&environment, "LD_PRELOAD=%s", preload);
    words_format(&environment, WIRE_FIFO "=%s", fifo);
    if (getenv("TMPDIR") != NULL)
        words_format(&environment, "TMPDIR=%s", getenv("TMPDIR"));
    container_enter(
        container, command, environment.list,
        &(struct container_needs){.library = library, .preload = preload, .fifo = fifo});
    words_free(&environment);
}
