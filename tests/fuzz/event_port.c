/*
 * The TCP event port: connections that send any bytes, in pieces, each in its turn.
 *
 * A connection is one end of a socketpair, put where accept(2) puts one: of TCP only the bytes
 * matter here, and a port for each input would soon use them up. 'S' stands for the secret, 'X'
 * for one that differs in its last digit; 0xff ends a piece, and a byte that follows it says
 * whose the next one is.
 */
#include "launcher/event_port.c" /* NOLINT: its slots */

#include "tests/fuzz/support/fuzz.h"

enum { PEERS = 4, MOST_PIECE = 8192 };

struct peer {
    size_t length; /* of what the port has of it */
    int fd;
    bool decided;
    char bytes[SECRET + 1 + EVENT_MAX];
};

static struct event_port port = {.fd = -1};

static void open_port(void)
{
    port.state = calloc(1, sizeof *port.state);
    DEMAND(port.state != NULL && make_secret(port.state->secret));
    port.fd = epoll_create1(EPOLL_CLOEXEC);
    DEMAND(port.fd >= 0);
    port.state->listener = port.state->timer = -1;
    for (int i = 0; i < CONNECTIONS; i++)
        port.state->connections[i].fd = -1;
}

static void connect_peer(struct peer *peer)
{
    int ends[2];
    struct connection *slot = free_slot(&port);

    DEMAND(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    memset(peer, 0, offsetof(struct peer, bytes));
    peer->fd = ends[1];
    *slot = (struct connection){.fd = ends[0], .end = 1, .peer = "192.0.2.7"};
    DEMAND(watch(&port, ends[0], (uint32_t)(slot - port.state->connections)));
}

static size_t spell(struct input *input, char *piece)
{
    size_t length = 0;
    unsigned byte;

    while (input->left > 0 && (byte = take_byte(input)) != 0xff)
        if ((byte == 'S' || byte == 'X') && length + SECRET <= MOST_PIECE) {
            memcpy(piece + length, port.state->secret, SECRET);
            length += SECRET;
            piece[length - 1] ^= byte == 'X';
        } else if (length < MOST_PIECE) {
            piece[length++] = (char)byte;
        }
    return length;
}

/* Is it an event? As event_port.h says: the secret, and one line of the grammar. */
static bool says_event(const struct peer *peer)
{
    char line[sizeof peer->bytes];
    size_t length = peer->length;
    struct event event;

    if (length < SECRET + 2 || memcmp(peer->bytes, port.state->secret, SECRET) != 0 ||
        peer->bytes[SECRET] != ' ' ||
        memchr(peer->bytes, '\n', length) != peer->bytes + length - 1 ||
        memchr(peer->bytes, '\0', length) != NULL)
        return false;
    memcpy(line, peer->bytes + SECRET + 1, length - SECRET - 2);
    line[length - SECRET - 2] = '\0';
    return event_parse(line, &event);
}

/* What the port has to make of a piece: an event (1), junk (-1), or it waits for more (0). */
static int expect(struct peer *peer, const char *piece, size_t length)
{
    size_t room = sizeof peer->bytes - peer->length;

    if (length > room)
        length = room;
    memcpy(peer->bytes + peer->length, piece, length);
    peer->length += length;
    if (length < room && memchr(peer->bytes, '\n', peer->length) == NULL)
        return 0;
    peer->decided = true;
    return says_event(peer) ? 1 : -1;
}

/* Whatever the port has to say now. */
static unsigned count_events(void)
{
    unsigned count = 0;
    struct event event;

    while (event_port_next(&port, &event)) {
        DEMAND(event.port <= UINT16_MAX && event.pid > 0);
        DEMAND(strcmp(event.peer, "192.0.2.7") == 0);
        count++;
    }
    return count;
}

static void say(struct peer *peer, const char *piece, size_t length)
{
    unsigned junk = port.junk;
    int expected = 0;
    char byte;

    if (length == 0)
        return;
    send(peer->fd, piece, length, MSG_NOSIGNAL);
    if (!peer->decided)
        expected = expect(peer, piece, length);
    DEMAND(count_events() == (expected > 0));
    DEMAND(port.junk - junk == (expected < 0));
    DEMAND((recv(peer->fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN) == !peer->decided);
}

/* An end in the middle of a line is junk; who has said nothing is nobody. */
static void hang_up(struct peer *peer)
{
    unsigned junk = port.junk;

    close(peer->fd);
    DEMAND(count_events() == 0);
    DEMAND(port.junk - junk == (!peer->decided && peer->length > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    static struct peer peers[PEERS];
    static char piece[MOST_PIECE];

    if (port.fd < 0)
        open_port();
    for (int i = 0; i < PEERS; i++)
        connect_peer(&peers[i]);
    while (input.left > 0) {
        struct peer *peer = &peers[take_byte(&input) % PEERS];

        say(peer, piece, spell(&input, piece));
    }
    for (int i = 0; i < PEERS; i++)
        hang_up(&peers[i]);
    DEMAND(oldest(port.state) == NULL);
    return 0;
}
