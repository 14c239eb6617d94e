/*
 * The TCP source: connections that send any bytes, in pieces, each in its turn.
 *
 * A connection is one end of a socketpair, put where accept(2) puts one: of TCP only the bytes
 * matter here, and a port for each input would soon use them up. 'S' stands for the secret, 'X'
 * for one that differs in its last digit; 0xff ends a piece, and a byte that follows it says
 * whose the next one is.
 */
#include "launcher/source/tcp.c"       /* NOLINT: its slots */
#include "launcher/source/tcp_offer.c" /* NOLINT: its secret */

#include <poll.h>

#include "tests/fuzz/support/fuzz.h"

enum { PEERS = 4, MOST_PIECE = 8192 };

struct peer {
    size_t length; /* of what the port has of it */
    int fd;
    bool decided;
    char bytes[HANDOVER_SECRET + 1 + EVENT_MAX];
};

static struct tcp_source *port;

static void open_port(void)
{
    port = make_source();
    DEMAND(port != NULL && make_secret(port->secret));
    port->source.fd = epoll_create1(EPOLL_CLOEXEC);
    DEMAND(port->source.fd >= 0);
}

static union address peer_address(void)
{
    union address address;

    DEMAND(address_parse(&address, "192.0.2.7"));
    return address;
}

static void connect_peer(struct peer *peer)
{
    int ends[2];
    struct tcp_connection *slot = free_slot(port);

    DEMAND(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    memset(peer, 0, offsetof(struct peer, bytes));
    peer->fd = ends[1];
    *slot = (struct tcp_connection){.fd = ends[0], .end = INT64_MAX, .peer = peer_address()};
    DEMAND(watch(port, ends[0], (uint32_t)(slot - port->connections)));
}

static size_t spell(struct input *input, char *piece)
{
    size_t length = 0;
    unsigned byte;

    while (input->left > 0 && (byte = take_byte(input)) != 0xff)
        if ((byte == 'S' || byte == 'X') && length + HANDOVER_SECRET <= MOST_PIECE) {
            memcpy(piece + length, port->secret, HANDOVER_SECRET);
            length += HANDOVER_SECRET;
            piece[length - 1] ^= byte == 'X';
        } else if (length < MOST_PIECE) {
            piece[length++] = (char)byte;
        }
    return length;
}

/* Is it an event? As tcp.h says: the secret, and one line of the grammar. */
static bool says_event(const struct peer *peer)
{
    char line[sizeof peer->bytes];
    size_t length = peer->length;
    struct event event;

    if (length < HANDOVER_SECRET + 2 ||
        memcmp(peer->bytes, port->secret, HANDOVER_SECRET) != 0 ||
        peer->bytes[HANDOVER_SECRET] != ' ' ||
        memchr(peer->bytes, '\n', length) != peer->bytes + length - 1 ||
        memchr(peer->bytes, '\0', length) != NULL)
        return false;
    memcpy(line, peer->bytes + HANDOVER_SECRET + 1, length - HANDOVER_SECRET - 2);
    line[length - HANDOVER_SECRET - 2] = '\0';
    return event_text_parse(line, &event);
}

/* What the port has to make of a piece: an event (1), malformed (-1), or it waits for more (0). */
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

/*
 * Has the port closed this peer's connection? Whoever reads /proc/PID/fd holds a descriptor for a
 * moment, and a close(2) in that moment takes effect after it: what is expected is waited for.
 */
static bool is_closed(const struct peer *peer, bool expected)
{
    struct pollfd hang_up = {.fd = peer->fd};

    return poll(&hang_up, 1, expected ? 10000 : 0) == 1;
}

/* Whatever the port has to say now. */
static unsigned count_events(void)
{
    const union address expected = peer_address();
    unsigned count = 0;
    struct received received;

    while (source_next(&port->source, &received)) {
        DEMAND(received.event.port <= UINT16_MAX && received.event.pid > 0);
        DEMAND(received.remote && memcmp(&received.peer, &expected, sizeof expected) == 0);
        count++;
    }
    return count;
}

static void say(struct peer *peer, const char *piece, size_t length)
{
    unsigned malformed = port->source.malformed;
    int expected = 0;

    if (length == 0)
        return;
    send(peer->fd, piece, length, MSG_NOSIGNAL);
    if (!peer->decided)
        expected = expect(peer, piece, length);
    DEMAND(count_events() == (expected > 0));
    DEMAND(port->source.malformed - malformed == (expected < 0));
    DEMAND(is_closed(peer, peer->decided) == peer->decided);
}

/* An end in the middle of a line is malformed; who has said nothing is nobody. */
static void hang_up(struct peer *peer)
{
    unsigned malformed = port->source.malformed;

    shutdown(peer->fd, SHUT_RDWR); /* close(2) alone may take effect later: is_closed() */
    close(peer->fd);
    DEMAND(count_events() == 0);
    DEMAND(port->source.malformed - malformed == (!peer->decided && peer->length > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    static struct peer peers[PEERS];
    static char piece[MOST_PIECE];

    if (port == NULL)
        open_port();
    for (int i = 0; i < PEERS; i++)
        connect_peer(&peers[i]);
    while (input.left > 0) {
        struct peer *peer = &peers[take_byte(&input) % PEERS];

        say(peer, piece, spell(&input, piece));
    }
    for (int i = 0; i < PEERS; i++)
        hang_up(&peers[i]);
    DEMAND(oldest(port) == NULL);
    return 0;
}
