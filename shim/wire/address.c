#include "shim/wire/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

enum { GROUPS = 8 }; /* of 16 bits, in an IPv6 address */

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

void address_reach(union address *address, int family)
{
    unsigned port = address_port(address);

    address_unmap(address);
    if (!address_is_wildcard(address))
        return;
    address_parse(address, family == AF_INET6 && address->any.sa_family == AF_INET6
                               ? "::1"
                               : "127.0.0.1");
    address_set_port(address, port);
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

bool address_parse_part(union address *address, const char *text, size_t length)
{
    char whole[INET6_ADDRSTRLEN] = "";

    if (length < sizeof whole)
        memcpy(whole, text, length);
    return address_parse(address, whole);
}

static void put_ipv4(struct text *text, const unsigned char *bytes)
{
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            text_put_char(text, '.');
        text_put_number(text, bytes[i]);
    }
}

/* Where the longest run of zeros starts, of at least two; RFC 5952, 4.2. */
static int longest_run(const unsigned *groups, int *length)
{
    int start = GROUPS, run = 0;

    *length = 1;
    for (int i = 0; i < GROUPS; i++) {
        run = groups[i] == 0 ? run + 1 : 0;
        if (run > *length) {
            *length = run;
            start = i + 1 - run;
        }
    }
    return start;
}

static void put_ipv6(struct text *text, const unsigned char *bytes)
{
    unsigned groups[GROUPS];
    int zeros, length;

    for (int i = 0; i < GROUPS; i++)
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    zeros = longest_run(groups, &length);
    for (int i = 0; i < GROUPS; i++) {
        if (i == zeros) {
            text_put_string(text, "::");
            i += length - 1;
            continue;
        }
        if (i > 0 && i != zeros + length)
            text_put_char(text, ':');
        text_put_hex(text, groups[i]);
    }
}

void address_put(struct text *text, const union address *address)
{
    const struct in6_addr *ipv6 = &address->ipv6.sin6_addr;

    if (address->any.sa_family == AF_INET) {
        put_ipv4(text, (const unsigned char *)&address->ipv4.sin_addr);
    } else if (address->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(ipv6)) {
        text_put_string(text, "::ffff:");
        put_ipv4(text, &ipv6->s6_addr[12]);
    } else if (address->any.sa_family == AF_INET6) {
        put_ipv6(text, ipv6->s6_addr);
    }
}
