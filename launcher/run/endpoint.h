/*
 * Where a listener can be reached. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_ENDPOINT_H
#define IMDSHIM_LAUNCHER_RUN_ENDPOINT_H

#include "launcher/source/event.h"

enum { ENDPOINT_HOST_SIZE = 3 * HOST_SIZE };

/*
 * For a client on this host: the address listened on. A wildcard is 127.0.0.1, for there are
 * clients that know IPv4 only, or "localhost" where it is IPv6's and may not include IPv4; on
 * another host it is the address that the event came from, or that host's name. A loopback
 * address of another host cannot be reached, and here it is somebody else's: so is it then too.
 */
void endpoint_for_client(const struct event *listener, const char *this_host,
                         char host[ENDPOINT_HOST_SIZE]);

/*
 * For a client that is preloaded: a numeric address. A wildcard is left as it is where the
 * client is on the listener's host: its loopback is of the client's own family.
 */
const char *endpoint_numeric(const struct event *listener);

/* For readers anywhere: a wildcard is the host's name, or the address as above. */
void endpoint_for_others(const struct event *listener, char host[ENDPOINT_HOST_SIZE]);

/* As it goes before ":PORT" in a URL: IPv6 addresses in brackets. */
void endpoint_bracket(char host[ENDPOINT_HOST_SIZE]);

#endif
