#include "launcher/source/host_addresses.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * getifaddrs(3) asks for all that is known of each interface, and takes four times as long: this
 * is part of each run's start.
 */

enum { ANSWER_SIZE = 8192 }; /* as much as the kernel sends in one piece, netlink(7) */

struct addresses {
    union address *list;
    unsigned count, most;
};

/* Is it up and no loopback? */
static bool is_reachable(int fd, unsigned index)
{
    const short up = IFF_UP | IFF_RUNNING;
    struct ifreq interface = {.ifr_ifindex = (int)index};

    return ioctl(fd, SIOCGIFNAME, &interface) == 0 &&
           ioctl(fd, SIOCGIFFLAGS, &interface) == 0 &&
           (interface.ifr_flags & (up | IFF_LOOPBACK)) == up;
}

/* IFA_ADDRESS is the other end's where the link has two ends: then ours is IFA_LOCAL. */
static bool take_address(const struct ifaddrmsg *message, size_t length, union address *address)
{
    bool ipv4 = message->ifa_family == AF_INET, found = false, local = false;
    size_t size = ipv4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    size_t left = length;

    *address = (union address){.any.sa_family = message->ifa_family};
    for (const struct rtattr *field = IFA_RTA(message); RTA_OK(field, left);
         field = RTA_NEXT(field, left)) {
        if ((field->rta_type != IFA_ADDRESS && field->rta_type != IFA_LOCAL) || local ||
            RTA_PAYLOAD(field) != size)
            continue;
        memcpy(ipv4 ? (void *)&address->ipv4.sin_addr : (void *)&address->ipv6.sin6_addr,
               RTA_DATA(field), size);
        local = field->rta_type == IFA_LOCAL;
        found = true;
    }
    return found;
}

/* An address of a single link, "fe80::1", needs to be told on which. */
static void add(struct addresses *all, int fd, const struct nlmsghdr *header)
{
    const struct ifaddrmsg *message = NLMSG_DATA(header);
    union address address;

    if (all->count < all->most && message->ifa_scope != RT_SCOPE_HOST &&
        (message->ifa_family == AF_INET || message->ifa_family == AF_INET6) &&
        take_address(message, IFA_PAYLOAD(header), &address) &&
        (message->ifa_family == AF_INET || !IN6_IS_ADDR_LINKLOCAL(&address.ipv6.sin6_addr)) &&
        is_reachable(fd, message->ifa_index))
        all->list[all->count++] = address;
}

/* False if it was the last piece, or none has come. */
static bool read_piece(struct addresses *all, int fd)
{
    union {
        struct nlmsghdr header;
        char bytes[ANSWER_SIZE];
    } answer;
    ssize_t length = recv(fd, &answer, sizeof answer, 0);
    unsigned left = length > 0 ? (unsigned)length : 0;

    if (left == 0)
        return false;
    for (const struct nlmsghdr *header = &answer.header; NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type != RTM_NEWADDR)
            return false;
        add(all, fd, header);
    }
    return true;
}

unsigned host_addresses(union address *addresses, unsigned most)
{
    struct addresses all = {addresses, 0, most};
    const struct {
        struct nlmsghdr header;
        struct ifaddrmsg message;
    } request = {.header = {.nlmsg_len = sizeof request,
                            .nlmsg_type = RTM_GETADDR,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                 .message.ifa_family = AF_UNSPEC}; /* family by family: IPv4 comes first */
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd >= 0 && send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request)
        while (read_piece(&all, fd))
            continue;
    if (fd >= 0)
        close(fd);
    return all.count;
}
