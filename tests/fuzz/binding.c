/*
 * --listen: any text, and where it puts a socket.
 */
#include "shim/binding.h"

#include <arpa/inet.h>

#include "shim/address.h"
#include "tests/fuzz/support/fuzz.h"

enum { PORTS = 65536, ATTEMPTS = 300 };

static void demand_in_range(const struct binding *binding)
{
    DEMAND(binding->family == AF_UNSPEC || binding->family == AF_INET ||
           binding->family == AF_INET6);
    DEMAND(binding->low <= binding->high && binding->high < PORTS);
    DEMAND(binding->has_ports || binding->high == 0);
    DEMAND(binding_is_range(binding) == (binding->low < binding->high));
    DEMAND(!binding_is_range(binding) || binding->low > 0);
}

/* Each port of a range comes once. */
static void demand_ports(const struct binding *binding, unsigned seed)
{
    unsigned size = binding->high - binding->low + 1;
    static bool tried[PORTS];

    memset(tried, 0, sizeof tried);
    for (unsigned attempt = 0; attempt < size && attempt < ATTEMPTS; attempt++) {
        unsigned port = binding_port(binding, seed, attempt);

        DEMAND(port >= binding->low && port <= binding->high && !tried[port]);
        tried[port] = true;
    }
}

static void demand_comes_back(const struct binding *binding)
{
    char text[128], address[INET6_ADDRSTRLEN] = "", ports[32] = "";
    bool bracketed = binding->family == AF_INET6;
    struct binding back;

    if (binding->family != AF_UNSPEC)
        inet_ntop(binding->family, &binding->address, address, sizeof address);
    if (binding_is_range(binding))
        snprintf(ports, sizeof ports, ":%u-%u", binding->low, binding->high);
    else if (binding->has_ports)
        snprintf(ports, sizeof ports, ":%u", binding->low);
    snprintf(text, sizeof text, "%s%s%s%s", bracketed ? "[" : "", address, bracketed ? "]" : "",
             ports);
    DEMAND(binding_parse(&back, text) == NULL);
    DEMAND(back.family == binding->family && back.has_ports == binding->has_ports);
    DEMAND(back.low == binding->low && back.high == binding->high);
    DEMAND(memcmp(&back.address.ipv6, &binding->address.ipv6, sizeof back.address.ipv6) == 0);
}

/* The port stays; the family is the binding's, or the socket's where it can hold the other. */
static void demand_applied(const struct binding *binding, int domain, bool v6_only,
                           unsigned port)
{
    struct sockaddr_storage *address = calloc(1, sizeof *address);
    socklen_t length =
        domain == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int family = domain;

    address->ss_family = (sa_family_t)domain;
    address_set_port(address, port);
    binding_apply(binding, domain, v6_only, address, &length);
    DEMAND(length <= sizeof *address);
    DEMAND(address_port((struct sockaddr *)address, length) == port);
    if (binding->family == AF_INET6)
        family = AF_INET6;
    else if (binding->family == AF_INET && v6_only)
        family = AF_INET;
    DEMAND(address->ss_family == family);
    free(address);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    unsigned number = (unsigned)take_number(&input, 2);
    char *text = take_text(&input, '\0');
    struct binding *binding = malloc(sizeof *binding);
    const char *error = binding_parse(binding, text);

    DEMAND(error == NULL || (error[0] != '\0' && is_printable(error)));
    if (error == NULL) {
        demand_in_range(binding);
        demand_ports(binding, number * 65537U);
        demand_comes_back(binding);
        demand_applied(binding, AF_INET, false, number);
        demand_applied(binding, AF_INET6, false, number);
        demand_applied(binding, AF_INET6, true, number);
    }
    free(binding);
    free(text);
    return 0;
}
