/*
 * For the tests of the TCP port where events arrive from other hosts: a stand-in srun, on whose
 * "host" the run's FIFO is not there, and connections to that port.
 */
#ifndef IMDSHIM_TESTS_OFFER_H
#define IMDSHIM_TESTS_OFFER_H

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

/* Put it before a command. It leaves IMDSHIM_TCP in the file "tcp". */
#define SRUN                                                                                   \
    "{ echo '#!/bin/sh'; echo 'export IMDSHIM_FIFO=/nowhere/fifo; trap \"\" TERM';"            \
    "echo 'echo \"$IMDSHIM_TCP\" >tcp.new; mv tcp.new tcp; exec \"$@\"'; } >srun;"             \
    "chmod 755 srun;"

struct offer {
    char secret[64];
    int port;
};

struct offer read_offer(void);

/* A connection, or -1. */
int reach(in_addr_t host, int port);

/* False, and the suite is skipped, if no address of this host leads there from another. */
bool has_address(void);

#endif
