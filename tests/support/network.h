/*
 * A network of the test's own: a network namespace, unshare(2), in which only the loopback is.
 */
#ifndef IMDSHIM_TESTS_NETWORK_H
#define IMDSHIM_TESTS_NETWORK_H

#include <stdbool.h>
#include <sys/types.h>

/* Conditions of tests: can one be had, and addresses in it? */
bool network_can_be_had(void);
bool network_can_have_addresses(void);

/* From now on this process is in one of its own. */
void network_enter(void);

/*
 * The same, with the addresses that this host has in the one where we are. False where it cannot
 * be had: then we are where we were.
 */
bool network_enter_copy(void);

/* One more address of this host, with the length of its prefix: "10.77.0.1/24". By ip(8). */
void network_add_address(const char *address);

/* As fork(2): the child is another host of our network, with this address and prefix. */
pid_t network_fork_beyond(const char *address);

/* Set a sysctl(8): a path below /proc/sys/net, such as "ipv4/ip_nonlocal_bind". */
void network_set(const char *name, const char *value);

/* Has the kernel IPv6? */
bool network_has_ipv6(void);

#endif
