#include "launcher/commands/server.h"

#include <stdlib.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"

/* The resolver may take its time; until it is done, a signal simply ends us. */
void server_find(struct connection *connection, const char *command, char **operands)
{
    const char *problem;

    if (operands[1] != NULL)
        die(STATUS_FAILED, "'%s' is one operand too many: imdshim %s [OPTIONS] [HOST:]PORT",
            operands[1], command);
    problem = connection_parse(connection, operands[0]);
    if (problem != NULL)
        die(STATUS_FAILED, "cannot %s '%s': %s", command, operands[0], problem);
    problem = connection_resolve(connection);
    if (problem != NULL)
        die(EXIT_FAILURE, "cannot find the host of %s: %s", connection->name, problem);
}
