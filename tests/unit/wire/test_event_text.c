/*
 * Events as lines of text, and back: what the library writes the launcher reads, and any other
 * bytes may come as well.
 */
#include "shim/wire/event_text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { MUTATIONS = 300000, SEED = 4711 };

#define LISTENING "42165 listening host=node1 addr=0.0.0.0 asked=0 pid=4711 fd=19 exe=gmx"

/* ---- what the library writes ---- */

static union address address_of(const char *text, unsigned port)
{
    union address address;

    ck_assert(address_parse(&address, text));
    address_set_port(&address, port);
    return address;
}

static struct event gromacs(enum event_kind kind)
{
    return (struct event){
        .kind = kind,
        .has = EVENT_OF_LISTENER,
        .port = 42165,
        .address = address_of("0.0.0.0", 42165),
        .pid = 4711,
        .fd = 19,
        .host = "node1",
        .exe = "gmx",
        .object = "libgromacs.so.7",
    };
}

/* Every value as long as it can be, and every byte of it one that is escaped. */
static struct event longest(enum event_kind kind)
{
    static char host[HOST_SIZE], exe[NAME_SIZE], object[NAME_SIZE], comm[COMM_SIZE];

    memset(host, 0xff, sizeof host - 1);
    memset(exe, 0xff, sizeof exe - 1);
    memset(object, '\n', sizeof object - 1);
    memset(comm, ' ', sizeof comm - 1);
    return (struct event){
        .kind = kind,
        .has = EVENT_HAS(EVENT_KEYS) - 1,
        .port = UINT16_MAX,
        .address = address_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", UINT16_MAX),
        .asked = UINT16_MAX,
        .pid = INT_MAX,
        .fd = INT_MAX,
        .uid = UINT_MAX,
        .error = INT_MAX,
        .netns = UINT_MAX,
        .host = host,
        .reason = REASON_UNMATCHED,
        .exe = exe,
        .object = object,
        .comm = comm,
    };
}

static void assert_line(const struct event *event, const char *expected)
{
    char line[EVENT_MAX + 1];

    memset(line, 0xee, sizeof line);
    ck_assert_uint_eq(event_text_format(event, line), strlen(expected));
    ck_assert_str_eq(line, expected);
}

/* The texts of the event point into the line, which is the next call's. */
static struct event read_back(const struct event *written)
{
    static char line[EVENT_MAX + 1];
    size_t length = event_text_format(written, line);
    struct event event;

    ck_assert_uint_eq(length, strlen(line));
    ck_assert_uint_le(length, EVENT_MAX);
    ck_assert_ptr_eq(strchr(line, '\n'), line + length - 1);
    line[length - 1] = '\0';
    memset(&event, 0xee, sizeof event);
    if (!event_text_parse(line, &event))
        ck_abort_msg("not read: %s", line);
    return event;
}

TEST(the_listening_line_is_the_contracts)
{
    struct event event = gromacs(KIND_LISTENING);

    assert_line(&event,
                "42165 listening host=node1 addr=0.0.0.0 asked=0 pid=4711 fd=19 exe=gmx "
                "object=libgromacs.so.7\n");
}

TEST(the_ready_line_is_the_contracts)
{
    const struct event event = {
        .kind = KIND_READY, .has = EVENT_HAS(KEY_PID), .port = 42165, .pid = 4711};

    assert_line(&event, "42165 ready pid=4711\n");
}

TEST(a_listener_has_its_network_namespace_for_the_launcher_that_asks)
{
    struct event event = gromacs(KIND_LISTENING);

    event.has |= EVENT_HAS(KEY_NETNS);
    event.netns = 4026531840;
    assert_line(&event, "42165 listening host=node1 addr=0.0.0.0 asked=0 pid=4711 fd=19 "
                        "netns=4026531840 exe=gmx object=libgromacs.so.7\n");
    ck_assert_uint_eq(read_back(&event).netns, 4026531840);
}

TEST(a_passed_listener_has_its_reason)
{
    struct event event = gromacs(KIND_PASSED);

    event.has |= EVENT_HAS(KEY_REASON);
    event.reason = REASON_RUNTIME;
    event.asked = 1024;
    event.object = "mca_btl_tcp.so";
    assert_line(&event, "42165 passed host=node1 addr=0.0.0.0 asked=1024 pid=4711 fd=19 "
                        "reason=runtime exe=gmx object=mca_btl_tcp.so\n");
}

TEST(a_refused_socket_has_no_port_but_where_it_was_to_go_and_errno)
{
    struct event event = gromacs(KIND_REFUSED);

    event.has |= EVENT_HAS(KEY_ERROR);
    event.port = 0;
    event.asked = 8888;
    event.error = EADDRINUSE;
    assert_line(&event, "0 refused host=node1 addr=0.0.0.0 asked=8888 pid=4711 fd=19 error=98 "
                        "exe=gmx object=libgromacs.so.7\n");
    event = read_back(&event);
    ck_assert_int_eq(event.kind, KIND_REFUSED);
    ck_assert_uint_eq(event.port, 0);
    ck_assert_uint_eq(event.asked, 8888);
    ck_assert_uint_eq(event.error, EADDRINUSE);
    ck_assert(address_is_wildcard(&event.address));
}

TEST(a_denied_connection_has_its_user_or_the_reason_why_that_is_not_known)
{
    static const struct {
        unsigned has, uid, error;
        const char *line;
    } lines[] = {
        {EVENT_HAS(KEY_UID), 65534, 0, "42165 denied pid=4711 uid=65534\n"},
        {EVENT_HAS(KEY_UID), 0, 0, "42165 denied pid=4711 uid=0\n"},
        {EVENT_HAS(KEY_UID), UINT_MAX, 0, "42165 denied pid=4711 uid=4294967295\n"},
        {0, 0, 0, "42165 denied pid=4711\n"},
        {EVENT_HAS(KEY_ERROR), 0, EPERM, "42165 denied pid=4711 error=1\n"},
    };

    for (int i = 0; i < COUNT(lines); i++) {
        struct event event = {.kind = KIND_DENIED,
                              .has = EVENT_HAS(KEY_PID) | lines[i].has,
                              .port = 42165,
                              .pid = 4711,
                              .uid = lines[i].uid,
                              .error = lines[i].error},
                     back;

        assert_line(&event, lines[i].line);
        back = read_back(&event);
        ck_assert_int_eq(back.kind, KIND_DENIED);
        ck_assert_uint_eq(back.has, event.has);
        ck_assert_uint_eq(back.uid, event.uid);
        ck_assert_uint_eq(back.error, event.error);
    }
}

TEST(loaded_has_port_0)
{
    const struct event event = {.kind = KIND_LOADED,
                                .has = EVENT_HAS(KEY_PID) | EVENT_HAS(KEY_EXE) |
                                       EVENT_HAS(KEY_COMM),
                                .pid = 4711,
                                .exe = "gmx",
                                .comm = "gmx mdrun"};

    assert_line(&event, "0 loaded pid=4711 exe=gmx comm=gmx%20mdrun\n");
}

TEST(what_is_unknown_is_an_empty_value)
{
    struct event event = gromacs(KIND_LISTENING);

    event.host = event.exe = event.object = "";
    assert_line(&event, "42165 listening host= addr=0.0.0.0 asked=0 pid=4711 fd=19 exe= "
                        "object=\n");
    ck_assert_str_eq(read_back(&event).object, "");
}

TEST(a_file_name_of_any_bytes_stays_one_word)
{
    struct event event = gromacs(KIND_LISTENING);

    event.exe = "my engine\n0 ready pid=1";
    event.object = "\t100%=\x7f\xc3\xa4";
    event = read_back(&event);
    ck_assert_str_eq(event.exe, "my%20engine%0A0%20ready%20pid=1");
    ck_assert_str_eq(event.object, "%09100%25=%7F%C3%A4");
    ck_assert_int_eq(event.kind, KIND_LISTENING);
    ck_assert_uint_eq(event.pid, 4711);
}

/* With every key, of which no event has all. */
LOOP_TEST(the_longest_event_is_a_whole_line, EVENT_KINDS)
{
    struct event event = longest((enum event_kind)_i);

    event = read_back(&event);
    ck_assert_uint_eq(strlen(event.host), 3 * (HOST_SIZE - 1));
    ck_assert_uint_eq(strlen(event.exe), 3 * (NAME_SIZE - 1));
    ck_assert_uint_eq(strlen(event.object), 3 * (NAME_SIZE - 1));
    ck_assert_uint_eq(strlen(event.comm), 3 * (COMM_SIZE - 1));
    ck_assert_str_eq(event.reason, REASON_UNMATCHED);
    ck_assert_uint_eq(event.error, INT_MAX);
}

/* The names escaped are what the parser gives. */
static void assert_same(const struct event *back, const struct event *event)
{
    ck_assert_int_eq(back->kind, event->kind);
    ck_assert_uint_eq(back->has, event->has);
    ck_assert_uint_eq(back->port, event->port);
    ck_assert_uint_eq(back->asked, event->asked);
    ck_assert_uint_eq(back->pid, event->pid);
    ck_assert_uint_eq(back->fd, event->fd);
    ck_assert_uint_eq(back->uid, event->uid);
    ck_assert_uint_eq(back->error, event->error);
    ck_assert_uint_eq(back->netns, event->netns);
    ck_assert_mem_eq(&back->address, &event->address, sizeof event->address);
    ck_assert_str_eq(back->host, event->host);
    ck_assert_str_eq(back->reason, event->reason);
    ck_assert_str_eq(back->exe, event->exe);
    ck_assert_str_eq(back->object, event->object);
    ck_assert_str_eq(back->comm, event->comm);
}

/* Every kind with every key alone, where it needs no others, and with all that it needs. */
LOOP_TEST(an_event_is_read_as_it_was_written, EVENT_KINDS *EVENT_KEYS)
{
    enum event_kind kind = (enum event_kind)(_i % EVENT_KINDS);
    unsigned needed = EVENT_HAS(KEY_PID), key = (unsigned)_i / EVENT_KINDS;
    struct event all = longest(kind), event, back;

    if (kind == KIND_LISTENING || kind == KIND_PASSED || kind == KIND_REFUSED)
        needed |= EVENT_HAS(KEY_ADDR);
    event = (struct event){.kind = kind,
                           .has = needed | EVENT_HAS(key),
                           .port = all.port,
                           .pid = all.pid,
                           .host = "",
                           .reason = "",
                           .exe = "",
                           .object = "",
                           .comm = ""};
    if ((event.has & EVENT_HAS(KEY_ADDR)) != 0)
        event.address = all.address;
    if (key == KEY_ASKED)
        event.asked = all.asked;
    if (key == KEY_FD)
        event.fd = all.fd;
    if (key == KEY_UID)
        event.uid = all.uid;
    if (key == KEY_ERROR)
        event.error = all.error;
    if (key == KEY_NETNS)
        event.netns = all.netns;
    if (key == KEY_HOST)
        event.host = "node1";
    if (key == KEY_REASON)
        event.reason = REASON_SECOND;
    if (key == KEY_EXE)
        event.exe = "gmx";
    if (key == KEY_OBJECT)
        event.object = "libgromacs.so.7";
    if (key == KEY_COMM)
        event.comm = "gmx-mdrun";
    back = read_back(&event);
    assert_same(&back, &event);
}

/* What is not asked for is not written: a formatter that wrote it would print what is not there. */
TEST(a_key_that_an_event_has_not_is_not_in_its_line)
{
    struct event event = longest(KIND_READY);

    event.has = 0;
    assert_line(&event, "65535 ready\n");
}

/* _Static_assert has no pipe(7) to ask: lines of several processes must never mix. */
TEST(a_line_is_written_in_one_piece)
{
    ck_assert_int_le(EVENT_MAX, PIPE_BUF);
}

/* ---- what the launcher reads ---- */

/*
 * On the heap, where a sanitizer sees a step beyond the end. The event's texts are there until
 * the next call.
 */
static bool parse_bytes(const char *line, size_t length, struct event *event)
{
    static char *copy;

    free(copy);
    copy = malloc(length + 1);
    memcpy(copy, line, length);
    copy[length] = '\0';
    memset(event, 0xee, sizeof *event);
    return event_text_parse(copy, event);
}

static bool parse(const char *line, struct event *event)
{
    return parse_bytes(line, strlen(line), event);
}

TEST_OPTIONS(.timeout = 120);

TEST(a_listening_event_has_all_its_fields)
{
    struct event event;

    ck_assert(parse("42165 listening host=node1 addr=0.0.0.0 asked=8888 pid=4711 fd=19 exe=gmx "
                    "object=libgromacs.so.7",
                    &event));
    ck_assert_int_eq(event.kind, KIND_LISTENING);
    ck_assert_uint_eq(event.port, 42165);
    ck_assert_uint_eq(event.asked, 8888);
    ck_assert_uint_eq(event.pid, 4711);
    ck_assert_uint_eq(event.fd, 19);
    ck_assert_str_eq(event.host, "node1");
    ck_assert_int_eq(event.address.any.sa_family, AF_INET);
    ck_assert(address_is_wildcard(&event.address));
    ck_assert_uint_eq(address_port(&event.address), 42165);
    ck_assert_str_eq(event.exe, "gmx");
    ck_assert_str_eq(event.object, "libgromacs.so.7");
    ck_assert_uint_eq(event.has, EVENT_OF_LISTENER);
    ck_assert_str_eq(event.comm, "");
    ck_assert_str_eq(event.reason, "");
    ck_assert_uint_eq(event.uid, 0);
    ck_assert_uint_eq(event.netns, 0);
    ck_assert_uint_eq(event.error, 0);
}

/* A newer library may say more. */
TEST(keys_that_are_not_known_are_passed_over)
{
    struct event event;

    ck_assert(parse("42165 ready colour=blue pid=4711 pids=1 =x xpid=2 asked_for=x", &event));
    ck_assert_int_eq(event.kind, KIND_READY);
    ck_assert_uint_eq(event.pid, 4711);
    ck_assert_uint_eq(event.asked, 0);
}

TEST(the_order_of_the_keys_does_not_matter)
{
    struct event event;

    ck_assert(parse("65535 passed exe=a reason=runtime pid=1 addr=::1 host=h", &event));
    ck_assert_int_eq(event.kind, KIND_PASSED);
    ck_assert_uint_eq(event.port, 65535);
    ck_assert_int_eq(event.address.any.sa_family, AF_INET6);
    ck_assert(address_is_loopback(&event.address));
    ck_assert_uint_eq(address_port(&event.address), 65535);
    ck_assert_str_eq(event.reason, "runtime");
}

TEST(a_value_stays_escaped_and_may_contain_an_equals_sign)
{
    struct event event;

    ck_assert(parse("0 loaded pid=1 exe=a%20b=c comm=%0A", &event));
    ck_assert_str_eq(event.exe, "a%20b=c");
    ck_assert_str_eq(event.comm, "%0A");
}

static const char *const junk[] = {
    "",
    " ",
    "\n",
    "=",
    "42165",
    "42165 ",
    "listening",
    "42165 listening",
    " 42165 ready pid=1",
    "42165  ready pid=1",
    "42165 ready  pid=1",
    "42165 ready pid=1 ",
    "42165 ready pid=1 x", /* a key without '=' */
    "42165 ready x pid=1",
    "42165 ready pid",
    "42165 ready pid=",
    "42165 ready pid=0",
    "42165 ready pid=-1",
    "42165 ready pid=+1",
    "42165 ready pid= 1",
    "42165 ready pid=1x",
    "42165 ready pid=0x10",
    "42165 ready pid=2147483648",
    "42165 ready pid=4294967297",
    "42165 ready pid=18446744073709551617",
    "42165 ready fd=19",
    "42165 ready", /* no pid */
    "42165 listening addr=0.0.0.0",
    "65536 ready pid=1",
    "-1 ready pid=1",
    "+1 ready pid=1",
    "1e3 ready pid=1",
    "99999999999999999999 ready pid=1",
    "x ready pid=1",
    "42165 Ready pid=1",
    "42165 readyx pid=1",
    "42165 read pid=1",
    "42165 =ready pid=1",
    "0 listening addr=0.0.0.0 pid=1", /* a socket has a port */
    "0 passed addr=0.0.0.0 pid=1",
    "42165 listening pid=1", /* and an address */
    "42165 passed pid=1",
    "42165 listening addr= pid=1",
    "42165 listening addr=localhost pid=1",
    "42165 listening addr=256.0.0.1 pid=1",
    "42165 listening addr=1.2.3 pid=1",
    "42165 listening addr=:::1 pid=1",
    "42165 listening addr=fe80::1%eth0 pid=1",
    "42165 listening addr=0.0.0.0 pid=1 asked=65536",
    "42165 listening addr=0.0.0.0 pid=1 asked=-1",
    "42165 listening addr=0.0.0.0 pid=1 asked=",
    "0 refused pid=1 error=98", /* where was it to go? */
    "0 refused addr=0.0.0.0 error=98",
    "0 refused addr=0.0.0.0 pid=1 error=",
    "0 refused addr=0.0.0.0 pid=1 error=-1",
    "0 refused addr=0.0.0.0 pid=1 error=EADDRINUSE",
    "0 refused addr=0.0.0.0 pid=1 error=2147483648",
    "0 denied pid=1 uid=1",
    "0 ended pid=1", /* of libraries of old */
    "42165 ready pid=1 fd=",
    "42165 ready pid=1 fd=-1",
    "42165 ready pid=1 fd=2147483648",
    "42165 ready pid=1 netns=",
    "42165 ready pid=1 netns=4294967296",
    "42165 ready pid=1 addr=",
    "42165 ready pid=1 pid=0", /* the second one is no better */
    "42165 denied pid=1 uid=",
    "42165 denied pid=1 uid=-1",
    "42165 denied pid=1 uid=root",
    "42165 denied pid=1 uid=4294967296",
    "42165 denied uid=1",
    "42165 ready pid=1 exe=a\tb",
    "42165 ready pid=1\n",
    "42165\tready\tpid=1",
    "42165 ready pid=1 exe=\x7f",
    "42165 ready pid=1 exe=\x1b[2J",
    "42165 ready pid=1 exe=\xc3\xa4", /* not ASCII */
    "\xff",
    "42165 ready pid=1\r",
    "GET / HTTP/1.1",
};

LOOP_TEST(junk_is_no_event, COUNT(junk))
{
    struct event event;

    ck_assert_msg(!parse(junk[_i], &event), "accepted: '%s'", junk[_i]);
}

TEST(ready_and_loaded_need_no_socket)
{
    struct event event;

    ck_assert(parse("0 loaded pid=1", &event));
    ck_assert_int_eq(event.kind, KIND_LOADED);
    ck_assert_int_eq(event.address.any.sa_family, AF_UNSPEC);
    ck_assert(parse("0 ready pid=2147483647", &event));
    ck_assert_int_eq(event.kind, KIND_READY);
    ck_assert_uint_eq(event.pid, INT_MAX);
}

static const struct {
    const char *key;
    size_t most;
} lengths[] = {
    {"host", 3 * (HOST_SIZE - 1)},
    {"exe", 3 * (NAME_SIZE - 1)},
    {"object", 3 * (NAME_SIZE - 1)},
    {"comm", 3 * (COMM_SIZE - 1)},
    {"reason", 15},
};

static bool parse_value_of(const char *key, size_t length, struct event *event)
{
    static char line[4096];
    size_t start = (size_t)snprintf(line, sizeof line, LISTENING " %s=", key);

    memset(line + start, 'v', length);
    line[start + length] = '\0';
    return parse(line, event);
}

LOOP_TEST(a_value_is_taken_as_long_as_the_library_writes_it, COUNT(lengths))
{
    struct event event;

    ck_assert(parse_value_of(lengths[_i].key, lengths[_i].most, &event));
}

/* Cut off, it would be another name. */
LOOP_TEST(a_value_that_is_too_long_is_no_event, COUNT(lengths))
{
    struct event event;

    ck_assert(!parse_value_of(lengths[_i].key, 3 * NAME_SIZE + 1, &event));
    ck_assert(!parse_value_of(lengths[_i].key, 3000, &event));
}

TEST(numbers_and_addresses_that_are_too_long_are_no_event)
{
    struct event event;

    ck_assert(!parse_value_of("asked", 3000, &event));
    ck_assert(!parse_value_of("addr", 3000, &event));
    ck_assert(
        parse("1 listening pid=1 addr=ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", &event));
    ck_assert(
        !parse("1 listening pid=1 addr=00000:0000:0000:0000:0000:0000:0000:0001", &event));
}

/* What is accepted is safe to print, to put into an environment, and to send a signal to. */
static void assert_is_safe(const struct event *event)
{
    const char *texts[] = {event->host, event->exe, event->object, event->comm, event->reason};
    bool listens = event->kind == KIND_LISTENING || event->kind == KIND_PASSED;
    int family = event->address.any.sa_family;

    ck_assert_uint_lt(event->kind, EVENT_KINDS);
    ck_assert(event->pid > 0 && event->pid <= INT_MAX);
    ck_assert_uint_le(event->port, 65535);
    ck_assert_uint_le(event->asked, 65535);
    ck_assert_uint_le(event->fd, INT_MAX);
    ck_assert_uint_le(event->error, INT_MAX);
    for (int i = 0; i < COUNT(texts); i++) {
        ck_assert_uint_lt(strlen(texts[i]), 3 * NAME_SIZE);
        for (const char *at = texts[i]; *at != '\0'; at++)
            ck_assert(*at > ' ' && *at <= '~');
    }
    ck_assert(family == AF_UNSPEC || family == AF_INET || family == AF_INET6);
    ck_assert_int_eq(family != AF_UNSPEC, (event->has & EVENT_HAS(KEY_ADDR)) != 0);
    ck_assert(family == AF_UNSPEC || address_port(&event->address) == event->port);
    ck_assert(!listens || (event->port != 0 && family != AF_UNSPEC));
    ck_assert(event->kind != KIND_REFUSED || family != AF_UNSPEC);
}

static size_t mutate(char *line, size_t length, unsigned short *state)
{
    size_t at = (size_t)nrand48(state) % length;
    char any = (char)nrand48(state), likely = " =%.:0129\n\xff"[nrand48(state) % 11];

    switch (nrand48(state) % 5) {
    case 0:
        line[at] = any;
        return length;
    case 1:
        line[at] = likely;
        return length;
    case 2: /* lose the end */
        return at + 1;
    case 3: /* lose a byte */
        memmove(line + at, line + at + 1, length - at - 1);
        return length > 1 ? length - 1 : 1;
    default: /* have one twice */
        memmove(line + at + 1, line + at, length - at);
        return length + 1;
    }
}

TEST(no_mutated_line_does_harm)
{
    static const char *const lines[] = {
        LISTENING " object=libgromacs.so.7",
        "42165 ready pid=4711",
        "0 loaded pid=4711 exe=gmx comm=gmx",
        "42165 connected pid=4711 netns=4026531840",
        "42165 denied pid=4711 uid=65534 error=1",
        "0 refused host=n addr=::1 asked=1 pid=2 fd=3 error=98 exe= netns=1",
        "1024 passed host=n addr=::ffff:10.0.0.1 asked=1 pid=2 fd=3 reason=second exe= object=",
    };
    unsigned short state[3] = {SEED, 0, 0};
    unsigned accepted = 0;
    struct event event;
    char line[256];

    printf("seed %d\n", SEED); /* said in the log of a run that crashes */
    for (int i = 0; i < MUTATIONS; i++) {
        const char *original = lines[nrand48(state) % 7];
        size_t length = strlen(original);

        memcpy(line, original, length);
        for (long count = 1 + nrand48(state) % 6; count > 0; count--)
            length = mutate(line, length, state);
        if (parse_bytes(line, length, &event)) {
            assert_is_safe(&event);
            accepted++;
        }
    }
    ck_assert_uint_gt(accepted, MUTATIONS / 100); /* else nothing has been tested */
    ck_assert_uint_lt(accepted, MUTATIONS / 2);
}
