#include "shim/wire/bind_override.h"

#include <stddef.h>
#include <string.h>

static const char *parse_ports(struct bind_override *override, const char *text)
{
    static const char no_ports[] = "its ports are not N or LOW-HIGH, from 0 to 65535";

    text = text_take_port(text, 0, &override->low);
    if (text == NULL)
        return no_ports;
    override->high = override->low;
    if (*text == '-') {
        text = text_take_port(text + 1, 0, &override->high);
        if (text != NULL && override->low == 0)
            return "a range of ports begins at 1";
    }
    if (text == NULL || *text != '\0')
        return no_ports;
    override->has_ports = true;
    return override->low > override->high ? "its range of ports is reversed" : NULL;
}

static const char *parse_host(struct bind_override *override, const char *text, size_t length)
{
    bool bracketed = length >= 2 && text[0] == '[' && text[length - 1] == ']';
    char host[INET6_ADDRSTRLEN] = "";

    if (length == 0)
        return NULL;
    if (bracketed) {
        text++;
        length -= 2;
    }
    if (length < sizeof host)
        memcpy(host, text, length);
    if (address_parse(&override->host, host) &&
        (override->host.any.sa_family == AF_INET6) == bracketed)
        return NULL;
    return "it begins with no numeric address (IPv6 in brackets)";
}

const char *bind_override_parse(struct bind_override *override, const char *text)
{
    const char *bracket = strrchr(text, ']');
    const char *colon = strrchr(bracket != NULL ? bracket : text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
    const char *error;

    memset(override, 0, sizeof *override);
    if (*text == '\0')
        return "it is empty";
    error = parse_host(override, text, length);
    if (error == NULL && colon != NULL)
        error = parse_ports(override, colon + 1);
    return error;
}

unsigned bind_override_attempts(const struct bind_override *override)
{
    return override->high - override->low + 1;
}

unsigned bind_override_port(const struct bind_override *override, unsigned seed,
                            unsigned attempt)
{
    unsigned size = bind_override_attempts(override);

    return override->low + (seed % size + attempt) % size;
}

bool bind_override_may_change(int domain, const void *raw, socklen_t length,
                              union address *address)
{
    enum { SHORTEST_IPV6 = offsetof(struct sockaddr_in6, sin6_scope_id) }; /* RFC 2133 */
    sa_family_t family;

    if (!address_copy(address, raw, length))
        return false;
    family = ((const struct sockaddr *)raw)->sa_family;
    if (domain == AF_INET6)
        return family == AF_INET6 && length >= SHORTEST_IPV6;
    return domain == AF_INET &&
           (family == AF_INET || (family == AF_UNSPEC && address_is_wildcard(address)));
}

void bind_override_apply(const struct bind_override *override, int domain, bool v6_only,
                         union address *address)
{
    unsigned port = address_port(address);

    if (override->host.any.sa_family == AF_UNSPEC)
        return;
    *address = override->host;
    if (domain == AF_INET6 && !v6_only)
        address_map(address);
    address_set_port(address, port);
}
