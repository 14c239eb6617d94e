#include "shim/hooks/rebind.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "shim/kernel/listener.h"
#include "shim/state/settings.h"
#include "shim/state/sockets.h"
#include "shim/wire/address.h"
#include "shim/wire/sys.h"

enum { SHORTEST_IPV6 = offsetof(struct sockaddr_in6, sin6_scope_id) }; /* RFC 2133 */

/*
 * The socket that found no port. NAMD goes on to ask for 3071 other ports on it
 * (colvarproxy_namd's IMDport, 1025 to 4095): the range is not searched again for each.
 */
static _Atomic uint64_t refused_inode;

/*
 * Without --port nothing tells the IMD socket from one that is bound before it and never
 * listens: the first that is no runtime's is taken for it.
 */
static bool may_be_imd_socket(const struct settings *settings, unsigned asked)
{
    return settings->match.port != 0 ? settings->match.port == asked : socket_taken() == 0;
}

/* A function of its own: names of modules are long, and the stack may be a signal's. */
__attribute__((noinline)) static bool is_imd_socket(const struct settings *settings,
                                                    const void *caller, unsigned asked)
{
    struct listener listener = {.asked = asked};
    struct candidate candidate;

    listener_read_caller(&listener, caller);
    candidate = listener_as_candidate(&listener);
    return match_refuses(&settings->match, &candidate) == NULL;
}

/*
 * Two sockets with SO_REUSEADDR can both be bound to one port while neither listens, and with
 * SO_REUSEPORT also when they do (socket(7)): in a range each run must have a port alone.
 */
static void begin_range(struct rebind *rebind)
{
    rebind->reused_address = sys_getsockopt(rebind->fd, SOL_SOCKET, SO_REUSEADDR) > 0;
    rebind->reused_port = sys_getsockopt(rebind->fd, SOL_SOCKET, SO_REUSEPORT) > 0;
    if (rebind->reused_address)
        sys_setsockopt(rebind->fd, SOL_SOCKET, SO_REUSEADDR, 0);
    if (rebind->reused_port)
        sys_setsockopt(rebind->fd, SOL_SOCKET, SO_REUSEPORT, 0);
}

static void end_range(const struct rebind *rebind)
{
    if (rebind->reused_address)
        sys_setsockopt(rebind->fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (rebind->reused_port)
        sys_setsockopt(rebind->fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static void choose_port(struct rebind *rebind, const struct binding *binding)
{
    unsigned seed = (unsigned)sys_getpid();

    address_set_port(&rebind->copy, binding_port(binding, seed, rebind->attempt));
}

static void rewrite(struct rebind *rebind, const struct binding *binding, int domain)
{
    bool v6_only = sys_getsockopt(rebind->fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0;

    binding_apply(binding, domain, v6_only, &rebind->copy, &rebind->length);
    rebind->address = (const struct sockaddr *)&rebind->copy;
    rebind->rewritten = true;
    if (!binding->has_ports)
        return;
    choose_port(rebind, binding);
    if (!binding_is_range(binding))
        return;
    if (rebind->inode != refused_inode)
        rebind->attempts = binding->high - binding->low + 1;
    begin_range(rebind);
}

/* What the kernel does not accept with a socket, a good address in its place must not mend. */
static bool copy_asked(struct rebind *rebind, int domain)
{
    sa_family_t family;

    if (rebind->length > sizeof rebind->copy ||
        sys_copy(&rebind->copy, rebind->address, rebind->length) != 0 ||
        !address_is_internet((const struct sockaddr *)&rebind->copy, rebind->length))
        return false;
    family = rebind->copy.ss_family;
    if (domain == AF_INET6)
        return family == AF_INET6 && rebind->length >= SHORTEST_IPV6;
    return domain == AF_INET && (family == AF_INET || family == AF_UNSPEC);
}

void rebind_ask(struct rebind *rebind, int fd, const struct sockaddr *address, socklen_t length,
                const void *caller)
{
    const struct settings *settings = settings_get();
    int error = errno, domain = sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN);
    unsigned asked;

    rebind->address = address;
    rebind->length = length;
    rebind->fd = fd;
    rebind->inode = socket_inode(fd);
    rebind->caller = caller;
    rebind->rewritten = false;
    rebind->attempt = 0;
    rebind->attempts = 1;
    rebind->error = error;
    rebind->reused_address = rebind->reused_port = false;
    if (settings != NULL && rebind->inode != 0 && copy_asked(rebind, domain)) {
        socket_remember_asked(
            rebind->inode,
            address_port((const struct sockaddr *)&rebind->copy, sizeof rebind->copy));
        asked = socket_asked(rebind->inode);
        if (settings->rewrites && may_be_imd_socket(settings, asked) && listener_is_tcp(fd) &&
            is_imd_socket(settings, caller, asked))
            rewrite(rebind, &settings->binding, domain);
    }
    errno = error;
}

bool rebind_ask_unbound(struct rebind *rebind, int fd, const void *caller)
{
    const struct settings *settings = settings_get();
    struct listener listener;
    int error = errno;
    bool unbound =
        settings != NULL && settings->rewrites && listener_is_tcp(fd) &&
        listener_read_address(&listener, fd) &&
        address_port((const struct sockaddr *)&listener.address, sizeof listener.address) == 0;

    if (unbound)
        rebind_ask(rebind, fd, (const struct sockaddr *)&listener.address,
                   sizeof listener.address, caller);
    errno = error;
    return unbound && rebind->rewritten;
}

/* EACCES: a port below 1024, where those are root's. */
bool rebind_again(struct rebind *rebind, int result)
{
    if (result == 0 || rebind->attempt + 1 >= rebind->attempts ||
        (errno != EADDRINUSE && errno != EACCES))
        return false;
    rebind->attempt++;
    choose_port(rebind, &settings_get()->binding);
    return true;
}

__attribute__((noinline)) static void send_refused(const struct rebind *rebind, int error)
{
    struct listener listener = {.fd = rebind->fd, .asked = socket_asked(rebind->inode)};
    struct event_line line;

    listener.address = rebind->copy;
    listener_read_caller(&listener, rebind->caller);
    event_format_refused(&line, &listener, error);
    channel_write(&settings_get()->channel, line.bytes, line.length, true);
}

void rebind_tell(struct rebind *rebind, int result)
{
    int error = result == 0 ? rebind->error : errno;

    if (!rebind->rewritten)
        return;
    end_range(rebind);
    if (result != 0 && atomic_exchange(&refused_inode, rebind->inode) != rebind->inode &&
        settings_get()->all_events)
        send_refused(rebind, error);
    errno = error;
}
