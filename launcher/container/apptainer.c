/*
 * apptainer and singularity. APPTAINER_BIND is a list of binds, parted by commas, and
 * APPTAINERENV_X sets X in the container, whatever --cleanenv and --contain say; for singularity
 * the same with its own name. apptainer reads the old names too, and says nothing of them while
 * both have the same value.
 *
 * /tmp, where the FIFO is, is bound without being asked for, but not with --contain.
 */
#include <stdlib.h>
#include <string.h>

#include "launcher/container/ways.h"
#include "launcher/preload/carry.h"

static const char *either(const char *const *environment, const char *first, const char *second)
{
    const char *value = words_value(environment, first);

    return value != NULL && value[0] != '\0' ? value : words_value(environment, second);
}

/* srun drops what is not in its list, if there is one: carry.h. */
static void let_srun_carry(struct words *environment, const char *name)
{
    const char *list = words_value((const char *const *)environment->list, CARRY_SLURM);
    struct words value = {.list = NULL};

    if (list == NULL || strncmp(list, "ALL", 3) == 0)
        return;
    words_format(&value, "%s,%s", list, name);
    words_set(environment, CARRY_SLURM, value.list[0]);
    words_free(&value);
}

/*
 * On another host the FIFO's directory may not be there, without which apptainer would not start:
 * events come by TCP from there. Nobody knows where a script starts it.
 */
static bool binds_fifo(const struct job *job)
{
    return job->fifo_directory[0] != '\0' && !job->by_script && !job->behind_launcher &&
           !job->needs->leaves_host;
}

static void add_binds(struct job *job, const char *name, const char *existing)
{
    struct words value = {.list = NULL};
    const char *before = existing != NULL ? existing : "",
               *comma = before[0] != '\0' ? "," : "";

    if (binds_fifo(job))
        words_format(&value, "%s%s%s:%s:ro,%s:%s", before, comma, job->library_directory,
                     job->library_directory, job->fifo_directory, job->fifo_directory);
    else
        words_format(&value, "%s%s%s:%s:ro", before, comma, job->library_directory,
                     job->library_directory);
    words_set(&job->container->environment, name, value.list[0]);
    let_srun_carry(&job->container->environment, name);
    words_free(&value);
}

static void set_both(struct words *environment, const char *name, const char *value)
{
    struct words names = {.list = NULL};

    words_format(&names, "APPTAINERENV_%s", name);
    words_format(&names, "SINGULARITYENV_%s", name);
    for (size_t i = 0; i < names.count; i++) {
        words_set(environment, names.list[i], value);
        let_srun_carry(environment, names.list[i]);
    }
    words_free(&names);
}

static void add_variable(struct words *environment, const char *name, const char *value)
{
    if (value == NULL)
        value = words_value((const char *const *)environment->list, name);
    set_both(environment, name, value);
}

void way_apptainer(struct job *job)
{
    const char *const *environment = job->environment;

    if (strpbrk(job->library_directory, ",:") != NULL ||
        strpbrk(job->fifo_directory, ",:") != NULL) {
        job_tell(job,
                 "%s cannot bind %s and %s, there is a ',' or ':' in one: install imdshim "
                 "elsewhere, or set TMPDIR to another directory",
                 *job->program, job->library_directory, job->fifo_directory);
        return;
    }
    job->user_preload =
        either(environment, "APPTAINERENV_LD_PRELOAD", "SINGULARITYENV_LD_PRELOAD");
    add_binds(job, "APPTAINER_BIND", either(environment, "APPTAINER_BIND", "SINGULARITY_BIND"));
    add_binds(job, "SINGULARITY_BIND",
              either(environment, "SINGULARITY_BIND", "APPTAINER_BIND"));
    job_visit_variables(job, add_variable, &job->container->environment);
    job->container->means = CONTAINER_VARIABLES;
}
