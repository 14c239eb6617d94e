#include "launcher/preload/peer_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "shim/wire/peer.h"

/* A connection of ours to ourselves: the end that accept(2) returned, or -1 and errno. */
static int connect_to_self(int listener, int client)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
        connect(client, (struct sockaddr *)&address, sizeof address) != 0)
        return -1;
    /* cppcheck-suppress nullPointer ; accept(2) may be given none */
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

void peer_check(void)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int connection = connect_to_self(listener, client), error = errno;
    enum peer peer;
    uid_t uid;

    if (connection < 0)
        die_error(STATUS_FAILED, error,
                  "--only-me cannot be tried: no connection on 127.0.0.1");
    peer = peer_lookup(connection, &uid, &error);
    if (peer == PEER_UNKNOWN)
        die_error(STATUS_FAILED, error,
                  "--only-me: the kernel does not tell whose a connection is, sock_diag(7)");
    if (peer != PEER_SAME_USER)
        die(STATUS_FAILED,
            "--only-me: the kernel does not tell whose a connection is: is tcp_diag there?");
    close(connection);
    close(client);
    close(listener);
}
