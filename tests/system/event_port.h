/*
 * For the tests of the TCP port where events arrive from other hosts: a stand-in srun, on whose
 * "host" the run's FIFO is not there, and connections to that port.
 */
#ifndef IMDSHIM_TESTS_SYSTEM_EVENT_PORT_H
#define IMDSHIM_TESTS_SYSTEM_EVENT_PORT_H

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/support/suite.h"
#include "tests/system/launcher.h"

/* Put it before a command. It leaves IMDSHIM_TCP in the file "tcp". */
#define SRUN                                                                                   \
    "{ echo '#!/bin/sh'; echo 'export IMDSHIM_FIFO=/nowhere/fifo; trap \"\" TERM';"            \
    "echo 'echo \"$IMDSHIM_TCP\" >tcp.new; mv tcp.new tcp; exec \"$@\"'; } >srun;"             \
    "chmod 755 srun;"

struct offer {
    char secret[64];
    int port;
};

static inline struct offer read_offer(void)
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

/* A connection, or -1. */
static inline int reach(in_addr_t host, int port)
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

/* False, and the suite is skipped, if no address of this host leads there from another. */
static inline bool has_address(void)
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

#endif
