#include "shim/hooks/rebind.h"

#include <stdatomic.h>

#include "shim/hooks/real.h"
#include "shim/kernel/listener.h"
#include "shim/kernel/memory.h"
#include "shim/state/settings.h"
#include "shim/state/sockets.h"
#include "shim/wire/local_address.h"
#include "shim/wire/sys.h"

static _Atomic unsigned given; /* bind_override.h */

struct rebind {
    int fd;
    uint64_t inode;
    const void *caller;
    bool known;            /* address and asked are there: it is an Internet socket */
    unsigned asked;        /* the port first asked for */
    union address address; /* what the engine asks for, or what takes its place */
    socklen_t length;
    bool changed;
};

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
    return settings->match.port != 0 ? settings->match.port == asked
                                     : imd_socket_may_be_claimed();
}

/*
 * Are its caller and the port what the user has said, or no runtime's? Fills in the listener.
 * Not inlined: the stack may be a signal's.
 */
__attribute__((noinline)) static bool is_imd_socket(const struct settings *settings,
                                                    const struct rebind *rebind,
                                                    struct listener *listener)
{
    struct listener_facts facts;

    *listener =
        (struct listener){.fd = rebind->fd, .asked = rebind->asked, .address = rebind->address};
    if (!may_be_imd_socket(settings, rebind->asked) || !sys_is_tcp(rebind->fd) ||
        !listener_read_caller(listener, rebind->caller) ||
        (settings->match.port == 0 && !imd_socket_may_be_of(listener->object)))
        return false;
    facts = listener_facts(listener);
    return match_refuses(&settings->match, &facts) == NULL;
}

static bool copy_asked(struct rebind *rebind, const struct sockaddr *address, socklen_t length,
                       int domain)
{
    struct sockaddr_storage raw = {.ss_family = AF_UNSPEC};

    return length <= sizeof raw && memory_copy(&raw, address, length) == 0 &&
           bind_override_may_change(domain, &raw, length, &rebind->address);
}

static void prepare(struct rebind *rebind, const struct sockaddr *address, socklen_t length)
{
    KEEP_ERRNO;
    const struct settings *settings = settings_get();
    int domain = sys_getsockopt(rebind->fd, SOL_SOCKET, SO_DOMAIN);
    struct listener listener;

    rebind->inode = socket_inode(rebind->fd);
    rebind->known =
        settings != NULL && rebind->inode != 0 && copy_asked(rebind, address, length, domain);
    if (!rebind->known)
        return;
    socket_remember_asked(rebind->inode, address_port(&rebind->address));
    rebind->asked = socket_asked(rebind->inode);
    rebind->length = length < sizeof rebind->address ? length : sizeof rebind->address;
    rebind->changed = settings->overrides_bind && is_imd_socket(settings, rebind, &listener);
}

static int bind_changed(struct rebind *rebind, const struct bind_override *override)
{
    const struct bind_call call = {
        .fd = rebind->fd,
        .bind = real.bind,
        .length = rebind->length,
        .once = rebind->inode == refused_inode,
        .seed = (unsigned)sys_getpid(),
        .given = &given,
    };

    return bind_override_bind(override, call, &rebind->address);
}

/* Once for each socket, and only of one that might have become the IMD socket. */
static void tell_refused(const struct rebind *rebind)
{
    KEEP_ERRNO;
    const struct settings *settings = settings_get();
    struct listener listener;
    struct event event;

    if (!rebind->known || atomic_exchange(&refused_inode, rebind->inode) == rebind->inode ||
        !settings->all_events || !is_imd_socket(settings, rebind, &listener))
        return;
    event = listener_event(&listener, KIND_REFUSED);
    event.port = 0;
    event.has |= EVENT_HAS(KEY_ERROR);
    event.error = (unsigned)kept_errno;
    event_sink_tell(&settings->sink, &event, EVENT_REQUIRED);
}

static int bind_or_tell(struct rebind *rebind, const struct sockaddr *address, socklen_t length)
{
    int result;

    if (rebind->changed)
        result = bind_changed(rebind, &settings_get()->bind);
    else
        result = real.bind(rebind->fd, address, length);
    if (result != 0)
        tell_refused(rebind);
    return result;
}

int rebind_bind(int fd, const struct sockaddr *address, socklen_t length, const void *caller)
{
    struct rebind rebind = {.fd = fd, .caller = caller};

    prepare(&rebind, address, length);
    return bind_or_tell(&rebind, address, length);
}

static bool is_unbound(int fd, union address *address)
{
    KEEP_ERRNO;
    const struct settings *settings = settings_get();

    return settings != NULL && settings->overrides_bind && sys_is_tcp(fd) &&
           address_of_socket(address, fd) && address_port(address) == 0;
}

bool rebind_before_listen(int fd, const void *caller)
{
    struct rebind rebind = {.fd = fd, .caller = caller};
    union address address;

    if (!is_unbound(fd, &address))
        return true;
    prepare(&rebind, &address.any, address_length(&address));
    return !rebind.changed ||
           bind_or_tell(&rebind, &address.any, address_length(&address)) == 0;
}
