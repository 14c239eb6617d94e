#include "shim/wire/bind_override.h"

#include <stddef.h>
#include <string.h>

#include "shim/wire/local_address.h"
#include "shim/wire/sys.h"

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

    if (length == 0)
        return NULL;
    if (address_parse_part(&override->host, text + bracketed, length - 2 * bracketed) &&
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

/* ---- bind(2) ---- */

enum { REUSE_OPTIONS = 2 };

static const int reuse_options[REUSE_OPTIONS] = {SO_REUSEADDR, SO_REUSEPORT};

/*
 * Two sockets with SO_REUSEADDR can both be bound to one port while neither listens, and with
 * SO_REUSEPORT also when they do (socket(7)): of a port that we choose each run must be alone.
 */
static void begin_alone(int fd, bool was_set[REUSE_OPTIONS])
{
    for (int i = 0; i < REUSE_OPTIONS; i++) {
        was_set[i] = sys_getsockopt(fd, SOL_SOCKET, reuse_options[i]) > 0;
        if (was_set[i])
            sys_setsockopt(fd, SOL_SOCKET, reuse_options[i], 0);
    }
}

static void end_alone(int fd, const bool was_set[REUSE_OPTIONS])
{
    KEEP_ERRNO;

    for (int i = 0; i < REUSE_OPTIONS; i++)
        if (was_set[i])
            sys_setsockopt(fd, SOL_SOCKET, reuse_options[i], 1);
}

static int search(const struct bind_override *override, const struct bind_call *call,
                  union address *address)
{
    for (unsigned attempt = 0;; attempt++) {
        if (override->has_ports)
            address_set_port(address, bind_override_port(override, call->seed, attempt));
        if (call->bind(call->fd, &address->any, call->length) == 0)
            return 0;
        /* EACCES: a port below 1024, where those are root's. */
        if (call->once || attempt + 1 >= bind_override_attempts(override) ||
            (errno != EADDRINUSE && errno != EACCES))
            return -1;
    }
}

static int search_alone(const struct bind_override *override, const struct bind_call *call,
                        union address *address)
{
    bool was_set[REUSE_OPTIONS];
    int result;

    begin_alone(call->fd, was_set);
    result = search(override, call, address);
    end_alone(call->fd, was_set);
    return result;
}

static bool bind_as_other_family(const struct bind_override *override,
                                 const struct bind_call *call, union address *address)
{
    unsigned other = *call->given, port = other & UINT16_MAX;
    const struct bind_override one = {.has_ports = true, .low = port, .high = port};

    return override->has_ports && other != 0 && other >> 16 != address->any.sa_family &&
           search_alone(&one, call, address) == 0;
}

static void note_given(const struct bind_call *call)
{
    union address address;

    if (address_of_socket(&address, call->fd))
        *call->given = (unsigned)address.any.sa_family << 16 | address_port(&address);
}

int bind_override_bind(const struct bind_override *override, struct bind_call call,
                       union address *address)
{
    int before = errno, result = 0;

    if (override->host.any.sa_family != AF_UNSPEC) {
        bind_override_apply(override, sys_getsockopt(call.fd, SOL_SOCKET, SO_DOMAIN),
                            sys_getsockopt(call.fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0, address);
        /* Enough for either family: the kernel judges the family alone. */
        call.length = sizeof address->ipv6;
    }
    if (!bind_as_other_family(override, &call, address))
        result = override->high > override->low ? search_alone(override, &call, address)
                                                : search(override, &call, address);
    if (result != 0)
        return -1;
    note_given(&call);
    errno = before;
    return 0;
}
