#include "launcher/notify/listener.h"

#include <errno.h>
#include <sys/stat.h>

#include "shim/wire/sys.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262 /* since glibc 2.32 */
#endif

uint64_t listener_tcp_inode(int fd)
{
    int protocol = sys_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL);
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
    return bind_override_may_change(sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN), raw, length,
                                    address);
}

int listener_bind_as_asked(int fd, const void *raw, socklen_t length)
{
    return bind(fd, raw, length) == 0 ? 0 : errno;
}

int listener_bind(int fd, union address address, const struct bind_override *override,
                  unsigned seed, _Atomic unsigned *given)
{
    const struct bind_call call = {
        .fd = fd,
        .bind = bind,
        .length = address_length(&address),
        .seed = seed,
        .given = given,
    };

    return bind_override_bind(override, call, &address) == 0 ? 0 : errno;
}
