/*
 * Events as the library writes them, of sockets, programs and modules of any names: the parser
 * understands what was meant.
 */
#include "shim/wire/event_text.h"

#include <limits.h>

#include "tests/fuzz/support/fuzz.h"

struct names {
    char host[HOST_SIZE], exe[NAME_SIZE], object[NAME_SIZE], comm[COMM_SIZE];
};

static void take_name(struct input *input, char *name, size_t size)
{
    char *text = take_text(input, '\0');

    snprintf(name, size, "%s", text);
    free(text);
}

static union address take_address(struct input *input)
{
    union address address = {.any = {.sa_family = AF_INET}};
    unsigned char *host = (unsigned char *)&address.ipv4.sin_addr;
    size_t size = sizeof address.ipv4.sin_addr;

    if (take_byte(input) % 2 == 1) {
        address.any.sa_family = AF_INET6;
        host = address.ipv6.sin6_addr.s6_addr;
        size = sizeof address.ipv6.sin6_addr;
    }
    for (size_t i = 0; i < size; i++)
        host[i] = (unsigned char)take_byte(input);
    address_set_port(&address, (unsigned)take_number(input, 2));
    return address;
}

static struct event take_event(struct input *input, struct names *names)
{
    static const char *const reasons[] = {"", REASON_RUNTIME, REASON_UNMATCHED, REASON_SECOND};
    unsigned choice = take_byte(input);
    struct event event = {.reason = reasons[choice % 4], .error = choice / 2};

    event.asked = (unsigned)take_number(input, 2);
    event.pid = (unsigned)(take_number(input, 4) % INT_MAX + 1);
    event.fd = (unsigned)(take_number(input, 4) % INT_MAX);
    event.uid = event.fd * 2;
    event.netns = event.pid * 2;
    event.address = take_address(input);
    event.port = address_port(&event.address);
    take_name(input, names->host, sizeof names->host);
    take_name(input, names->exe, sizeof names->exe);
    take_name(input, names->object, sizeof names->object);
    snprintf(names->comm, sizeof names->comm, "%.*s", COMM_SIZE - 1, names->object);
    event.host = names->host;
    event.exe = names->exe;
    event.object = names->object;
    event.comm = names->comm;
    return event;
}

static void demand_name(const char *escaped, const char *name, bool is_there)
{
    char *text = fuzz_block(escaped, strlen(escaped) + 1);

    unescape_text(text);
    DEMAND(strcmp(text, is_there ? name : "") == 0);
    free(text);
}

static void demand_same(const struct event *back, const struct event *event)
{
    unsigned has = event->has;

    DEMAND(back->kind == event->kind && back->has == has && back->port == event->port);
    DEMAND(back->pid == event->pid);
    if ((has & EVENT_HAS(KEY_ADDR)) != 0)
        DEMAND(memcmp(&back->address, &event->address, sizeof back->address) == 0);
    DEMAND(back->asked == ((has & EVENT_HAS(KEY_ASKED)) != 0 ? event->asked : 0));
    DEMAND(back->fd == ((has & EVENT_HAS(KEY_FD)) != 0 ? event->fd : 0));
    DEMAND(back->uid == ((has & EVENT_HAS(KEY_UID)) != 0 ? event->uid : 0));
    DEMAND(back->error == ((has & EVENT_HAS(KEY_ERROR)) != 0 ? event->error : 0));
    DEMAND(back->netns == ((has & EVENT_HAS(KEY_NETNS)) != 0 ? event->netns : 0));
    demand_name(back->host, event->host, (has & EVENT_HAS(KEY_HOST)) != 0);
    demand_name(back->reason, event->reason, (has & EVENT_HAS(KEY_REASON)) != 0);
    demand_name(back->exe, event->exe, (has & EVENT_HAS(KEY_EXE)) != 0);
    demand_name(back->object, event->object, (has & EVENT_HAS(KEY_OBJECT)) != 0);
    demand_name(back->comm, event->comm, (has & EVENT_HAS(KEY_COMM)) != 0);
}

static bool needs_port(enum event_kind kind)
{
    return kind == KIND_LISTENING || kind == KIND_PASSED || kind == KIND_DENIED;
}

/* One line of the grammar, that says what was meant. */
static void demand_line(struct event event)
{
    char *line = malloc(EVENT_MAX + 1), *text;
    struct event back;
    size_t length;

    if (event.kind == KIND_REFUSED || event.kind == KIND_LOADED) {
        event.port = 0;
        address_set_port(&event.address, 0);
    }
    length = event_text_format(&event, line);
    DEMAND(length > 0 && length <= EVENT_MAX && strlen(line) == length);
    DEMAND(strchr(line, '\n') == line + length - 1);
    line[length - 1] = '\0';
    text = fuzz_block(line, length);
    free(line);
    DEMAND(is_printable(text));
    DEMAND(event_text_parse(text, &back) == (event.port > 0 || !needs_port(event.kind)));
    if (event.port > 0 || !needs_port(event.kind))
        demand_same(&back, &event);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const unsigned some[] = {
        0,
        EVENT_HAS(KEY_NETNS) | EVENT_HAS(KEY_REASON),
        EVENT_HAS(KEY_EXE) | EVENT_HAS(KEY_COMM),
        EVENT_HAS(KEY_UID) | EVENT_HAS(KEY_ERROR),
        EVENT_HAS(EVENT_KEYS) - 1,
    };
    struct input input = {bytes, size};
    struct names *names = calloc(1, sizeof *names);
    struct event event = take_event(&input, names);

    for (unsigned kind = 0; kind < EVENT_KINDS; kind++)
        for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
            event.kind = (enum event_kind)kind;
            event.has = EVENT_OF_LISTENER | some[i];
            demand_line(event);
            event.has = EVENT_HAS(KEY_PID) | some[i];
            if (kind != KIND_LISTENING && kind != KIND_PASSED && kind != KIND_REFUSED)
                demand_line(event);
        }
    free(names);
    return 0;
}
