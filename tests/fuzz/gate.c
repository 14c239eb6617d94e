/*
 * The client's gate: PORT:NAME of the environment, any answer in any pieces, and every answer
 * that the launcher gives.
 *
 * The first byte says what the rest is.
 */
#include "shim/hooks/gate.c" /* NOLINT: how it reads an answer */

#include <unistd.h>

#include "tests/fuzz/support/fuzz.h"

enum { ENVIRONMENT, WORDS, LAUNCHER, KINDS };

_Atomic unsigned active_hooks; /* ours: else the library would start in here */

static void demand_environment(const char *text)
{
    struct gate_address *gate = calloc(1, sizeof *gate), back;
    char bytes[GATE_TEXT_SIZE];
    struct text again = {bytes, 0, sizeof bytes - 1};
    bool parsed = gate_text_parse(gate, text);

    DEMAND(parsed == (gate->port > 0));
    DEMAND(gate->port <= UINT16_MAX);
    if (parsed) {
        DEMAND(gate->name[0] != '\0' && IS_STRING(gate->name));
        gate_text_put(&again, gate);
        text_end(&again);
        DEMAND(gate_text_parse(&back, bytes));
        DEMAND(back.port == gate->port && strcmp(back.name, gate->name) == 0);
    }
    free(gate);
}

/* Where it leads fits the client's socket, has a port and is no wildcard. */
static void demand_somewhere(const union address *answer, int domain)
{
    union address engine = *answer;

    if (!reach_from(domain, &engine))
        return;
    DEMAND(engine.any.sa_family == domain && address_port(&engine) > 0);
    DEMAND(!address_is_wildcard(&engine));
    DEMAND(address_port(&engine) == address_port(answer));
}

static void demand_answer_text(const char *text)
{
    char *line = fuzz_string(text, strlen(text)), again[GATE_ANSWER_SIZE];
    struct text put = {again, 0, sizeof again - 1};
    union address engine, back;

    if (gate_text_parse_answer(&engine, line)) {
        demand_somewhere(&engine, AF_INET);
        demand_somewhere(&engine, AF_INET6);
        gate_text_put_answer(&put, &engine);
        text_end(&put);
        DEMAND(gate_text_parse_answer(&back, again));
        DEMAND(memcmp(&back, &engine, sizeof back) == 0);
    }
    free(line);
}

/*
 * A socket that keeps the pieces apart, or one that does not. Its end is the answer's. The
 * client's socket is of IPv6: no address is refused for its family.
 */
static bool receive(int type, const uint8_t *bytes, size_t size, unsigned seed, size_t most,
                    union address *engine)
{
    static int client = -1;
    int ends[2];
    bool answered;

    if (client < 0)
        client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    DEMAND(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends) == 0);
    for (size_t at = 0, length; at < size; at += length) {
        length = next_piece(&seed, most, size - at);
        DEMAND(send(ends[1], bytes + at, length, MSG_NOSIGNAL) == (ssize_t)length);
    }
    close(ends[1]);
    errno = 0;
    answered = read_answer(ends[0], client, engine);
    DEMAND(answered || errno == ECONNREFUSED);
    close(ends[0]);
    return answered;
}

/* What has come behind the newline may be seen or not, as the pieces fall. */
static void demand_answer(const uint8_t *bytes, size_t size, unsigned seed)
{
    const uint8_t *newline;
    union address whole, parts;
    bool answered;

    if (size > 1024) /* each piece is a buffer of the kernel's */
        size = 1024;
    newline = size > 0 ? memchr(bytes, '\n', size) : NULL;
    answered = receive(SOCK_STREAM, bytes, size, seed, size + 1, &whole);
    if (receive(SOCK_SEQPACKET, bytes, size, seed, 16, &parts))
        DEMAND(address_port(&parts) > 0 && !address_is_wildcard(&parts));
    if (answered)
        DEMAND(address_port(&whole) > 0 && !address_is_wildcard(&whole));
    if (newline == NULL || newline == bytes + size - 1)
        DEMAND(receive(SOCK_SEQPACKET, bytes, size, seed, 16, &parts) == answered &&
               (!answered || memcmp(&whole, &parts, sizeof whole) == 0));
}

/* What the launcher tells a client that waits, the client understands: in any pieces. */
static void demand_understood(const union address *engine, unsigned seed)
{
    char line[GATE_ANSWER_SIZE];
    struct text text = {line, 0, sizeof line - 1};
    union address expected = *engine, there;

    gate_text_put_answer(&text, engine);
    DEMAND(reach_from(AF_INET6, &expected));
    for (size_t most = 1; most < sizeof line; most = 2 * most + 1) {
        DEMAND(receive(SOCK_STREAM, (const uint8_t *)line, text.length, seed, most, &there));
        DEMAND(memcmp(&there, &expected, sizeof there) == 0);
        DEMAND(receive(SOCK_SEQPACKET, (const uint8_t *)line, text.length, seed, most, &there));
        DEMAND(memcmp(&there, &expected, sizeof there) == 0);
    }
}

static void demand_launcher(struct input *input)
{
    unsigned port = (unsigned)take_number(input, 2);
    char *text = take_text(input, '\0');
    union address engine;

    if (port > 0 && address_parse(&engine, text)) {
        address_set_port(&engine, port);
        demand_understood(&engine, port);
        demand_somewhere(&engine, AF_INET);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    unsigned kind = take_byte(&input) % KINDS, seed;
    char *text;

    if (kind == LAUNCHER) {
        demand_launcher(&input);
    } else if (kind == WORDS) {
        seed = take_byte(&input);
        demand_answer(input.at, input.left, seed);
    } else {
        text = take_text(&input, '\0');
        demand_environment(text);
        demand_answer_text(text);
        free(text);
    }
    return 0;
}
