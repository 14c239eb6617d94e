#include "launcher/commands/server.h"

#include <stdio.h>
#include <stdlib.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/run/gate.h"
#include "launcher/source/endpoint.h"
#include "shim/wire/local_address.h"
#include "shim/wire/wire.h"

static void find(struct connection *connection, const char *command, const char *operand)
{
    const char *problem = connection_parse(connection, operand);

    if (problem != NULL)
        die(STATUS_FAILED, "cannot %s '%s': %s", command, operand, problem);
    problem = connection_resolve(connection);
    if (problem != NULL)
        die(EXIT_FAILURE, "cannot find the host of %s: %s", connection->name, problem);
}

static bool leads_to(const struct gate_address *gate, const struct connection *connection)
{
    union address to;

    return address_copy(&to, connection->addresses->ai_addr,
                        connection->addresses->ai_addrlen) &&
           address_port(&to) == gate->port && address_is_local(&to);
}

/* Where a client of that address family on the engine's host reaches it, as [HOST:]PORT. */
static void put_operand(char *operand, size_t size, union address *engine, int family)
{
    char host[ENDPOINT_HOST_SIZE];

    address_reach(engine, family);
    endpoint_address(engine, host);
    endpoint_bracket(host);
    snprintf(operand, size, "%s:%u", host, address_port(engine));
}

/* The resolver and the gate may take their time; until they are done, a signal simply ends us. */
void server_find(struct connection *connection, const char *command, char **operands)
{
    const char *text = getenv(WIRE_GATE);
    char operand[ENDPOINT_HOST_SIZE + 8];
    struct gate_address gate = {.port = 0};
    union address engine;

    if (operands[1] != NULL)
        die(STATUS_FAILED, "'%s' is one operand too many: imdshim %s [OPTIONS] [HOST:]PORT",
            operands[1], command);
    find(connection, command, operands[0]);
    /* A launcher that is statically linked has no library for this. */
    if (text != NULL)
        gate_text_parse(&gate, text);
    if (gate.port == 0 || !leads_to(&gate, connection))
        return;
    if (!gate_ask(&gate, &engine))
        die(EXIT_FAILURE, "%s is refused: the engine of this run serves nobody any more",
            connection->name);
    put_operand(operand, sizeof operand, &engine, connection->addresses->ai_family);
    connection_close(connection);
    find(connection, command, operand);
}
