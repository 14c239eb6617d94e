#include "launcher/notify/listener.h"

#include <errno.h>
#include <linux/filter.h>
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

/* For a TCP socket a segment begins with its header, and that with the port that it is from. */
int listener_admit_only(int fd, unsigned port)
{
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = {
        .len = sizeof instructions / sizeof instructions[0],
        .filter = instructions,
    };
    const int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 &&
                   setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on) == 0
               ? 0
               : errno;
}
