/*
 * The relay's side of the clients.
 */
#ifndef IMDSHIM_LAUNCHER_RELAY_CLIENT_SIDE_H
#define IMDSHIM_LAUNCHER_RELAY_CLIENT_SIDE_H

#include "launcher/relay/state.h"

/* Let in who has come. */
void clients_admit(struct relay *relay);

/* Greet, read commands, send, and end, as it is time. True if bytes went or came. */
bool clients_turn(struct relay *relay);

/* A frame begins at the backlog's end. */
void clients_begin_frame(struct relay *relay);

/* Is there one for whom the engine is to be connected to? */
bool clients_want_engine(const struct relay *relay);

/* The next time that one of them has waited long enough, or 0. */
int64_t clients_deadline(const struct relay *relay);

void clients_drop_all(struct relay *relay);

#endif
