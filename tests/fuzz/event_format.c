/*
 * Events as the library writes them, of sockets, programs and modules of any names: the
 * launcher understands what was meant.
 */
#include "shim/event.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>

#include "launcher/event.h"
#include "shim/address.h"
#include "tests/fuzz/support/fuzz.h"

static void take_name(struct input *input, char *name, size_t size)
{
    char *text = take_text(input, '\0');

    snprintf(name, size, "%s", text);
    free(text);
}

static void take_address(struct input *input, struct sockaddr_storage *address)
{
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    bool is_ipv6 = take_byte(input) % 2 == 1;

    for (size_t i = 0; i < (is_ipv6 ? sizeof ipv6.sin6_addr : sizeof ipv4.sin_addr); i++)
        ((unsigned char *)(is_ipv6 ? (void *)&ipv6.sin6_addr : (void *)&ipv4.sin_addr))[i] =
            (unsigned char)take_byte(input);
    memset(address, 0, sizeof *address);
    if (is_ipv6)
        memcpy(address, &ipv6, sizeof ipv6);
    else
        memcpy(address, &ipv4, sizeof ipv4);
    address_set_port(address, (unsigned)take_number(input, 2));
}

static struct listener take_listener(struct input *input)
{
    struct listener listener = {.asked = (unsigned)take_number(input, 2)};

    listener.pid = (pid_t)(take_number(input, 4) % INT_MAX + 1);
    listener.fd = (int)(take_number(input, 4) % INT_MAX);
    take_address(input, &listener.address);
    take_name(input, listener.host, sizeof listener.host);
    take_name(input, listener.exe, sizeof listener.exe);
    take_name(input, listener.object, sizeof listener.object);
    return listener;
}

static void demand_address(const char *text, const struct sockaddr_storage *address)
{
    struct in6_addr back = {0};
    const void *bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    size_t size = sizeof(struct in_addr);

    if (address->ss_family == AF_INET6) {
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        size = sizeof(struct in6_addr);
    }
    DEMAND(inet_pton(address->ss_family, text, &back) == 1);
    DEMAND(memcmp(&back, bytes, size) == 0);
}

static void demand_name(char *escaped, const char *name)
{
    unescape_text(escaped);
    DEMAND(strcmp(escaped, name) == 0);
}

/* One line of the grammar; then without its newline, as a string. */
static char *demand_line(const struct event_line *line)
{
    char *text;

    DEMAND(line->length > 0 && line->length <= EVENT_MAX);
    DEMAND(line->bytes[line->length - 1] == '\n');
    text = fuzz_block(line->bytes, line->length);
    text[line->length - 1] = '\0';
    DEMAND(strlen(text) == line->length - 1 && is_printable(text));
    return text;
}

static bool parse(const struct event_line *line, struct event *event)
{
    char *text = demand_line(line);
    bool parsed = event_parse(text, event);

    free(text);
    return parsed;
}

static void demand_socket(const struct event_line *line, const struct listener *listener)
{
    unsigned port =
        address_port((const struct sockaddr *)&listener->address, sizeof listener->address);
    struct event event;
    bool parsed = parse(line, &event);

    DEMAND(parsed == (port > 0 || event.kind == KIND_REFUSED));
    if (!parsed)
        return;
    DEMAND(event.port == (event.kind == KIND_REFUSED ? 0 : port));
    DEMAND(event.asked == listener->asked && event.pid == listener->pid);
    demand_address(event.address, &listener->address);
    demand_name(event.host, listener->host);
    demand_name(event.exe, listener->exe);
    demand_name(event.object, listener->object);
}

static void demand_short(const struct event_line *line, unsigned port, pid_t pid)
{
    struct event event;

    DEMAND(parse(line, &event));
    DEMAND(event.port == port && event.pid == pid);
}

/* Of whom nobody knows who it is the reason is told in his place. */
static void demand_denied(struct event_line *line, const struct listener *listener,
                          unsigned choice)
{
    const struct denied denied = {
        .has_uid = choice % 2 == 1, .uid = (uid_t)listener->fd * 2, .error = (int)(choice / 2)};
    unsigned port = listener->asked;
    struct event event;

    event_format_denied(line, port, listener->pid, &denied);
    DEMAND(parse(line, &event) == (port > 0));
    if (port == 0)
        return;
    DEMAND(event.kind == KIND_DENIED && event.port == port && event.pid == listener->pid);
    DEMAND(event.has_uid == denied.has_uid && event.error == denied.error);
    DEMAND(event.uid == (denied.has_uid ? denied.uid : 0));
}

static void demand_loaded(struct event_line *line, const struct listener *listener)
{
    char comm[COMM_SIZE];
    struct event event;

    snprintf(comm, sizeof comm, "%.*s", COMM_SIZE - 1, listener->object);
    event_format_loaded(line, listener->pid, listener->exe, comm);
    DEMAND(parse(line, &event) && event.kind == KIND_LOADED);
    demand_name(event.exe, listener->exe);
    demand_name(event.comm, comm);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const reasons[] = {NULL, REASON_RUNTIME, REASON_UNMATCHED,
                                          REASON_SECOND};
    struct input input = {bytes, size};
    unsigned choice = take_byte(&input);
    struct listener listener = take_listener(&input);
    struct event_line *line = malloc(sizeof *line);

    event_format_listener(line, &listener, reasons[choice % 4]);
    demand_socket(line, &listener);
    event_format_refused(line, &listener, (int)choice);
    demand_socket(line, &listener);
    event_format_ready(line, listener.asked, listener.pid);
    demand_short(line, listener.asked, listener.pid);
    event_format_connected(line, listener.asked, listener.pid);
    demand_short(line, listener.asked, listener.pid);
    event_format_ended(line, listener.pid);
    demand_short(line, 0, listener.pid);
    demand_denied(line, &listener, choice);
    demand_loaded(line, &listener);
    free(line);
    return 0;
}
