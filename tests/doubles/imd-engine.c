/*
 * imd-engine [KEY=VALUE...] - a stand-in for an engine that sends many frames, one client after
 * another, and tells what its clients ask for.
 *
 *     version=2      of IMD: 2, or 3 with time, energies, coordinates and velocities
 *     frames=10      for each client; then it closes. 0: until the client has left
 *     atoms=1000     0: energies alone, version 2
 *     clients=1      it ends after so many
 *     pace=0         milliseconds between two frames
 *     late=0         milliseconds before the first frame
 *     cut=0          the last frame ends so many bytes early
 *     still=0        1: the atoms do not move, and a frame costs next to nothing
 *     energies=1     0: coordinates alone, version 2
 *     kill=0         1: KILL ends the frames; not while it is paused, as GROMACS
 *     between=-1     after each client it closes its listener, and makes another so many
 *                    milliseconds later; -1: it keeps it
 *
 * Prints its port. For each client: "client"; "go" when GO has come, or "no go" if it has not
 * within a second; each other header, "TYPE VALUE", with forces the sum of their indices; "bye"
 * when the connection has ended, with the number of whole frames that were sent.
 *
 * Frame i has the step 10 * i, and each of its coordinates is 10 * i plus a part of 1000.
 *
 * It ends by itself after 60 s whatever happens. Exit status: 0; 1 the double failed; 3 no GO.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

enum { LIFETIME = 60, GO_LIMIT = 1000 };
enum { DISCONNECT = 0, ENERGIES = 1, FCOORDS = 2, GO = 3, HANDSHAKE = 4, KILL = 5 };
enum { MDCOMM = 6 };
enum { PAUSE = 7, SESSIONINFO = 10, RESUME = 11, TIME = 12, VELOCITIES = 14 };

static struct {
    long version, frames, atoms, clients, pace, cut, energies, still, kill, between, late;
} plan = {2, 10, 1000, 1, 0, 0, 1, 0, 0, -1, 0};

static unsigned char *frame;
static size_t frame_length;
static int client;
static bool paused, gone;

static void put(const void *bytes, size_t length)
{
    memcpy(frame + frame_length, bytes, length);
    frame_length += length;
}

static void put_header(int32_t type, int32_t value)
{
    uint32_t words[] = {htonl((uint32_t)type), htonl((uint32_t)value)};

    put(words, sizeof words);
}

static void put_vectors(int32_t type, long step)
{
    if (plan.atoms == 0)
        return;
    put_header(type, (int32_t)plan.atoms);
    for (long i = 0; i < 3 * plan.atoms; i++) {
        float value = (float)step + (float)(i % 1000) / 1000;

        put(&value, sizeof value);
    }
}

static void compose_frame(long step)
{
    int32_t number = (int32_t)step;
    int64_t long_number = step;
    double times[] = {0.5, 0.5 * (double)step};
    const float energies[9] = {300, -1, -2};

    frame_length = 0;
    if (plan.version == 3) {
        put_header(TIME, 1);
        put(times, sizeof times);
        put(&long_number, sizeof long_number);
    }
    if (plan.energies) {
        put_header(ENERGIES, 1);
        put(&number, sizeof number);
        put(energies, sizeof energies);
    }
    put_vectors(FCOORDS, step);
    if (plan.version == 3)
        put_vectors(VELOCITIES, step);
}

/* Forces are added up: index after index. */
static void read_forces(uint32_t count)
{
    int32_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        int32_t index;

        if (recv(client, &index, sizeof index, MSG_WAITALL) != sizeof index)
            return;
        sum += index;
    }
    for (uint32_t i = 0; i < 3 * count; i++) {
        float force;

        (void)!recv(client, &force, sizeof force, MSG_WAITALL);
    }
    printf("sum %d\n", sum);
}

/* As engines do: PAUSE of version 2 is said twice. */
static void obey(uint32_t type, uint32_t value)
{
    if (type == PAUSE)
        paused = plan.version == 3 || !paused;
    if (type == RESUME)
        paused = false;
    if (type == DISCONNECT || (type == KILL && plan.kill && !paused))
        gone = true;
    if (type == MDCOMM)
        read_forces(value);
}

/* The next header, or false if none comes within the time; gone if none will. */
static bool read_header(int milliseconds, uint32_t header[2])
{
    struct pollfd readable = {.fd = client, .events = POLLIN};

    if (poll(&readable, 1, milliseconds) == 0)
        return false;
    gone = recv(client, header, 8, MSG_WAITALL) != 8;
    header[0] = ntohl(header[0]);
    header[1] = ntohl(header[1]);
    return !gone;
}

static void read_commands(int milliseconds)
{
    uint32_t header[2];

    while (!gone && read_header(paused ? -1 : milliseconds, header)) {
        printf("%u %d\n", header[0], (int32_t)header[1]);
        obey(header[0], header[1]);
        fflush(stdout);
    }
}

static bool send_frame(size_t length)
{
    for (size_t sent = 0; sent < length;) {
        ssize_t some = send(client, frame + sent, length - sent, MSG_NOSIGNAL);

        if (some <= 0)
            return false;
        sent += (size_t)some;
    }
    return true;
}

static void greet(void)
{
    static const unsigned char session[7] = {1, 1, 0, 1, 0, 1, 0};
    uint32_t handshake[] = {htonl(HANDSHAKE), (uint32_t)plan.version};

    frame_length = 0;
    put(handshake, sizeof handshake);
    if (plan.version == 3) {
        put_header(SESSIONINFO, sizeof session);
        put(session, sizeof session);
    }
    send_frame(frame_length);
}

static bool await_go(void)
{
    uint32_t header[2];
    bool came = read_header(GO_LIMIT, header) && header[0] == GO;

    puts(came ? "go" : "no go");
    fflush(stdout);
    return came;
}

static void serve(void)
{
    long whole = 0;

    if (plan.late > 0)
        read_commands((int)plan.late);
    for (long i = 0; !gone && (plan.frames == 0 || i < plan.frames); i++) {
        size_t cut = i == plan.frames - 1 ? (size_t)plan.cut : 0;

        if (i == 0 || !plan.still)
            compose_frame(10 * i);
        if (!send_frame(frame_length - cut))
            break;
        whole += cut == 0;
        read_commands((int)plan.pace);
    }
    printf("bye %ld\n", whole);
}

static bool serve_client(int listener)
{
    bool came;

    client = accept(listener, NULL, NULL);
    if (client < 0)
        err(EXIT_FAILURE, "cannot accept");
    paused = gone = false;
    puts("client");
    fflush(stdout);
    greet();
    came = await_go();
    if (came)
        serve();
    close(client);
    fflush(stdout);
    return came;
}

static void parse(const char *word)
{
    static const struct {
        const char *key;
        long *value;
    } keys[] = {
        {"version=", &plan.version},   {"frames=", &plan.frames}, {"atoms=", &plan.atoms},
        {"clients=", &plan.clients},   {"pace=", &plan.pace},     {"cut=", &plan.cut},
        {"energies=", &plan.energies}, {"still=", &plan.still},   {"kill=", &plan.kill},
        {"between=", &plan.between},   {"late=", &plan.late}};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t length = strlen(keys[i].key);

        if (strncmp(word, keys[i].key, length) == 0) {
            *keys[i].value = atol(word + length);
            return;
        }
    }
    errx(125, "what is '%s'?", word);
}

static int open_listener(void)
{
    int listener = tcp_listener(0);

    printf("%u\n", tcp_port(listener));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv)
{
    bool all_went = true;
    int listener;

    for (int i = 1; i < argc; i++)
        parse(argv[i]);
    frame = malloc((size_t)plan.atoms * 24 + 200);
    if (frame == NULL)
        err(EXIT_FAILURE, "no memory");
    alarm(LIFETIME);
    listener = open_listener();
    for (long i = 0; i < plan.clients; i++) {
        if (i > 0 && plan.between >= 0) {
            close(listener);
            poll(NULL, 0, (int)plan.between);
            listener = open_listener();
        }
        all_went &= serve_client(listener);
    }
    return all_went ? EXIT_SUCCESS : 3;
}
