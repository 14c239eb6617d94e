#include "launcher/run/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "launcher/base/environment.h"
#include "launcher/libc/bsd.h"
#include "launcher/preload/library.h"
#include "launcher/source/endpoint.h"

int client_start(struct child *client, const struct client_plan *plan,
                 const struct signals *signals)
{
    char in_url[ENDPOINT_HOST_SIZE], port[8], url[ENDPOINT_HOST_SIZE + 16];
    char *list = NULL, *asan = NULL;

    strlcpy(in_url, plan->host, sizeof in_url);
    endpoint_bracket(in_url);
    snprintf(port, sizeof port, "%u", plan->port % 65536);
    snprintf(url, sizeof url, "imd://%s:%s", in_url, port);
    if (plan->gate != NULL) {
        list = library_compose_preload(getenv("LD_PRELOAD"), plan->preload);
        asan = library_compose_asan_options(getenv("ASAN_OPTIONS"));
    }

    const struct variable variables[] = {
        {"IMD_HOST", plan->host},
        {"IMD_PORT", port},
        {"IMD_URL", url},
        {WIRE_GATE, plan->gate},
        /* With the library in it: it is no engine, though we may be within a run ourselves. */
        {"LD_PRELOAD", list},
        {"ASAN_OPTIONS", asan},
        {WIRE_FD, NULL},
        {WIRE_FIFO, NULL},
        {WIRE_TCP, NULL},
        {WIRE_OPENMPI WIRE_FIFO, NULL},
        {WIRE_OPENMPI WIRE_TCP, NULL},
    };
    char **environment = environment_with(environ, variables, plan->gate != NULL ? 11 : 4);
    const struct child_plan child_plan = {
        .argv = (const char *const[]){"/bin/sh", "-c", plan->command, NULL},
        .environment = environment,
        .without_input = true,
    };
    int error = child_start(client, &child_plan, signals);

    free(environment);
    free(list);
    free(asan);
    return error;
}
