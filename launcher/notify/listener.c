#include "launcher/notify/listener.h"

#include <errno.h>
#include <sys/stat.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262 /* since glibc 2.32 */
#endif

/* An option of type int; -1 if it cannot be had. */
static int option(int fd, int level, int name)
{
    int value = 0;
    socklen_t length = sizeof value;

    return getsockopt(fd, level, name, &value, &length) == 0 ? value : -1;
}

uint64_t listener_tcp_inode(int fd)
{
    int protocol = option(fd, SOL_SOCKET, SO_PROTOCOL);
    struct stat status;

    if (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP)
        return 0;
    return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

bool listener_bound_to(int fd, union address *address)
{
    union address name;
    socklen_t length = sizeof name;

    return getsockname(fd, &name.any, &length) == 0 && address_copy(address, &name, length);
}

bool listener_accepts(int fd, const void *raw, socklen_t length, union address *address)
{
    return bind_override_may_change(option(fd, SOL_SOCKET, SO_DOMAIN), raw, length, address);
}

int listener_bind_as_asked(int fd, const void *raw, socklen_t length)
{
    return bind(fd, raw, length) == 0 ? 0 : errno;
}

static int bind_to(int fd, union address *address, const struct bind_override *override,
                   unsigned seed)
{
    unsigned attempts = bind_override_attempts(override);
    /* Enough for either family: the kernel judges the family alone. */
    socklen_t length = override->host.any.sa_family != AF_UNSPEC ? sizeof address->ipv6
                                                                 : address_length(address);

    for (unsigned attempt = 0;; attempt++) {
        if (override->has_ports)
            address_set_port(address, bind_override_port(override, seed, attempt));
        if (bind(fd, &address->any, length) == 0)
            return 0;
        /* EACCES: a port below 1024, where those are root's. */
        if (attempt + 1 >= attempts || (errno != EADDRINUSE && errno != EACCES))
            return errno;
    }
}

enum { REUSE_OPTIONS = 2 };

static const int reuse_options[REUSE_OPTIONS] = {SO_REUSEADDR, SO_REUSEPORT};

/*
 * Two sockets with SO_REUSEADDR can both be bound to one port while neither listens, and with
 * SO_REUSEPORT also when they do (socket(7)): of a port that we choose each run must be alone.
 */
static void begin_alone(int fd, bool was_set[REUSE_OPTIONS])
{
    const int off = 0;

    for (int i = 0; i < REUSE_OPTIONS; i++) {
        was_set[i] = option(fd, SOL_SOCKET, reuse_options[i]) > 0;
        if (was_set[i])
            setsockopt(fd, SOL_SOCKET, reuse_options[i], &off, sizeof off);
    }
}

static void end_alone(int fd, const bool was_set[REUSE_OPTIONS])
{
    const int on = 1;

    for (int i = 0; i < REUSE_OPTIONS; i++)
        if (was_set[i])
            setsockopt(fd, SOL_SOCKET, reuse_options[i], &on, sizeof on);
}

static int bind_in_range(int fd, union address *address, const struct bind_override *override,
                         unsigned seed)
{
    bool was_set[REUSE_OPTIONS];
    int error;

    begin_alone(fd, was_set);
    error = bind_to(fd, address, override, seed);
    end_alone(fd, was_set);
    return error;
}

/* The port that a socket of the other family was given. */
static bool bind_as_other_family(int fd, union address *address, const union address *given)
{
    bool was_set[REUSE_OPTIONS];
    int result;

    if (given->any.sa_family == AF_UNSPEC || given->any.sa_family == address->any.sa_family)
        return false;
    address_set_port(address, address_port(given));
    begin_alone(fd, was_set);
    result = bind(fd, &address->any, address_length(address));
    end_alone(fd, was_set);
    return result == 0;
}

int listener_bind(int fd, union address address, const struct bind_override *override,
                  unsigned seed, union address *given)
{
    int error = 0;

    bind_override_apply(override, option(fd, SOL_SOCKET, SO_DOMAIN),
                        option(fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0, &address);
    if (override->has_ports && bind_as_other_family(fd, &address, given))
        return 0;
    error = bind_override_attempts(override) > 1 ? bind_in_range(fd, &address, override, seed)
                                                 : bind_to(fd, &address, override, seed);
    if (error == 0)
        listener_bound_to(fd, given);
    return error;
}
