#include "shim/wire/local_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "shim/wire/address.h"
#include "shim/wire/sys.h"

/* Or of no host: to that the kernel connects by the loopback. */
static bool is_loopback(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)address;
    const unsigned char *bytes = (const unsigned char *)&ipv4->sin_addr;
    static const struct in_addr any = {INADDR_ANY};

    if (address->ss_family == AF_INET6) {
        if (!IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr))
            return IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr) ||
                   IN6_IS_ADDR_UNSPECIFIED(&ipv6->sin6_addr);
        bytes = &ipv6->sin6_addr.s6_addr[12];
    }
    return bytes[0] == IN_LOOPBACKNET || memcmp(bytes, &any, sizeof any) == 0;
}

/*
 * The loopback is so whatever the kernel lacks for an answer: a client that was sent on from
 * there would meet whoever has that port.
 */
bool own_address(const struct sockaddr *address, socklen_t length)
{
    struct sockaddr_storage any_port;
    int fd, result;
    bool own;

    if (!address_is_internet(address, length) || length > sizeof any_port)
        return false;
    memcpy(&any_port, address, length);
    if (is_loopback(&any_port))
        return true;
    address_set_port(&any_port, 0);
    fd = sys_socket(any_port.ss_family, SOCK_STREAM | SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    result = (int)syscall(SYS_bind, fd, &any_port, length);
    own = result == 0 || errno == EADDRINUSE; /* every port of it is taken */
    sys_close(fd);
    return own;
}
