/*
 * Does the engine still listen? While it has no client nobody tells us that it has ended, and
 * to connect would cost LAMMPS its run: the kernel is asked, now and then, whether a socket of
 * this host listens there.
 */
#ifndef IMDSHIM_LAUNCHER_RELAY_PRESENCE_H
#define IMDSHIM_LAUNCHER_RELAY_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/imd/connection.h"

struct presence {
    int64_t due; /* ms of clock_now(), when it is to be asked for; 0: never, on another host */
    bool seen;
};

void presence_start(struct presence *presence, const struct connection *engine);

/* Ask if it is due: true if the engine has been seen to listen, and does not any more. */
bool presence_is_lost(struct presence *presence, const struct connection *engine);

#endif
