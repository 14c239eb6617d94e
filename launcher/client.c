#include "launcher/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "launcher/endpoint.h"
#include "launcher/environment.h"

int client_start(struct child *client, const char *command, const struct event *listener,
                 const struct signals *signals)
{
    char this_host[HOST_SIZE] = "", host[ENDPOINT_HOST_SIZE], in_url[ENDPOINT_HOST_SIZE];
    char port[8], url[ENDPOINT_HOST_SIZE + 16];

    gethostname(this_host, sizeof this_host - 1);
    endpoint_for_client(listener, this_host, host);
    snprintf(in_url, sizeof in_url, "%s", host);
    endpoint_bracket(in_url);
    snprintf(port, sizeof port, "%u", listener->port % 65536);
    snprintf(url, sizeof url, "imd://%s:%s", in_url, port);

    const struct variable variables[] = {
        {"IMD_HOST", host}, {"IMD_PORT", port}, {"IMD_URL", url}};
    char **environment = environment_with(environ, variables, 3);
    const struct child_plan plan = {
        .argv = (const char *const[]){"/bin/sh", "-c", command, NULL},
        .environment = environment,
        .without_input = true,
    };
    int error = child_start(client, &plan, signals);

    free(environment);
    return error;
}
