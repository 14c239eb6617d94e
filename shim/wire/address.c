#include "shim/wire/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

enum { GROUPS = 8 };

struct run_of_zeros {
    int start, length;
};

bool address_is_internet(const struct sockaddr *address, socklen_t length)
{
    sa_family_t family;

    if (length < sizeof(struct sockaddr_in))
        return false;
    memcpy(&family, (const char *)address + offsetof(struct sockaddr, sa_family),
           sizeof family);
    /* Linux binds AF_UNSPEC with INADDR_ANY as AF_INET (inet_bind, net/ipv4/af_inet.c). */
    return family == AF_INET || family == AF_INET6 || family == AF_UNSPEC;
}

_Static_assert(offsetof(struct sockaddr_in, sin_port) ==
                   offsetof(struct sockaddr_in6, sin6_port),
               "one offset for both families");

unsigned address_port(const struct sockaddr *address, socklen_t length)
{
    in_port_t port;

    if (!address_is_internet(address, length))
        return 0;
    memcpy(&port, (const char *)address + offsetof(struct sockaddr_in, sin_port), sizeof port);
    return ntohs(port);
}

void address_set_port(struct sockaddr_storage *address, unsigned port)
{
    in_port_t value = htons((in_port_t)port);

    memcpy((char *)address + offsetof(struct sockaddr_in, sin_port), &value, sizeof value);
}

const char *address_take_port(const char *text, unsigned *port)
{
    uint64_t number;

    text = text_take_number(text, UINT16_MAX, &number);
    *port = (unsigned)number;
    return text;
}

static void put_ipv4(struct text *text, const unsigned char *bytes)
{
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            text_put_char(text, '.');
        text_put_number(text, bytes[i], 10);
    }
}

static struct run_of_zeros longest_run_of_zeros(const unsigned *groups)
{
    struct run_of_zeros best = {GROUPS, 1}, run = {0, 0};

    for (int i = 0; i < GROUPS; i++) {
        if (groups[i] != 0)
            run.length = 0;
        else if (run.length++ == 0)
            run.start = i;
        if (run.length > best.length)
            best = run;
    }
    return best;
}

static void put_groups(struct text *text, const unsigned *groups)
{
    struct run_of_zeros zeros = longest_run_of_zeros(groups);

    for (int i = 0; i < GROUPS; i++) {
        if (i == zeros.start) {
            text_put_string(text, "::");
            i += zeros.length - 1;
            continue;
        }
        if (i > 0 && i != zeros.start + zeros.length)
            text_put_char(text, ':');
        text_put_number(text, groups[i], 16);
    }
}

static void put_ipv6(struct text *text, const unsigned char *bytes)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    unsigned groups[GROUPS];

    if (memcmp(bytes, mapped, sizeof mapped) == 0) {
        text_put_string(text, "::ffff:");
        put_ipv4(text, bytes + sizeof mapped);
        return;
    }
    for (size_t i = 0; i < GROUPS; i++)
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    put_groups(text, groups);
}

void address_put(struct text *text, const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6)
        put_ipv6(text, ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    else
        put_ipv4(text,
                 (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)
                     ->sin_addr);
}
