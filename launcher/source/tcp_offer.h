/*
 * A TCP port for events from other hosts, and the text by which the engine's environment hands
 * it over, shim/wire/handover.h.
 *
 * It is bound when the run starts, because the environment must have it before anybody knows
 * whether an engine will leave this host. While it does not listen, connections are refused.
 */
#ifndef IMDSHIM_LAUNCHER_SOURCE_TCP_OFFER_H
#define IMDSHIM_LAUNCHER_SOURCE_TCP_OFFER_H

#include <stdbool.h>

#include "shim/wire/handover.h"

enum { TCP_TEXT = 1024 };

struct tcp_offer {
    int fd; /* bound; -1: none */
    struct handover_tcp handover;
    char text[TCP_TEXT]; /* the same, for the engine's environment */
};

/*
 * On every address of this host, with a secret of its own. False and errno if there can be none;
 * EADDRNOTAVAIL: this host has no address by which others can reach it.
 */
bool tcp_offer_make(struct tcp_offer *offer);
void tcp_offer_close(struct tcp_offer *offer);

#endif
