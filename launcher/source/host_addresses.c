#include "launcher/source/host_addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdbool.h>

/* Not of a loopback, and of no single link: "fe80::1" needs to be told on which. */
static bool is_reachable(const struct ifaddrs *interface, int family, union address *address)
{
    const unsigned up = IFF_UP | IFF_RUNNING;

    if (interface->ifa_addr == NULL || interface->ifa_addr->sa_family != family ||
        (interface->ifa_flags & (up | IFF_LOOPBACK)) != up)
        return false;
    address_copy(address, interface->ifa_addr,
                 family == AF_INET ? sizeof address->ipv4 : sizeof address->ipv6);
    return family == AF_INET || !IN6_IS_ADDR_LINKLOCAL(&address->ipv6.sin6_addr);
}

unsigned host_addresses(union address *addresses, unsigned most)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct ifaddrs *interfaces;
    unsigned count = 0;

    if (getifaddrs(&interfaces) != 0)
        return 0;
    for (int f = 0; f < 2; f++)
        for (struct ifaddrs *i = interfaces; i != NULL && count < most; i = i->ifa_next)
            count += is_reachable(i, families[f], &addresses[count]);
    freeifaddrs(interfaces);
    return count;
}
