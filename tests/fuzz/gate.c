/*
 * The client's gate: PORT:NAME of the environment, any answer in any pieces, and every answer
 * that the launcher gives.
 *
 * The first byte says what the rest is.
 */
#include "shim/gate.c" /* NOLINT: how it reads an answer */

#include <stdio.h>
#include <unistd.h>

#include "tests/fuzz/support/fuzz.h"

#define gate launcher_gate
#include "launcher/gate.h"
#undef gate

enum { ENVIRONMENT, WORDS, LAUNCHER, KINDS };

static void demand_environment(const char *text)
{
    struct gate *gate = calloc(1, sizeof *gate), back;
    char again[GATE_NAME + 16];
    bool parsed = gate_parse(gate, text);

    DEMAND(parsed == (gate->port > 0));
    DEMAND(gate->port <= UINT16_MAX);
    if (parsed) {
        DEMAND(gate->name[0] != '\0' && strlen(gate->name) < sizeof gate->name);
        snprintf(again, sizeof again, "%u:%s", gate->port, gate->name);
        DEMAND(gate_parse(&back, again));
        DEMAND(back.port == gate->port && strcmp(back.name, gate->name) == 0);
    }
    free(gate);
}

/* Where it leads fits the client's socket, has a port and is no wildcard. */
static void demand_somewhere(const char *answer, int domain)
{
    struct sockaddr_storage *address = calloc(1, sizeof *address);
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)address;
    socklen_t length = 0;

    if (gate_parse_answer(answer, domain, address, &length)) {
        DEMAND(address->ss_family == domain && length <= sizeof *address);
        DEMAND(address_port((const struct sockaddr *)address, length) > 0);
        DEMAND(domain == AF_INET ? ipv4->sin_addr.s_addr != htonl(INADDR_ANY)
                                 : !IN6_IS_ADDR_UNSPECIFIED(&ipv6->sin6_addr));
    }
    free(address);
}

/* A socket that keeps the pieces apart, or one that does not. Its end is the answer's. */
static bool receive(int type, const uint8_t *bytes, size_t size, unsigned seed, size_t most,
                    char answer[ANSWER])
{
    int ends[2];
    bool answered;

    DEMAND(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends) == 0);
    for (size_t at = 0, length; at < size; at += length) {
        length = next_piece(&seed, most, size - at);
        DEMAND(send(ends[1], bytes + at, length, MSG_NOSIGNAL) == (ssize_t)length);
    }
    close(ends[1]);
    answered = read_answer(ends[0], answer);
    close(ends[0]);
    return answered;
}

static void demand_answer(const uint8_t *bytes, size_t size, unsigned seed)
{
    char *whole = malloc(ANSWER), *parts = malloc(ANSWER);
    bool answered;

    if (size > 1024) /* each piece is a buffer of the kernel's */
        size = 1024;
    answered = receive(SOCK_STREAM, bytes, size, seed, size + 1, whole);
    DEMAND(receive(SOCK_SEQPACKET, bytes, size, seed, 16, parts) == answered);
    if (answered) {
        DEMAND(strcmp(whole, parts) == 0 && strchr(whole, '\n') == NULL);
        demand_somewhere(whole, AF_INET);
        demand_somewhere(whole, AF_INET6);
    }
    free(parts);
    free(whole);
}

static bool fits(const char *address, int domain)
{
    struct in6_addr ipv6;

    return domain == AF_INET6 || inet_pton(AF_INET6, address, &ipv6) != 1 ||
           IN6_IS_ADDR_V4MAPPED(&ipv6) || IN6_IS_ADDR_UNSPECIFIED(&ipv6);
}

/* What the launcher tells a client that waits, the client understands. */
static void demand_understood(const char *address, unsigned port, int domain)
{
    struct launcher_gate *gate = calloc(1, sizeof *gate);
    struct sockaddr_storage there = {0};
    char answer[ANSWER];
    socklen_t length = 0;
    int ends[2];

    gate_init(gate);
    DEMAND(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    gate->waiting[gate->count++] = ends[0];
    gate_open(gate, address, port);
    DEMAND(gate->count == 0 && read_answer(ends[1], answer));
    DEMAND(gate_parse_answer(answer, domain, &there, &length) == fits(address, domain));
    if (fits(address, domain))
        DEMAND(address_port((const struct sockaddr *)&there, length) == port);
    gate_close(gate);
    close(ends[1]);
    free(gate);
}

static void demand_launcher(struct input *input)
{
    unsigned port = (unsigned)take_number(input, 2);
    char *address = take_text(input, '\0');

    if (port > 0 && strlen(address) < INET6_ADDRSTRLEN && is_address(address)) {
        demand_understood(address, port, AF_INET);
        demand_understood(address, port, AF_INET6);
    }
    free(address);
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
        demand_somewhere(text, AF_INET);
        demand_somewhere(text, AF_INET6);
        free(text);
    }
    return 0;
}
