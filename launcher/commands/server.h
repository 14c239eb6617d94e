/*
 * The operand [HOST:]PORT of watch and relay.
 */
#ifndef IMDSHIM_LAUNCHER_COMMANDS_SERVER_H
#define IMDSHIM_LAUNCHER_COMMANDS_SERVER_H

#include "launcher/imd/connection.h"

/* Parse and resolve it; dies with 125 on bad usage, and with 1 if the host has no address. */
void server_find(struct connection *connection, const char *command, char **operands);

#endif
