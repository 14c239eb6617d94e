/*
 * ch-run, of charliecloud. A directory can be bound only where the image has one, for the image is
 * read-only, and nothing is known of it. But /tmp in the container is the host's TMPDIR, or /tmp:
 * the FIFO is there, and a copy of the library beside it.
 */
#include <stdio.h>
#include <string.h>

#include "launcher/container/ways.h"
#include "launcher/preload/command_line.h"

/* False if the private directory is not in what the container has for its /tmp. */
static bool find_inside(struct job *job)
{
    const char *shared = words_value(job->environment, "TMPDIR");
    size_t length;

    if (shared == NULL || shared[0] == '\0')
        shared = "/tmp";
    length = strlen(shared);
    while (length > 1 && shared[length - 1] == '/')
        length--;
    if (job->fifo_directory[0] == '\0' || strncmp(job->fifo_directory, shared, length) != 0)
        return false;
    snprintf(job->fifo_inside, PATH_MAX, "/tmp/%s",
             command_line_base_name(job->fifo_directory));
    return strlen(job->fifo_directory) ==
           length + 1 + strlen(command_line_base_name(job->fifo_directory));
}

static void put_variable(struct words *words, const char *name, const char *value)
{
    if (value != NULL) /* else it passes by itself */
        words_format(words, "--set-env=%s=%s", name, value);
}

/* Why it cannot be done, and what to do; NULL: it can. */
static const char *obstacle(struct job *job, bool private_tmp)
{
    if (private_tmp)
        return "the FIFO and the library are in /tmp: leave --private-tmp out";
    if (!find_inside(job))
        return "it shares only /tmp, or TMPDIR, with the host: set TMPDIR to a plain path, and "
               "with exec use --fifo in imdshim's directory there";
    if (job->needs->copy == NULL)
        return "no program or library can be started from /tmp, which it shares with the host: "
               "set TMPDIR to a directory that is not mounted noexec";
    return NULL;
}

void way_chrun(struct job *job)
{
    struct reader reader = {.grammar = &job->container->runtime->options, .next = job->options};
    struct words ours = {.list = NULL};
    enum reading reading;
    const char *why;
    bool private_tmp = false;

    while ((reading = reader_next(&reader)) == READ_OPTION) {
        private_tmp |= grammar_lists(" t private-tmp ", reader.name) != 0;
        if (strcmp(reader.name, "set-env") == 0 && reader.value != NULL &&
            strncmp(reader.value, "LD_PRELOAD=", 11) == 0)
            job->user_preload = reader.value + 11;
    }
    why = obstacle(job, private_tmp);
    if (reading == READ_UNKNOWN) {
        job_tell_unknown(job, &reader, "-b LIBRARY:/mnt/0 --set-env=LD_PRELOAD=/mnt/0/...");
        return;
    }
    if (why != NULL) {
        job_tell(job, "%s: %s", *job->program, why);
        return;
    }
    snprintf(job->preload_inside, PATH_MAX, "%.*s/%s", PATH_MAX / 2, job->fifo_inside,
             command_line_base_name(job->needs->copy));
    job_visit_variables(job, put_variable, &ours);
    job_insert(job, reader.next, &ours);
    words_free(&ours);
}
