/*
 * imd-server MODE - a stand-in for an engine's IMD server.
 *
 * Listens on a free port of 127.0.0.1, prints the port, serves one client as MODE says and
 * exits. It ends by itself after 30 s whatever happens, so that it never outlives its test.
 *
 *     v2 v2-big-endian    handshake; after GO four frames, each ENERGIES and FCOORDS
 *     paced               as v2, but between two frames time goes by
 *     v3 v3-big-endian    handshake and SESSIONINFO; after GO four frames of all six packets
 *     silent              accepts and says nothing, until the client is gone
 *     close-at-once       accepts and closes
 *     truncated           as v2, but ends in the middle of the third frame
 *     absurd-count        as v2, then FCOORDS of 2^31 - 1 atoms
 *     negative-count      as v2, then FCOORDS of -1 atoms
 *     unknown-packet      as v2, then a packet of the type 99
 *     version-9           the handshake of a version that does not exist
 *     slow-go             nothing but the handshake and one frame: is GO there within a second?
 *     endless             frames until the client leaves; "go" on stderr when they begin
 *     stalled             as v2, then silence, until the client is gone
 *
 * From absurd-count to unknown-packet, and in endless and stalled, "disconnect" is printed if
 * the client sent DISCONNECT before it closed.
 *
 * Exit status: 0 GO came within a second, or none was due; 1 the double failed; 3 no GO, or it
 * came late; 4 the client left without DISCONNECT; 125 bad usage.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/doubles/support/imd_stream.h"

enum { LIFETIME = 30, GO_LIMIT = 1000, PACE = 5 };

enum { STATUS_NO_GO = 3, STATUS_NO_DISCONNECT = 4, STATUS_USAGE = 125 };

enum { DISCONNECT = 0, FCOORDS = 2, GO = 3 }; /* of the protocol */

struct server {
    int fd;
    int version;
    struct stream stream; /* what is to be sent next */
};

static void put_step(struct server *server, int32_t step)
{
    if (server->version == 3) {
        put_frame(&server->stream, &everything, step);
    } else {
        put_energies(&server->stream, step);
        put_vectors(&server->stream, FCOORDS);
    }
}

/* False if the client is gone. */
static bool flush_stream(struct server *server)
{
    ssize_t sent = send(server->fd, server->stream.bytes, server->stream.length, MSG_NOSIGNAL);
    bool whole = sent == (ssize_t)server->stream.length;

    server->stream.length = 0;
    return whole;
}

static void greet(struct server *server)
{
    put_handshake(&server->stream, server->version);
    if (server->version == 3)
        put_session(&server->stream, &everything);
    flush_stream(server);
}

/* The type of the next packet, or -1 at the end of file or after the time. */
static int32_t receive_type(const struct server *server, int milliseconds)
{
    struct pollfd readable = {.fd = server->fd, .events = POLLIN};
    unsigned char header[8];
    uint32_t type;

    if (poll(&readable, 1, milliseconds) != 1 ||
        recv(server->fd, header, sizeof header, MSG_WAITALL) != (ssize_t)sizeof header)
        return -1;
    memcpy(&type, header, sizeof type);
    return (int32_t)ntohl(type);
}

static void await_go(const struct server *server)
{
    if (receive_type(server, GO_LIMIT) != GO)
        errx(STATUS_NO_GO, "no GO within %d ms", GO_LIMIT);
}

static int await_disconnect(const struct server *server)
{
    if (receive_type(server, -1) != DISCONNECT)
        return STATUS_NO_DISCONNECT;
    puts("disconnect");
    return EXIT_SUCCESS;
}

static void send_frames(struct server *server, int count)
{
    for (int32_t frame = 1; frame <= count; frame++) {
        put_step(server, 10 * frame);
        flush_stream(server);
    }
}

static int serve_run(struct server *server)
{
    greet(server);
    await_go(server);
    send_frames(server, FRAMES);
    return EXIT_SUCCESS;
}

static int serve_paced(struct server *server)
{
    greet(server);
    await_go(server);
    for (int32_t step = 10; step <= 10 * FRAMES; step += 10) {
        put_step(server, step);
        flush_stream(server);
        poll(NULL, 0, PACE);
    }
    return EXIT_SUCCESS;
}

static int serve_silence(struct server *server)
{
    char byte;

    (void)!recv(server->fd, &byte, 1, 0);
    return EXIT_SUCCESS;
}

static int serve_nothing(struct server *server)
{
    (void)server;
    return EXIT_SUCCESS;
}

static int serve_truncated(struct server *server)
{
    greet(server);
    await_go(server);
    send_frames(server, 2);
    put_step(server, 30);
    server->stream.length /= 2;
    flush_stream(server);
    return EXIT_SUCCESS;
}

static int serve_header(struct server *server, int32_t type, int32_t value)
{
    greet(server);
    await_go(server);
    send_frames(server, FRAMES);
    put_header(&server->stream, type, value);
    flush_stream(server);
    return await_disconnect(server);
}

static int serve_absurd_count(struct server *server)
{
    return serve_header(server, FCOORDS, INT32_MAX);
}

static int serve_negative_count(struct server *server)
{
    return serve_header(server, FCOORDS, -1);
}

static int serve_unknown_packet(struct server *server)
{
    return serve_header(server, 99, 1);
}

static int serve_handshake(struct server *server)
{
    greet(server);
    return EXIT_SUCCESS;
}

static int serve_one_frame(struct server *server)
{
    greet(server);
    await_go(server);
    send_frames(server, 1);
    return EXIT_SUCCESS;
}

static int serve_stall(struct server *server)
{
    greet(server);
    await_go(server);
    send_frames(server, FRAMES);
    return await_disconnect(server);
}

static int serve_endless(struct server *server)
{
    struct pollfd readable = {.fd = server->fd, .events = POLLIN};

    greet(server);
    await_go(server);
    fputs("go\n", stderr);
    for (int32_t step = 10; poll(&readable, 1, PACE) == 0; step += 10) {
        put_step(server, step);
        if (!flush_stream(server))
            return STATUS_NO_DISCONNECT;
    }
    return await_disconnect(server);
}

static const struct mode {
    const char *name;
    int (*serve)(struct server *);
    int version;
    bool big_endian;
} modes[] = {
    {"v2", serve_run, 2, false},
    {"v2-big-endian", serve_run, 2, true},
    {"paced", serve_paced, 2, false},
    {"v3", serve_run, 3, false},
    {"v3-big-endian", serve_run, 3, true},
    {"silent", serve_silence, 2, false},
    {"close-at-once", serve_nothing, 2, false},
    {"truncated", serve_truncated, 2, false},
    {"absurd-count", serve_absurd_count, 2, false},
    {"negative-count", serve_negative_count, 2, false},
    {"unknown-packet", serve_unknown_packet, 2, false},
    {"version-9", serve_handshake, 9, false},
    {"slow-go", serve_one_frame, 2, false},
    {"endless", serve_endless, 2, false},
    {"stalled", serve_stall, 2, false},
};

static const struct mode *find_mode(const char *name)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    errx(STATUS_USAGE, "there is no mode '%s'", name);
}

static int accept_client(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int client;

    if (listener < 0 || bind(listener, (struct sockaddr *)&here, length) != 0 ||
        listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&here, &length) != 0)
        err(EXIT_FAILURE, "cannot listen");
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    client = accept(listener, NULL, NULL);
    if (client < 0)
        err(EXIT_FAILURE, "cannot accept");
    close(listener);
    return client;
}

int main(int argc, char **argv)
{
    const struct mode *mode;
    struct server server = {0};

    if (argc != 2)
        errx(STATUS_USAGE, "usage: imd-server MODE");
    mode = find_mode(argv[1]);
    alarm(LIFETIME);
    server.version = mode->version;
    server.stream.big_endian = mode->big_endian;
    server.fd = accept_client();
    return mode->serve(&server);
}
