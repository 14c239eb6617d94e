#include "launcher/endpoint.h"

#include <bsd/string.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_ipv4_wildcard(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::ffff:0.0.0.0") == 0;
}

static bool is_wildcard(const char *address)
{
    return is_ipv4_wildcard(address) || strcmp(address, "::") == 0;
}

void endpoint_for_others(const struct event *listener, char host[ENDPOINT_HOST_SIZE])
{
    bool named = is_wildcard(listener->address) && listener->host[0] != '\0';

    strlcpy(host, named ? listener->host : listener->address, ENDPOINT_HOST_SIZE);
}

void endpoint_for_client(const struct event *listener, const char *this_host,
                         char host[ENDPOINT_HOST_SIZE])
{
    bool here = strcmp(listener->host, this_host) == 0 || listener->host[0] == '\0';

    if (!here || !is_wildcard(listener->address))
        endpoint_for_others(listener, host);
    else
        strlcpy(host, is_ipv4_wildcard(listener->address) ? "127.0.0.1" : "localhost",
                ENDPOINT_HOST_SIZE);
}

void endpoint_bracket(char host[ENDPOINT_HOST_SIZE])
{
    char bare[ENDPOINT_HOST_SIZE];

    if (strchr(host, ':') == NULL)
        return;
    strlcpy(bare, host, sizeof bare);
    snprintf(host, ENDPOINT_HOST_SIZE, "[%.*s]", ENDPOINT_HOST_SIZE - 3, bare);
}
