#include "launcher/preload/engine.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/base/environment.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/preload/carry.h"
#include "launcher/preload/library.h"
#include "shim/wire/wire.h"

/* The environment while it is composed. What is not the caller's is freed at the end. */
struct composition {
    bool elsewhere; /* the engine may be started on another host */
    struct variable variables[24];
    size_t count;
    char *ours[8];
    size_t ours_count;
};

static void put(struct composition *all, const char *name, const char *value)
{
    all->variables[all->count++] = (struct variable){name, value};
}

/* Only if there is a value, which is freed with the composition. */
static void put_ours(struct composition *all, const char *name, char *value)
{
    if (value == NULL)
        return;
    put(all, name, value);
    all->ours[all->ours_count++] = value;
}

/* Once more by the name that Open MPI carries to other hosts, if that may be needed. */
#define PUT_CARRIED(all, name, value) put_twice(all, name, WIRE_OPENMPI name, value)

static void put_twice(struct composition *all, const char *name, const char *by_openmpi,
                      const char *value)
{
    put(all, name, value);
    put(all, by_openmpi, all->elsewhere ? value : NULL);
}

/* Prefix and number, as one of ours. */
static char *make_number(struct composition *all, const char *prefix, unsigned number)
{
    char *value;

    if (asprintf(&value, "%s%u", prefix, number) < 0)
        die_error(STATUS_FAILED, errno, "cannot compose the environment");
    all->ours[all->ours_count++] = value;
    return value;
}

static void put_socket_rules(struct composition *all, const struct options *options,
                             unsigned only_from)
{
    const char *only = options->only_me ? WIRE_ONLY_ME : NULL;

    if (only_from != 0)
        only = make_number(all, WIRE_ONLY_ME ":", only_from);
    PUT_CARRIED(all, WIRE_PORT,
                options->port != 0 ? make_number(all, "", (unsigned)options->port) : NULL);
    PUT_CARRIED(all, WIRE_MATCH, options->match[0] != '\0' ? options->match : NULL);
    PUT_CARRIED(all, WIRE_LISTEN, options->relay ? NULL : options->listen);
    PUT_CARRIED(all, WIRE_WAKE, options->no_wake ? WIRE_WAKE_OFF : NULL);
    PUT_CARRIED(all, WIRE_ONLY, only);
}

/* srun carries what it is told to, and that is what has been composed so far. */
static void put_slurm_list(struct composition *all)
{
    const char *names[sizeof all->variables / sizeof all->variables[0]];
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++)
        if (all->variables[i].value != NULL)
            names[count++] = all->variables[i].name;
    put_ours(all, CARRY_SLURM, carry_slurm(getenv(CARRY_SLURM), names, count));
}

static void put_openmpi_agents(struct composition *all, const char *list, bool say_failure)
{
    char program[PATH_MAX];
    char *agent_4 = carry_openmpi_4(getenv(CARRY_OPENMPI_4), list), *agent_5;

    library_find_program(program);
    agent_5 = carry_openmpi_5(getenv(CARRY_OPENMPI_5), program);
    if ((agent_4 == NULL || agent_5 == NULL) && say_failure)
        say("Open MPI cannot carry LD_PRELOAD='%s' to other hosts: use plain names", list);
    put_ours(all, CARRY_OPENMPI_4, agent_4);
    put_ours(all, CARRY_OPENMPI_5, agent_5);
}

static char **finish(struct composition *all)
{
    char **environment = environment_with(environ, all->variables, all->count);

    for (size_t i = 0; i < all->ours_count; i++)
        free(all->ours[i]);
    return environment;
}

char **engine_environment(const struct options *options, const char *preload,
                          const struct engine_channel *channel)
{
    struct composition all = {.elsewhere = channel->tcp != NULL};
    char *list = library_compose_preload(getenv("LD_PRELOAD"), preload);

    all.ours[all.ours_count++] = list;
    put(&all, "LD_PRELOAD", list[0] != '\0' ? list : NULL);
    if (preload != NULL)
        put_ours(&all, "ASAN_OPTIONS", library_compose_asan_options(getenv("ASAN_OPTIONS")));
    put(&all, WIRE_FD, channel->fd);
    put(&all, WIRE_GATE, NULL);
    PUT_CARRIED(&all, WIRE_FIFO, channel->fifo);
    PUT_CARRIED(&all, WIRE_TCP, channel->tcp);
    PUT_CARRIED(&all, WIRE_EVENTS, channel->events);
    put_socket_rules(&all, options, channel->only_from);
    put_slurm_list(&all);
    if (all.elsewhere)
        put_openmpi_agents(&all, list, channel->leaves_host && options->verbosity != QUIET);
    return finish(&all);
}

/* A script whose interpreter is missing fails with ENOENT as well, execve(2). */
static const char *advice(const char *engine, int error)
{
    if (status_of_exec_error(error) != STATUS_NOT_FOUND)
        return "check its permissions and format";
    if (strchr(engine, '/') != NULL && access(engine, F_OK) == 0)
        return "its interpreter is missing, see 'imdshim check'";
    return "check its name and PATH";
}

int engine_exec_failed(const char *engine, int error)
{
    say_error(error, "cannot execute '%s': %s", engine, advice(engine, error));
    return status_of_exec_error(error);
}
