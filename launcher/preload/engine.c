#include "launcher/preload/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/base/environment.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/preload/cluster.h"
#include "launcher/preload/library.h"
#include "shim/wire/wire.h"

/* Once more by the name that Open MPI carries to other hosts, if that may be needed. */
#define WITH_OPENMPI(name, value)                                                              \
    {name, value},                                                                             \
    {                                                                                          \
        WIRE_OPENMPI name, channel->tcp != NULL ? (value) : NULL                               \
    }

char **engine_environment(const struct options *options, const char *preload,
                          const struct engine_channel *channel)
{
    char *list = library_compose_preload(getenv("LD_PRELOAD"), preload), *agent = NULL;
    char *asan = preload != NULL ? library_compose_asan_options(getenv("ASAN_OPTIONS")) : NULL;
    char port[8];
    struct variable variables[] = {
        {"LD_PRELOAD", list[0] != '\0' ? list : NULL},
        {"ASAN_OPTIONS", asan != NULL ? asan : getenv("ASAN_OPTIONS")},
        {WIRE_FD, channel->fd},
        {WIRE_GATE, NULL},
        WITH_OPENMPI(WIRE_FIFO, channel->fifo),
        WITH_OPENMPI(WIRE_TCP, channel->tcp),
        WITH_OPENMPI(WIRE_EVENTS, channel->events),
        WITH_OPENMPI(WIRE_PORT, options->port != 0 ? port : NULL),
        WITH_OPENMPI(WIRE_MATCH, options->match[0] != '\0' ? options->match : NULL),
        WITH_OPENMPI(WIRE_LISTEN, options->relay ? NULL : options->listen),
        WITH_OPENMPI(WIRE_WAKE, options->no_wake ? WIRE_WAKE_OFF : NULL),
        WITH_OPENMPI(WIRE_ONLY, options->only_me ? WIRE_ONLY_ME : NULL),
        {CLUSTER_AGENT, NULL},
    };
    size_t count = sizeof variables / sizeof *variables - 1;
    char **environment;

    snprintf(port, sizeof port, "%d", options->port);
    if (channel->tcp != NULL)
        agent = cluster_compose_agent(getenv(CLUSTER_AGENT), list);
    if (agent != NULL)
        variables[count++].value = agent;
    else if (channel->tcp != NULL && options->verbosity != QUIET)
        say("Open MPI cannot carry LD_PRELOAD='%s' to other hosts: use plain names", list);
    environment = environment_with(environ, variables, count);
    free(list);
    free(asan);
    free(agent);
    return environment;
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
