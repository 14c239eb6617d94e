#include "launcher/container/plan.h"

#include <stdlib.h>
#include <string.h>

#include "launcher/container/ways.h"
#include "launcher/preload/cluster.h"
#include "launcher/preload/command_line.h"

/* What imdshim starts in its turn is that one's. */
static bool ends_the_search(const char *name)
{
    return runtime_find(name) != NULL || strcmp(name, "imdshim") == 0;
}

/*
 * Behind mpirun, whose options are many, the first word that names a runtime is taken for it.
 */
static const char *const *find_program(const char *const *command, bool *behind_launcher)
{
    const char *const *last, *const *program =
                                 command_line_find(command, ends_the_search, &last);

    *behind_launcher =
        program == NULL && last != NULL && cluster_is_launcher(command_line_base_name(*last));
    if (*behind_launcher)
        for (program = last + 1;
             *program != NULL && !ends_the_search(command_line_base_name(*program));)
            program++;
    if (program == NULL || *program == NULL ||
        runtime_find(command_line_base_name(*program)) == NULL)
        return NULL;
    return program;
}

const struct runtime *plan_find_runtime(const char *const *command)
{
    bool behind_launcher;
    const char *const *program = find_program(command, &behind_launcher);

    return program != NULL ? runtime_find(command_line_base_name(*program)) : NULL;
}

/* In a line for the shell too. */
static bool is_apptainer(const char *name, const void *unused)
{
    const struct runtime *runtime = runtime_find(name);

    (void)unused;
    return runtime != NULL && runtime->kind == RUNTIME_APPTAINER;
}

static void way_of_user(struct job *job)
{
    job_tell(job,
             "%s starts the engine in a container; the library gets there by %s; LIBRARY "
             "is %s, FIFO is %s",
             *job->program, job->container->runtime->how, job->library_directory,
             job->fifo_directory[0] != '\0' ? job->fifo_directory : "not used");
}

static void (*const ways[])(struct job *) = {
    [RUNTIME_APPTAINER] = way_apptainer, [RUNTIME_BWRAP] = way_bwrap,
    [RUNTIME_CHRUN] = way_chrun,         [RUNTIME_NSPAWN] = way_nspawn,
    [RUNTIME_PODMAN] = way_podman,       [RUNTIME_OTHER] = way_of_user,
};

void plan_make(struct container *container, const char *const *command,
               const char *const *environment, const struct container_needs *needs)
{
    struct job job = {
        .container = container, .needs = needs, .command = command, .environment = environment};

    memset(container, 0, sizeof *container);
    words_add_list(&container->command, command);
    words_add_list(&container->environment, environment);
    job.program = find_program(command, &job.behind_launcher);
    if (job.program != NULL)
        container->runtime = runtime_find(command_line_base_name(*job.program));
    else if (needs->apptainer_is_here) {
        container->runtime = runtime_find("apptainer");
        job.program = command;
        job.by_script = !command_line_names(command, is_apptainer, NULL);
    } else
        return;
    job_begin(&job);
    job.options = runtime_options(container->runtime, job.program);
    if (job.options != NULL)
        ways[container->runtime->kind](&job);
}
