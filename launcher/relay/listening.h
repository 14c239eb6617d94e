/*
 * Where the relay's clients connect to.
 */
#ifndef IMDSHIM_LAUNCHER_RELAY_LISTENING_H
#define IMDSHIM_LAUNCHER_RELAY_LISTENING_H

#include "shim/wire/address.h"

/*
 * A listening socket that does not block, and where it is bound. [ADDR][:PORTS] is as
 * bind_override.h has it; what is not given is 127.0.0.1 and any free port, so that nobody on
 * another host is let in unasked. Dies with 125 if there can be none.
 */
int listening_open(const char *listen, union address *where);

#endif
