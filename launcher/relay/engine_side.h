/*
 * The relay's side of the engine: the session, and what comes from it.
 */
#ifndef IMDSHIM_LAUNCHER_RELAY_ENGINE_SIDE_H
#define IMDSHIM_LAUNCHER_RELAY_ENGINE_SIDE_H

#include "launcher/relay/state.h"

/* Begin, greet, say GO, read, send and end, as it is time. True if bytes went or came. */
bool engine_turn(struct relay *relay);

#endif
