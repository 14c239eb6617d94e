#include "shim/wire/bind_override.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "shim/wire/address.h"

static const char *parse_ports(struct binding *binding, const char *text)
{
    static const char no_ports[] = "its ports are not N or LOW-HIGH, from 0 to 65535";

    text = address_take_port(text, &binding->low);
    if (text == NULL)
        return no_ports;
    binding->high = binding->low;
    if (*text == '-') {
        text = address_take_port(text + 1, &binding->high);
        if (text != NULL && binding->low == 0)
            return "a range of ports begins at 1";
    }
    if (text == NULL || *text != '\0')
        return no_ports;
    binding->has_ports = true;
    return binding->low > binding->high ? "its range of ports is reversed" : NULL;
}

/* inet_pton(3) is safe in a signal handler, says glibc's manual. */
static const char *parse_address(struct binding *binding, const char *text, size_t length)
{
    bool bracketed = length >= 2 && text[0] == '[' && text[length - 1] == ']';
    char address[INET6_ADDRSTRLEN] = "";

    if (length == 0)
        return NULL;
    if (bracketed) {
        text++;
        length -= 2;
    }
    if (length < sizeof address)
        memcpy(address, text, length);
    binding->family = bracketed ? AF_INET6 : AF_INET;
    if (inet_pton(binding->family, address, &binding->address) == 1)
        return NULL;
    return "it begins with no numeric address (IPv6 in brackets)";
}

const char *binding_parse(struct binding *binding, const char *text)
{
    const char *bracket = strrchr(text, ']');
    const char *colon = strrchr(bracket != NULL ? bracket : text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
    const char *error;

    memset(binding, 0, sizeof *binding);
    if (*text == '\0')
        return "it is empty";
    error = parse_address(binding, text, length);
    if (error == NULL && colon != NULL)
        error = parse_ports(binding, colon + 1);
    return error;
}

bool binding_is_range(const struct binding *binding)
{
    return binding->high > binding->low;
}

unsigned binding_port(const struct binding *binding, unsigned seed, unsigned attempt)
{
    unsigned size = binding->high - binding->low + 1;

    return binding->low + (seed % size + attempt) % size;
}

/* RFC 4291, 2.5.5.2: how a socket of IPv6 names an IPv4 address. */
static void map_ipv4(struct in6_addr *to, const struct in_addr *from)
{
    memset(to, 0, sizeof *to);
    to->s6_addr[10] = to->s6_addr[11] = 0xff;
    memcpy(&to->s6_addr[12], from, sizeof *from);
}

void binding_apply(const struct binding *binding, int domain, bool v6_only,
                   struct sockaddr_storage *address, socklen_t *length)
{
    unsigned port = address_port((const struct sockaddr *)address, *length);
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

    if (binding->family == AF_UNSPEC)
        return;
    memset(address, 0, sizeof *address);
    *length = sizeof ipv6; /* enough for either: the kernel judges the family, not the length */
    if (binding->family == AF_INET6 || (domain == AF_INET6 && !v6_only)) {
        ipv6.sin6_addr = binding->address.ipv6;
        if (binding->family == AF_INET)
            map_ipv4(&ipv6.sin6_addr, &binding->address.ipv4);
        memcpy(address, &ipv6, sizeof ipv6);
    } else {
        ipv4.sin_addr = binding->address.ipv4;
        memcpy(address, &ipv4, sizeof ipv4);
    }
    address_set_port(address, port);
}
