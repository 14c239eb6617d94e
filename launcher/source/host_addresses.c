#include "launcher/source/host_addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdbool.h>

/* Not of a loopback, and of no single link: "fe80::1" needs to be told on which. */
static bool is_reachable(const struct ifaddrs *interface, int family)
{
    const unsigned up = IFF_UP | IFF_RUNNING;

    if (interface->ifa_addr == NULL || interface->ifa_addr->sa_family != family ||
        (interface->ifa_flags & (up | IFF_LOOPBACK)) != up)
        return false;
    return family == AF_INET ||
           !IN6_IS_ADDR_LINKLOCAL(
               &((struct sockaddr_in6 *)(void *)interface->ifa_addr)->sin6_addr);
}

const char *host_address_text(const struct sockaddr *address, char text[INET6_ADDRSTRLEN])
{
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)address;

    if (address->sa_family == AF_INET)
        return inet_ntop(AF_INET,
                         &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
                         INET6_ADDRSTRLEN);
    if (IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr))
        return inet_ntop(AF_INET, &ipv6->sin6_addr.s6_addr[12], text, INET6_ADDRSTRLEN);
    return inet_ntop(AF_INET6, &ipv6->sin6_addr, text, INET6_ADDRSTRLEN);
}

int host_addresses_put(struct text *text, int most)
{
    static const int families[] = {AF_INET, AF_INET6};
    char address[INET6_ADDRSTRLEN];
    struct ifaddrs *interfaces;
    int count = 0;

    if (getifaddrs(&interfaces) != 0)
        return 0;
    for (int f = 0; f < 2; f++)
        for (struct ifaddrs *i = interfaces; i != NULL && count < most; i = i->ifa_next)
            if (is_reachable(i, families[f])) {
                text_put_string(text, count++ > 0 ? "," : ":");
                text_put_string(text, host_address_text(i->ifa_addr, address));
            }
    freeifaddrs(interfaces);
    return count;
}
