/*
 * The environment as the library reads it: variables with values of any bytes.
 *
 * Values are ended by a NUL; the first byte of each chooses the variable.
 */
#include "shim/settings.c" /* NOLINT: read anew for each input */

#include <arpa/inet.h>

#include "shim/text.h"
#include "tests/fuzz/support/fuzz.h"

static const char *const names[] = {
    WIRE_FD,
    WIRE_FIFO,
    WIRE_TCP,
    WIRE_EVENTS,
    WIRE_PORT,
    WIRE_MATCH,
    WIRE_LISTEN,
    WIRE_WAKE,
    WIRE_GATE,
    WIRE_OPENMPI WIRE_FIFO,
    WIRE_OPENMPI WIRE_TCP,
    WIRE_OPENMPI WIRE_PORT,
    WIRE_OPENMPI WIRE_MATCH,
    WIRE_OPENMPI WIRE_LISTEN,
    WIRE_OPENMPI WIRE_FD, /* these two mean nothing */
    WIRE_OPENMPI WIRE_GATE,
    WIRE_ONLY,
    WIRE_OPENMPI WIRE_ONLY,
};

enum { NAMES = sizeof names / sizeof names[0] };

static void set_variables(struct input *input)
{
    for (int i = 0; i < NAMES; i++)
        unsetenv(names[i]);
    while (input->left > 0) {
        const char *name = names[take_byte(input) % NAMES];
        char *value = take_text(input, '\0');

        setenv(name, value, 1);
        free(value);
    }
}

static const struct settings *read_anew(void)
{
    memset(&settings, 0, sizeof settings);
    state = UNREAD;
    return settings_get();
}

static void put_address(struct text *text, const struct sockaddr_storage *address)
{
    char name[INET6_ADDRSTRLEN] = "";

    if (address->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, name,
                  sizeof name);
    else
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
                  name, sizeof name);
    text_put_string(text, name);
}

static unsigned port_of(const struct sockaddr_storage *address)
{
    return address_port((const struct sockaddr *)address, sizeof *address);
}

static void demand_tcp(const struct tcp *tcp)
{
    char bytes[2048] = "";
    struct text text = {bytes, 0, sizeof bytes - 1};
    struct tcp *back = calloc(1, sizeof *back);

    DEMAND(tcp->count <= TCP_ADDRESSES && strlen(tcp->secret) == TCP_SECRET);
    DEMAND(IS_STRING(tcp->host));
    text_put_string(&text, tcp->host);
    text_put_char(&text, ':');
    text_put_number(&text, port_of(&tcp->addresses[0]), 10);
    text_put_char(&text, ':');
    text_put_string(&text, tcp->secret);
    for (unsigned i = 0; i < tcp->count; i++) {
        DEMAND(port_of(&tcp->addresses[i]) > 0);
        text_put_char(&text, i > 0 ? ',' : ':');
        put_address(&text, &tcp->addresses[i]);
    }
    DEMAND(tcp_parse(back, bytes) && back->count == tcp->count);
    DEMAND(strcmp(back->host, tcp->host) == 0 && strcmp(back->secret, tcp->secret) == 0);
    DEMAND(memcmp(back->addresses, tcp->addresses, tcp->count * sizeof *tcp->addresses) == 0);
    free(back);
}

static void demand_descriptor(const struct channel *channel)
{
    struct channel *back = calloc(1, sizeof *back);
    char bytes[128];

    snprintf(bytes, sizeof bytes, "%d:%ju:%ju:%ju", channel->fd, (uintmax_t)channel->device,
             (uintmax_t)channel->inode, (uintmax_t)channel->birth);
    DEMAND(channel_parse_fd(back, bytes));
    DEMAND(back->fd == channel->fd && back->device == channel->device);
    DEMAND(back->inode == channel->inode && back->birth == channel->birth);
    free(back);
}

static void demand_channel(const struct channel *channel)
{
    DEMAND(IS_STRING(channel->path));
    if (channel->fd >= 0) {
        demand_descriptor(channel);
        return;
    }
    DEMAND(channel->path[0] == '/' || (channel->path[0] == '\0' && channel->tcp.count > 0));
    if (channel->tcp.count > 0)
        demand_tcp(&channel->tcp);
}

static void demand_binding(const struct binding *binding)
{
    DEMAND(binding->low <= binding->high && binding->high <= UINT16_MAX);
    DEMAND(binding->family == AF_UNSPEC || binding->family == AF_INET ||
           binding->family == AF_INET6);
}

static void demand_gate(const struct gate *gate)
{
    DEMAND(gate->port <= UINT16_MAX);
    DEMAND(gate->port == 0 || (gate->name[0] != '\0' && IS_STRING(gate->name)));
}

/* A word that is not known must not let strangers in. */
static void demand_only(const char *value, bool only_me)
{
    DEMAND(only_me == (value != NULL));
    DEMAND(!only_me || strcmp(value, WIRE_ONLY_ME) == 0);
}

static void demand_in_range(const struct settings *read)
{
    demand_gate(&read->gate);
    DEMAND(read->tells || read->gate.port > 0);
    if (!read->tells)
        return;
    demand_only(READ(WIRE_ONLY), read->only_me);
    demand_channel(&read->channel);
    demand_binding(&read->binding);
    DEMAND(read->match.port <= UINT16_MAX && read->match.count <= MATCH_RULES);
    DEMAND(read->match.port == 0 || (read->rewrites && read->binding.has_ports));
    for (unsigned i = 0; i < read->match.count; i++)
        DEMAND(read->match.rules[i].glob > read->match.text &&
               read->match.rules[i].glob < read->match.text + MATCH_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    const struct settings *read;
    bool active;

    set_variables(&input);
    read = read_anew();
    active = read != NULL;
    DEMAND(settings_are_read() && settings_get() == read);
    if (active)
        demand_in_range(read);
    DEMAND((read_anew() != NULL) == active);
    return 0;
}
