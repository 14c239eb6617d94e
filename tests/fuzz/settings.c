/*
 * The environment as the library reads it: variables with values of any bytes.
 *
 * Values are ended by a NUL; the first byte of each chooses the variable.
 */
#include "shim/state/settings.c" /* NOLINT: read anew for each input */

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

static void demand_tcp(const struct handover_tcp *tcp)
{
    char bytes[2048];
    struct text text = {bytes, 0, sizeof bytes - 1};
    struct handover_tcp *back = calloc(1, sizeof *back);

    DEMAND(tcp->count <= HANDOVER_ADDRESSES && strlen(tcp->secret) == HANDOVER_SECRET);
    DEMAND(IS_STRING(tcp->host));
    for (unsigned i = 0; i < tcp->count; i++)
        DEMAND(address_port(&tcp->addresses[i]) > 0);
    handover_put_tcp(&text, tcp);
    text_end(&text);
    DEMAND(handover_parse_tcp(back, bytes) && back->count == tcp->count);
    DEMAND(strcmp(back->host, tcp->host) == 0 && strcmp(back->secret, tcp->secret) == 0);
    DEMAND(memcmp(back->addresses, tcp->addresses, tcp->count * sizeof *tcp->addresses) == 0);
    free(back);
}

static void demand_descriptor(const struct handover_fd *file)
{
    struct handover_fd back;
    char bytes[128];
    struct text text = {bytes, 0, sizeof bytes - 1};

    handover_put_fd(&text, file);
    text_end(&text);
    DEMAND(handover_parse_fd(&back, bytes));
    DEMAND(back.fd == file->fd && back.device == file->device);
    DEMAND(back.inode == file->inode && back.birth == file->birth);
}

static void demand_sink(const struct event_sink *sink)
{
    DEMAND(IS_STRING(sink->fifo));
    if (sink->file.fd >= 0) {
        demand_descriptor(&sink->file);
        return;
    }
    DEMAND(sink->fifo[0] == '/' || (sink->fifo[0] == '\0' && sink->tcp.count > 0));
    if (sink->tcp.count > 0)
        demand_tcp(&sink->tcp);
}

static void demand_bind(const struct bind_override *bind)
{
    int family = bind->host.any.sa_family;

    DEMAND(bind->low <= bind->high && bind->high <= UINT16_MAX);
    DEMAND(family == AF_UNSPEC || family == AF_INET || family == AF_INET6);
}

static void demand_gate(const struct gate_address *gate)
{
    DEMAND(gate->port <= UINT16_MAX);
    DEMAND(gate->port == 0 || (gate->name[0] != '\0' && IS_STRING(gate->name)));
}

/* A word that is not known must not let strangers in. */
static void demand_only(const char *value, const struct settings *read)
{
    DEMAND(read->only_me == (value != NULL));
    DEMAND(read->only_from <= UINT16_MAX && (read->only_me || read->only_from == 0));
    DEMAND(!read->only_me || read->only_from != 0 || strcmp(value, WIRE_ONLY_ME) == 0);
    DEMAND(read->only_from == 0 || strncmp(value, WIRE_ONLY_ME ":", sizeof WIRE_ONLY_ME) == 0);
}

static void demand_in_range(const struct settings *read)
{
    demand_gate(&read->gate);
    DEMAND(!read->all_events || !read->only_ready);
    DEMAND(read->reports_events || read->gate.port > 0);
    if (!read->reports_events)
        return;
    demand_only(READ(WIRE_ONLY), read);
    demand_sink(&read->sink);
    demand_bind(&read->bind);
    DEMAND(read->match.port <= UINT16_MAX && read->match.count <= MATCH_RULES);
    DEMAND(read->match.port == 0 || (read->overrides_bind && read->bind.has_ports));
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
