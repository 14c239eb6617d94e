/*
 * What the environment asks of the library, read once.
 *
 * Everything is copied: engines change their environment, and process titles are written over
 * it.
 */
#ifndef IMDSHIM_SHIM_STATE_SETTINGS_H
#define IMDSHIM_SHIM_STATE_SETTINGS_H

#include <stdbool.h>

#include "shim/events/event_sink.h"
#include "shim/hooks/gate.h"
#include "shim/wire/bind_override.h"
#include "shim/wire/match.h"

struct settings {
    bool tells; /* of an engine: else there is only the gate */
    struct channel channel;
    bool all_events;
    struct match match;
    bool rewrites; /* arguments of bind(), for the IMD socket, as the binding says */
    struct binding binding;
    bool only_me;     /* may connect to the IMD socket */
    bool wakes;       /* ends the engine's sleep when its client comes */
    struct gate gate; /* of a client */
};

/*
 * NULL where the library is inert: its variables are absent or not of their form, or the
 * process is set-id. May be called at any time, by a library constructor that runs before ours
 * included.
 */
const struct settings *settings_get(void);

/* False while another thread is still reading them; settings_get() has waited in vain then. */
bool settings_are_read(void);

#endif
