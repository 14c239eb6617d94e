#include "launcher/run/endpoint.h"

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

static bool is_loopback(const char *address)
{
    static const char mapped[] = "::ffff:";

    if (strncmp(address, mapped, strlen(mapped)) == 0)
        address += strlen(mapped);
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* The address that an event came from is known to lead there; a name has to be looked up. */
static const char *its_host(const struct event *listener)
{
    if (listener->peer[0] != '\0')
        return listener->peer;
    return listener->host[0] != '\0' ? listener->host : listener->address;
}

void endpoint_for_others(const struct event *listener, char host[ENDPOINT_HOST_SIZE])
{
    bool anywhere = is_wildcard(listener->address);

    strlcpy(host, anywhere ? its_host(listener) : listener->address, ENDPOINT_HOST_SIZE);
}

void endpoint_for_client(const struct event *listener, const char *this_host,
                         char host[ENDPOINT_HOST_SIZE])
{
    bool here = strcmp(listener->host, this_host) == 0 || listener->host[0] == '\0';
    bool anywhere = is_wildcard(listener->address);

    if (anywhere && here && listener->peer[0] == '\0')
        strlcpy(host, is_ipv4_wildcard(listener->address) ? "127.0.0.1" : "localhost",
                ENDPOINT_HOST_SIZE);
    else if (!here && is_loopback(listener->address))
        strlcpy(host, its_host(listener), ENDPOINT_HOST_SIZE);
    else
        endpoint_for_others(listener, host);
}

const char *endpoint_numeric(const struct event *listener)
{
    bool lost = is_wildcard(listener->address) || is_loopback(listener->address);

    return lost && listener->peer[0] != '\0' ? listener->peer : listener->address;
}

void endpoint_bracket(char host[ENDPOINT_HOST_SIZE])
{
    char bare[ENDPOINT_HOST_SIZE];

    if (strchr(host, ':') == NULL)
        return;
    strlcpy(bare, host, sizeof bare);
    snprintf(host, ENDPOINT_HOST_SIZE, "[%.*s]", ENDPOINT_HOST_SIZE - 3, bare);
}
