/*
 * systemd-nspawn. It mounts a file system of its own on /run before it binds anything, so that
 * what is bound there leaves nothing in the user's image. Its users may have other numbers than
 * here: the FIFO is for its owner alone.
 */
#include <string.h>

#include "launcher/container/ways.h"

/* Why it cannot be done; NULL: it can. */
static const char *obstacle_in(const struct reader *option)
{
    if (grammar_lists(" b boot ", option->name))
        return "it starts an init, not the engine: start the engine without --boot";
    if (grammar_lists(" U private-users u user ", option->name) &&
        (option->value == NULL || strcmp(option->value, "no") != 0))
        return "the engine is another user there, who may not write to the FIFO: leave --user "
               "and --private-users out";
    if (strcmp(option->name, "tmpfs") == 0 && strncmp(option->value, "/run:", 5) == 0)
        return "its /run is replaced: leave --tmpfs=/run out";
    return NULL;
}

/* A colon parts a path from the next. */
static void put_bind(struct words *words, const char *option, const char *source,
                     const char *destination)
{
    char escaped[2 * PATH_MAX];
    size_t length = 0;

    for (; *source != '\0'; source++) {
        if (*source == ':' || *source == '\\')
            escaped[length++] = '\\';
        escaped[length++] = *source;
    }
    escaped[length] = '\0';
    words_format(words, "%s=%s:%s", option, escaped, destination);
}

static void put_variable(struct words *words, const char *name, const char *value)
{
    if (value != NULL)
        words_format(words, "--setenv=%s=%s", name, value);
    else
        words_format(words, "--setenv=%s", name);
}

void way_nspawn(struct job *job)
{
    struct reader reader = {.grammar = &job->container->runtime->options, .next = job->options};
    struct words ours = {.list = NULL};
    enum reading reading;
    const char *why = NULL;

    while ((reading = reader_next(&reader)) == READ_OPTION && why == NULL) {
        why = obstacle_in(&reader);
        if (grammar_lists(" E setenv ", reader.name) &&
            strncmp(reader.value, "LD_PRELOAD=", 11) == 0)
            job->user_preload = reader.value + 11;
    }
    if (why == NULL && reading == READ_UNKNOWN) {
        job_tell_unknown(job, &reader,
                         "--bind-ro=LIBRARY --bind=FIFO --setenv=LD_PRELOAD and "
                         "--setenv=IMDSHIM_FIFO");
        return;
    }
    if (why != NULL) {
        job_tell(job, "%s: %s", *job->program, why);
        return;
    }
    job_move(job, "/run");
    put_bind(&ours, "--bind-ro", job->library_directory, job->library_inside);
    if (job->fifo_directory[0] != '\0')
        put_bind(&ours, "--bind", job->fifo_directory, job->fifo_inside);
    job_visit_variables(job, put_variable, &ours);
    job_insert(job, reader.next, &ours);
    words_free(&ours);
}
