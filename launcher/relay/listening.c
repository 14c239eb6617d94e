#include "launcher/relay/listening.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/base/entropy.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "shim/wire/bind_override.h"

enum { WAITING = 128 /* connections that are not yet accepted */ };

/*
 * SO_REUSEADDR: an earlier relay's connections may be in TIME_WAIT. IPv6 alone, because a
 * wildcard of both could not be had where an IPv4 socket has the port.
 */
static int open_at(const union address *address)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &address->any, address_length(address)) == 0 && listen(fd, WAITING) == 0)
        return fd;

    int error = errno;

    close(fd);
    errno = error;
    return -1;
}

static int open_one_of(const struct bind_override *override, union address *where)
{
    unsigned seed = (unsigned)entropy_number(), attempts = bind_override_attempts(override);
    int fd = -1;

    for (unsigned i = 0; i < attempts && fd < 0; i++) {
        address_set_port(where, bind_override_port(override, seed, i));
        fd = open_at(where);
        if (fd < 0 && errno != EADDRINUSE)
            break;
    }
    return fd;
}

int listening_open(const char *listen, union address *where)
{
    struct bind_override override = {.has_ports = false};
    socklen_t length = sizeof *where;
    int fd;

    address_parse(where, "127.0.0.1");
    if (listen != NULL)
        bind_override_parse(&override, listen);
    if (override.host.any.sa_family != 0)
        *where = override.host;
    fd = open_one_of(&override, where);
    if (fd < 0 || getsockname(fd, &where->any, &length) != 0)
        die_error(STATUS_FAILED, errno,
                  "cannot listen for clients at %s: give another place with --listen",
                  listen != NULL ? listen : "127.0.0.1");
    return fd;
}
