#include "launcher/notify/listener.h"

#include <errno.h>
#include <sys/stat.h>

#include "shim/wire/sys.h"

uint64_t listener_tcp_inode(int fd)
{
    struct stat status;

    return sys_is_tcp(fd) && fstat(fd, &status) == 0 ? status.st_ino : 0;
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
