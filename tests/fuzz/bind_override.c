/*
 * --listen: any text, and where it puts a socket.
 */
#include "shim/wire/bind_override.h"

#include "tests/fuzz/support/fuzz.h"

enum { PORTS = 65536, ATTEMPTS = 300 };

static void demand_in_range(const struct bind_override *override)
{
    int family = override->host.any.sa_family;

    DEMAND(family == AF_UNSPEC || family == AF_INET || family == AF_INET6);
    DEMAND(address_port(&override->host) == 0);
    DEMAND(override->low <= override->high && override->high < PORTS);
    DEMAND(override->has_ports || override->high == 0);
    DEMAND(bind_override_attempts(override) == override->high - override->low + 1);
    DEMAND(override->low == override->high || override->low > 0);
}

/* Each port of a range comes once. */
static void demand_ports(const struct bind_override *override, unsigned seed)
{
    unsigned size = bind_override_attempts(override);
    static bool tried[PORTS];

    memset(tried, 0, sizeof tried);
    for (unsigned attempt = 0; attempt < size && attempt < ATTEMPTS; attempt++) {
        unsigned port = bind_override_port(override, seed, attempt);

        DEMAND(port >= override->low && port <= override->high && !tried[port]);
        tried[port] = true;
    }
}

static void demand_comes_back(const struct bind_override *override)
{
    char bytes[128];
    struct text text = {bytes, 0, sizeof bytes - 1};
    bool bracketed = override->host.any.sa_family == AF_INET6;
    struct bind_override back;

    text_put_string(&text, bracketed ? "[" : "");
    address_put(&text, &override->host);
    text_put_string(&text, bracketed ? "]" : "");
    text_end(&text);
    if (bind_override_attempts(override) > 1)
        snprintf(bytes + text.length, sizeof bytes - text.length, ":%u-%u", override->low,
                 override->high);
    else if (override->has_ports)
        snprintf(bytes + text.length, sizeof bytes - text.length, ":%u", override->low);
    DEMAND(bind_override_parse(&back, bytes) == NULL);
    DEMAND(back.has_ports == override->has_ports);
    DEMAND(back.low == override->low && back.high == override->high);
    DEMAND(memcmp(&back.host, &override->host, sizeof back.host) == 0);
}

/* The port stays; the family is the override's, or the socket's where it can hold the other. */
static void demand_applied(const struct bind_override *override, int domain, bool v6_only,
                           unsigned port)
{
    union address *address = calloc(1, sizeof *address);
    int family = domain;

    address->any.sa_family = (sa_family_t)domain;
    address_set_port(address, port);
    bind_override_apply(override, domain, v6_only, address);
    DEMAND(address_port(address) == port);
    if (override->host.any.sa_family == AF_INET6)
        family = AF_INET6;
    else if (override->host.any.sa_family == AF_INET && v6_only)
        family = AF_INET;
    DEMAND(address->any.sa_family == family);
    free(address);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    unsigned number = (unsigned)take_number(&input, 2);
    char *text = take_text(&input, '\0');
    struct bind_override *override = malloc(sizeof *override);
    const char *error = bind_override_parse(override, text);

    DEMAND(error == NULL || (error[0] != '\0' && is_printable(error)));
    if (error == NULL) {
        demand_in_range(override);
        demand_ports(override, number * 65537U);
        demand_comes_back(override);
        demand_applied(override, AF_INET, false, number);
        demand_applied(override, AF_INET6, false, number);
        demand_applied(override, AF_INET6, true, number);
    }
    free(override);
    free(text);
    return 0;
}
