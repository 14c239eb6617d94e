/*
 * What goes to the engine but GO: the commands of clients.
 */
#ifndef IMDSHIM_LAUNCHER_RELAY_STEER_H
#define IMDSHIM_LAUNCHER_RELAY_STEER_H

#include "launcher/relay/state.h"

/* A client's command, translated; what the engine's version has not is dropped. */
void steer(struct relay *relay, unsigned char *command, size_t length);

/* Who has paused it is gone. */
void steer_resume(struct relay *relay);

/* Send what waits; true if any of it went. */
bool steer_send(struct relay *relay);

#endif
