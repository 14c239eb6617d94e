/*
 * Where a listener can be reached. Pure.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_ENDPOINT_H
#define IMDSHIM_LAUNCHER_RUN_ENDPOINT_H

#include "launcher/source/event.h"

enum { ENDPOINT_HOST_SIZE = 3 * HOST_SIZE };

/*
 * For a client on this host: the address that the engine listens on. An IPv4 wildcard becomes
 * 127.0.0.1, because there are clients that know IPv4 only; an IPv6 wildcard "localhost",
 * because it may not include IPv4. A wildcard or loopback address of another host is useless
 * here: it becomes the address from which the event came, or that host's name.
 */
void endpoint_for_client(const struct event *listener, const char *this_host,
                         char host[ENDPOINT_HOST_SIZE]);

/*
 * For a client that is preloaded: a numeric address. A wildcard stays if the client is on the
 * listener's host: the client's own family decides which loopback address it is.
 */
const char *endpoint_numeric(const struct event *listener);

/* For readers anywhere: a wildcard becomes the host's name, or the address as above. */
void endpoint_for_others(const struct event *listener, char host[ENDPOINT_HOST_SIZE]);

/* As it stands before ":PORT" in a URL: IPv6 addresses in brackets. */
void endpoint_bracket(char host[ENDPOINT_HOST_SIZE]);

#endif
