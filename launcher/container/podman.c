/*
 * podman run, docker run and nerdctl run.
 *
 * The container is no descendant of podman's, still less of docker's: signals reach it through
 * them, and one that they cannot pass on, SIGKILL, ends them alone. So it has a name by which it
 * is killed in the end. The engine would be its process 1, to which the kernel sends no signal
 * that it does not handle: hence --init.
 *
 * LD_PRELOAD is set inside only. podman starts programs of its own outside that listen, for
 * published ports: they would be taken for the engine.
 */
#include <stdlib.h>
#include <string.h>

#include "launcher/container/ways.h"

/* What the user's own options are about. */
struct given {
    bool network, init, detach, elsewhere, remove;
    bool made;          /* the container, before now */
    bool library, fifo; /* their directories are bound: twice would be refused */
    const char *name;
};

static bool is_on(const struct reader *option)
{
    return option->value == NULL || strcmp(option->value, "false") != 0;
}

/* "SRC:DEST" or "SRC:DEST:OPTIONS": is it bound where we would bind it? */
static bool is_bound_at(const char *volume, const char *directory)
{
    const char *destination = strchr(volume, ':');
    size_t length = strlen(directory);

    return destination != NULL && strncmp(destination + 1, directory, length) == 0 &&
           (destination[1 + length] == '\0' || destination[1 + length] == ':');
}

static void note_volume(const struct job *job, struct given *given, const char *volume)
{
    given->library |= is_bound_at(volume, job->library_directory);
    given->fifo |= is_bound_at(volume, job->fifo_directory);
}

static void note(struct job *job, struct given *given, const struct reader *option)
{
    const char *name = option->name;

    if (grammar_lists(" net network pod p publish P publish-all ", name))
        given->network = true;
    else if (grammar_lists(" init pid systemd ", name))
        given->init = true;
    else if (strcmp(name, "rm") == 0)
        given->remove = is_on(option);
    else if (grammar_lists(" d detach ", name))
        given->detach |= is_on(option);
    else if (grammar_lists(" v volume ", name))
        note_volume(job, given, option->value);
    else if (strcmp(name, "name") == 0)
        given->name = option->value;
    else if (grammar_lists(" e env ", name) && strncmp(option->value, "LD_PRELOAD=", 11) == 0)
        job->user_preload = option->value + 11;
}

static bool is_remote(const char *url)
{
    return url != NULL && url[0] != '\0' && strncmp(url, "unix:", 5) != 0 && url[0] != '/';
}

/* Does the daemon run on another host, as far as can be seen? */
static bool is_elsewhere(const struct job *job)
{
    struct reader reader = {.grammar = &job->container->runtime->before,
                            .next = job->program + 1};

    while (reader_next(&reader) == READ_OPTION)
        if ((grammar_lists(" H host url ", reader.name) && is_remote(reader.value)) ||
            (grammar_lists(" r remote ", reader.name) && is_on(&reader)) ||
            grammar_lists(" connection context ", reader.name))
            return true;
    return is_remote(words_value(job->environment, "DOCKER_HOST")) ||
           is_remote(words_value(job->environment, "CONTAINER_HOST"));
}

/* Why it cannot be done, and what to do; NULL: it can. */
static const char *obstacle(const struct job *job, const struct given *given)
{
    if (given->made)
        return "only a container that 'run' makes can be given the library and the FIFO: use "
               "'run', or start imdshim in the container, before the engine";
    if (given->detach)
        return "a container in the background cannot be waited for: leave -d out";
    if (given->elsewhere || job->behind_launcher)
        return "it may start the engine on another host, where the library and the FIFO are "
               "not: start imdshim there";
    if (job->fifo_directory[0] == '\0')
        return "it closes the descriptor of --fd: use --fifo";
    if (strchr(job->library_directory, ':') != NULL || strchr(job->fifo_directory, ':') != NULL)
        return "it cannot bind a path with a ':' in it: install imdshim elsewhere, or set "
               "TMPDIR "
               "to another directory";
    return NULL;
}

static void put_variable(struct words *words, const char *name, const char *value)
{
    if (value != NULL)
        words_format(words, "--env=%s=%s", name, value);
    else
        words_format(words, "--env=%s", name);
}

static void put_ours(struct job *job, const struct given *given, struct words *ours)
{
    if (!given->library)
        words_format(ours, "--volume=%s:%s:ro", job->library_directory, job->library_inside);
    if (!given->fifo)
        words_format(ours, "--volume=%s:%s", job->fifo_directory, job->fifo_inside);
    job_visit_variables(job, put_variable, ours);
    if (!given->network)
        words_add(ours, "--network=host");
    if (!given->init && job->needs->init_is_here)
        words_add(ours, "--init");
    if (given->name == NULL && job->needs->name != NULL)
        words_format(ours, "--name=%s", job->needs->name);
}

/*
 * With podman's own options, which say where the container is. podman kills only what it knows to
 * run, which it may not if it has been killed itself; to remove it is what the user has asked for,
 * or nothing that we may do.
 */
static void prepare_kill(struct job *job, const struct given *given)
{
    struct words *kill = &job->container->kill;
    const char *name = given->name != NULL ? given->name : job->needs->name;

    if (name == NULL)
        return;
    words_add_all(kill, job->program, (size_t)(job->options - 1 - job->program));
    if (given->remove)
        words_add(kill, "rm");
    words_add(kill, given->remove ? "--force" : "kill");
    words_add(kill, name);
}

static void leave_preload_inside(struct job *job)
{
    struct words *environment = &job->container->environment;
    const char *list = words_value(job->environment, "LD_PRELOAD");
    char *others = job_list_without(list != NULL ? list : "", job->needs->preload);

    if (others[0] != '\0')
        words_set(environment, "LD_PRELOAD", others);
    else
        words_unset(environment, "LD_PRELOAD");
    free(others);
}

void way_podman(struct job *job)
{
    struct reader reader = {.grammar = &job->container->runtime->options, .next = job->options};
    struct given given = {.elsewhere = is_elsewhere(job),
                          .made = strcmp(job->options[-1], "run") != 0};
    struct words ours = {.list = NULL};
    enum reading reading;
    const char *why;

    job->user_preload = "";
    while ((reading = reader_next(&reader)) == READ_OPTION)
        note(job, &given, &reader);
    why = obstacle(job, &given);
    if (why != NULL) {
        job_tell(job, "%s: %s", *job->program, why);
        return;
    }
    if (reading == READ_UNKNOWN) {
        job_tell_unknown(job, &reader,
                         "-v LIBRARY:LIBRARY:ro -v FIFO:FIFO -e LD_PRELOAD -e 'IMDSHIM_*' "
                         "--network=host --init");
        return;
    }
    leave_preload_inside(job);
    put_ours(job, &given, &ours);
    prepare_kill(job, &given);
    job_insert(job, reader.next, &ours);
    words_free(&ours);
}
