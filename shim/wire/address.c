#include "shim/wire/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

_Static_assert(offsetof(struct sockaddr_in, sin_port) ==
                   offsetof(struct sockaddr_in6, sin6_port),
               "one offset for both families");

bool address_copy(union address *address, const void *from, socklen_t length)
{
    memset(address, 0, sizeof *address);
    if (length < sizeof address->ipv4)
        return false;
    memcpy(address, from, length < sizeof *address ? length : sizeof *address);
    if (address->any.sa_family == AF_UNSPEC)
        address->any.sa_family = AF_INET;
    return address->any.sa_family == AF_INET || address->any.sa_family == AF_INET6;
}

socklen_t address_length(const union address *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof address->ipv6 : sizeof address->ipv4;
}

unsigned address_port(const union address *address)
{
    return ntohs(address->ipv4.sin_port);
}

void address_set_port(union address *address, unsigned port)
{
    address->ipv4.sin_port = htons((in_port_t)port);
}

void address_map(union address *address)
{
    union address mapped = {.ipv6 = {.sin6_family = AF_INET6}};

    if (address->any.sa_family != AF_INET)
        return;
    mapped.ipv6.sin6_port = address->ipv4.sin_port;
    memset(&mapped.ipv6.sin6_addr.s6_addr[10], 0xff, 2);
    memcpy(&mapped.ipv6.sin6_addr.s6_addr[12], &address->ipv4.sin_addr, 4);
    *address = mapped;
}

void address_unmap(union address *address)
{
    union address ipv4 = {.ipv4 = {.sin_family = AF_INET}};

    if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->ipv6.sin6_addr))
        return;
    ipv4.ipv4.sin_port = address->ipv6.sin6_port;
    memcpy(&ipv4.ipv4.sin_addr, &address->ipv6.sin6_addr.s6_addr[12], 4);
    *address = ipv4;
}

bool address_is_wildcard(const union address *address)
{
    union address plain = *address;

    address_unmap(&plain);
    return plain.any.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&plain.ipv6.sin6_addr)
                                           : plain.ipv4.sin_addr.s_addr == htonl(INADDR_ANY);
}

bool address_is_loopback(const union address *address)
{
    union address plain = *address;

    address_unmap(&plain);
    return plain.any.sa_family == AF_INET6
               ? IN6_IS_ADDR_LOOPBACK(&plain.ipv6.sin6_addr)
               : ntohl(plain.ipv4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool address_parse(union address *address, const char *text)
{
    memset(address, 0, sizeof *address);
    address->any.sa_family = AF_INET;
    if (inet_pton(AF_INET, text, &address->ipv4.sin_addr) == 1)
        return true;
    address->any.sa_family = AF_INET6;
    if (inet_pton(AF_INET6, text, &address->ipv6.sin6_addr) == 1)
        return true;
    address->any.sa_family = AF_UNSPEC;
    return false;
}

void address_put(struct text *text, const union address *address)
{
    char name[INET6_ADDRSTRLEN];
    const void *host = address->any.sa_family == AF_INET6
                           ? (const void *)&address->ipv6.sin6_addr
                           : (const void *)&address->ipv4.sin_addr;

    if (inet_ntop(address->any.sa_family, host, name, sizeof name) != NULL)
        text_put_string(text, name);
}
