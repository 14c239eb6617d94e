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
#include "shim/wire/bind_override.h"
#include "shim/wire/gate_text.h"
#include "shim/wire/match.h"

struct settings {
    bool reports_events; /* of an engine; else there is only the gate */
    struct event_sink sink;
    bool all_events;           /* for the launcher, which asks for more than the IMD socket */
    bool only_ready;           /* nothing is told before "ready" */
    struct match match;        /* which socket is the IMD socket */
    bool overrides_bind;       /* of the IMD socket, as bind_override says */
    struct bind_override bind; /* where it is bound instead */
    bool only_me;              /* may connect to the IMD socket */
    unsigned only_from;        /* and from that port alone; 0: from any */
    bool cuts_sleep;           /* of the engine when its client comes */
    struct gate_address gate;  /* of a client */
};

/*
 * NULL if the library is inert: its variables are absent or not of their form, or the process is
 * set-id. May be called at any time, also by a library constructor that runs before ours.
 */
const struct settings *settings_get(void);

/* False while another thread is still reading; settings_get() then returned NULL after its
 * bounded wait. */
bool settings_are_read(void);

#endif
