#include "shim/wire/local_address.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "shim/wire/netlink.h"
#include "shim/wire/sys.h"

bool address_of_socket(union address *address, int fd)
{
    union address name;
    socklen_t length = sizeof name;

    return syscall(SYS_getsockname, fd, &name, &length) == 0 &&
           address_copy(address, &name, length);
}

static bool route_is_local(const union address *address)
{
    struct {
        struct nlmsghdr header;
        struct rtmsg route;
        struct rtattr attribute;
        unsigned char host[sizeof(struct in6_addr)];
    } request = {
        .header = {.nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST},
        .route = {.rtm_family = (unsigned char)address->any.sa_family},
        .attribute = {.rta_type = RTA_DST},
    };
    bool ipv6 = address->any.sa_family == AF_INET6;
    size_t size = ipv6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
    union netlink_answer answer;
    const struct rtmsg *route;

    memcpy(request.host,
           ipv6 ? (const void *)&address->ipv6.sin6_addr
                : (const void *)&address->ipv4.sin_addr,
           size);
    request.route.rtm_dst_len = (unsigned char)(8 * size);
    request.attribute.rta_len = (unsigned short)RTA_LENGTH(size);
    request.header.nlmsg_len = (unsigned)(NLMSG_LENGTH(sizeof *route) + RTA_LENGTH(size));
    route = netlink_ask(NETLINK_ROUTE, &request.header, &answer, sizeof *route);
    return route != NULL && route->rtm_type == RTN_LOCAL;
}

/*
 * The loopback is local even if the kernel cannot be asked: a client that connected there
 * unchanged would meet whoever has that port.
 */
bool address_is_local(const union address *address)
{
    union address plain = *address;

    address_unmap(&plain);
    return address_is_loopback(&plain) || address_is_wildcard(&plain) || route_is_local(&plain);
}
