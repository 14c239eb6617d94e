#include "shim/own_address.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "shim/address.h"
#include "shim/sys.h"

bool own_address(const struct sockaddr *address, socklen_t length)
{
    struct sockaddr_storage any_port;
    int fd, result;
    bool own;

    if (!address_is_internet(address, length) || length > sizeof any_port)
        return false;
    memcpy(&any_port, address, length);
    address_set_port(&any_port, 0);
    fd = sys_socket(any_port.ss_family, SOCK_STREAM | SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    result = (int)syscall(SYS_bind, fd, &any_port, length);
    own = result == 0 || errno == EADDRINUSE; /* every port of it is taken */
    sys_close(fd);
    return own;
}
