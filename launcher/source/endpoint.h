/*
 * The IMD socket as it was reported, and where it can be reached.
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_ENDPOINT_H
#define IMDSHIM_LAUNCHER_SOURCE_ENDPOINT_H

#include "launcher/source/source.h"

/* What is kept of the event. */
struct listener {
    pid_t pid;
    union address address; /* with the port */
    unsigned port, asked;
    unsigned netns; /* inode of its network namespace, namespaces(7); 0: not known */
    bool remote;
    union address peer;       /* remote: where the event came from */
    char host[3 * HOST_SIZE]; /* these are escaped, as shim/wire/wire.h says */
    char exe[3 * NAME_SIZE];
    char object[3 * NAME_SIZE];
};

void listener_keep(struct listener *listener, const struct received *received);

/*
 * Is it where no client of this host can come, in a network namespace of its own? An event by
 * the FIFO is from this host, whatever address it names.
 */
bool listener_is_cut_off(const struct listener *listener);

/* Is it on the loopback of another host? An event may come by TCP from this host too. */
bool listener_is_on_far_loopback(const struct listener *listener);

enum { ENDPOINT_HOST_SIZE = 3 * HOST_SIZE };

/*
 * For a client on this host: the address listened on. A wildcard is 127.0.0.1, for there are
 * clients that know IPv4 only, or "localhost" where it is IPv6's and may not include IPv4; on
 * another host it is the address that the event came from, or that host's name. A loopback
 * address of another host cannot be reached, and here it is somebody else's: so is it then too.
 */
void endpoint_for_client(const struct listener *listener, const char *this_host,
                         char host[ENDPOINT_HOST_SIZE]);

/*
 * For a client that is preloaded: an address with the port. A wildcard is left as it is where the
 * client is on the listener's host: its loopback is of the client's own family.
 */
union address endpoint_numeric(const struct listener *listener);

/* For readers anywhere: a wildcard is the host's name, or the address as above. */
void endpoint_for_others(const struct listener *listener, char host[ENDPOINT_HOST_SIZE]);

/* Numeric, without brackets and port. */
void endpoint_address(const union address *address, char host[ENDPOINT_HOST_SIZE]);

/* As it goes before ":PORT" in a URL: IPv6 addresses in brackets. */
void endpoint_bracket(char host[ENDPOINT_HOST_SIZE]);

#endif
