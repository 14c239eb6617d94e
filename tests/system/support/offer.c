#include "tests/system/support/offer.h"

struct offer read_offer(void)
{
    struct offer offer;
    char line[1024], *rest;

    wait_for_file("tcp");
    read_line("tcp", line, sizeof line);
    ck_assert_ptr_nonnull(strtok_r(line, ":", &rest));
    offer.port = atoi(strtok_r(NULL, ":", &rest));
    ck_assert_int_gt(offer.port, 0);
    snprintf(offer.secret, sizeof offer.secret, "%s", strtok_r(NULL, ":", &rest));
    ck_assert_uint_ge(strlen(offer.secret), 32);
    return offer;
}

int reach(in_addr_t host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    address.sin_addr.s_addr = host;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

bool has_address(void)
{
    struct ifaddrs *list;
    bool found = false;

    if (getifaddrs(&list) != 0)
        return false;
    for (struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
        found |=
            i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET &&
            (i->ifa_flags & (IFF_UP | IFF_RUNNING | IFF_LOOPBACK)) == (IFF_UP | IFF_RUNNING);
    freeifaddrs(list);
    return found ||
           suite_skip("events by TCP", "this host has no address but that of the loopback");
}
