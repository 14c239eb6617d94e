#include "launcher/source/endpoint.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/libc/bsd.h"
#include "shim/wire/local_address.h"
#include "shim/wire/text.h"

/* 0 if it is not known. */
static unsigned our_netns(void)
{
    struct stat ours;

    return stat("/proc/self/ns/net", &ours) == 0 ? (unsigned)ours.st_ino : 0;
}

/* A container on this host may have a name of its own, which leads nowhere. */
static void name_by_our_own(struct listener *listener)
{
    if (!listener->remote && listener->netns != 0 && listener->netns == our_netns())
        gethostname(listener->host, HOST_SIZE);
}

void listener_keep(struct listener *listener, const struct received *received)
{
    const struct event *event = &received->event;

    *listener = (struct listener){
        .pid = (pid_t)event->pid,
        .address = event->address,
        .port = event->port,
        .asked = event->asked,
        .netns = event->netns,
        .remote = received->remote,
        .peer = received->peer,
    };
    strlcpy(listener->host, event->host, sizeof listener->host);
    strlcpy(listener->exe, event->exe, sizeof listener->exe);
    strlcpy(listener->object, event->object, sizeof listener->object);
    name_by_our_own(listener);
}

bool listener_is_cut_off(const struct listener *listener)
{
    unsigned ours = our_netns();

    return !listener->remote && listener->netns != 0 && ours != 0 && listener->netns != ours;
}

bool listener_is_on_far_loopback(const struct listener *listener)
{
    return listener->remote && address_is_loopback(&listener->address) &&
           !address_is_local(&listener->peer);
}

void endpoint_address(const union address *address, char host[ENDPOINT_HOST_SIZE])
{
    struct text text = {host, 0, ENDPOINT_HOST_SIZE - 1};

    address_put(&text, address);
    text_end(&text);
}

/* The address that an event came from is known to lead there; a name has to be looked up. */
static void put_its_host(const struct listener *listener, char host[ENDPOINT_HOST_SIZE])
{
    if (listener->remote)
        endpoint_address(&listener->peer, host);
    else if (listener->host[0] != '\0')
        strlcpy(host, listener->host, ENDPOINT_HOST_SIZE);
    else
        endpoint_address(&listener->address, host);
}

void endpoint_for_others(const struct listener *listener, char host[ENDPOINT_HOST_SIZE])
{
    if (address_is_wildcard(&listener->address))
        put_its_host(listener, host);
    else
        endpoint_address(&listener->address, host);
}

static bool is_ipv4(union address address)
{
    address_unmap(&address);
    return address.any.sa_family == AF_INET;
}

void endpoint_for_client(const struct listener *listener, const char *this_host,
                         char host[ENDPOINT_HOST_SIZE])
{
    bool here = strcmp(listener->host, this_host) == 0 || listener->host[0] == '\0';

    if (address_is_wildcard(&listener->address) && here && !listener->remote)
        strlcpy(host, is_ipv4(listener->address) ? "127.0.0.1" : "localhost",
                ENDPOINT_HOST_SIZE);
    else if (!here && address_is_loopback(&listener->address))
        put_its_host(listener, host);
    else
        endpoint_for_others(listener, host);
}

union address endpoint_numeric(const struct listener *listener)
{
    bool lost =
        address_is_wildcard(&listener->address) || address_is_loopback(&listener->address);
    union address address = lost && listener->remote ? listener->peer : listener->address;

    address_set_port(&address, listener->port);
    return address;
}

void endpoint_bracket(char host[ENDPOINT_HOST_SIZE])
{
    char bare[ENDPOINT_HOST_SIZE];

    if (strchr(host, ':') == NULL)
        return;
    strlcpy(bare, host, sizeof bare);
    snprintf(host, ENDPOINT_HOST_SIZE, "[%.*s]", ENDPOINT_HOST_SIZE - 3, bare);
}
