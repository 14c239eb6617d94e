/*
 * The client's TCP connection to an IMD server, IPv4 or IPv6.
 *
 *     connection_parse()    the operand: PORT, HOST:PORT, [ADDRESS]:PORT or imd://HOST:PORT
 *     connection_resolve()  may block for as long as the resolver does
 *     connection_start()    connect to the next address, without blocking; writable = decided
 *     connection_finish()   how that came out; if badly, start() again
 *
 * The socket does not block, is closed by exec, and raises no SIGPIPE.
 */
#ifndef IMDSHIM_LAUNCHER_IMD_CONNECTION_H
#define IMDSHIM_LAUNCHER_IMD_CONNECTION_H

#include <netdb.h>
#include <stdbool.h>

#include "launcher/imd/imd.h"

struct connection {
    char host[NI_MAXHOST];
    char port[sizeof "65535"];
    char name[NI_MAXHOST + sizeof "[]:65535"]; /* for messages: HOST:PORT */
    struct addrinfo *addresses;                /* what the host resolved to, NULL = not yet */
    struct addrinfo *next;                     /* the one to try next, NULL = none left */
    int fd;                                    /* -1 = none */
    unsigned from_port;                        /* our own; 0 = any */
};

/*
 * A port for our own ends of connections, one after the other. Nobody else is given it while the
 * descriptor that is returned is open. -1 and errno if there is none.
 */
int connection_reserve_port(unsigned *port);

/* Returns NULL, or what is wrong with the operand. */
const char *connection_parse(struct connection *connection, const char *operand);

/* Returns NULL, or why the host has no address. */
const char *connection_resolve(struct connection *connection);

/* True if a connection is under way; else no address was left and errno is the last one's. */
bool connection_start(struct connection *connection);

/* True if it is established; else errno says why not and its socket is closed. */
bool connection_finish(struct connection *connection);

/* Give up what start() began, for the reason error, which becomes errno. */
void connection_abandon(struct connection *connection, int error);

/* Send a packet without a body. False if it could not be sent, errno says why. */
bool connection_send(const struct connection *connection, enum imd_type type);
bool connection_send_header(const struct connection *connection,
                            const unsigned char header[IMD_HEADER_SIZE]);

void connection_close(struct connection *connection);

#endif
