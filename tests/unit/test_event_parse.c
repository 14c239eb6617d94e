/* Events as the launcher reads them: any bytes at all may come. */
#include "launcher/source/event.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { MUTATIONS = 300000, SEED = 4711 };

#define LISTENING "42165 listening host=node1 addr=0.0.0.0 asked=0 pid=4711 fd=19 exe=gmx"

static bool parse_bytes(const char *line, size_t length, struct event *event)
{
    char *copy = malloc(length + 1);
    bool accepted;

    memcpy(copy, line, length);
    copy[length] = '\0';
    memset(event, 0xee, sizeof *event);
    accepted = event_parse(copy, event);
    free(copy);
    return accepted;
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
    ck_assert_int_eq(event.pid, 4711);
    ck_assert_str_eq(event.host, "node1");
    ck_assert_str_eq(event.address, "0.0.0.0");
    ck_assert_str_eq(event.exe, "gmx");
    ck_assert_str_eq(event.object, "libgromacs.so.7");
    ck_assert_str_eq(event.comm, "");
    ck_assert_str_eq(event.reason, "");
}

/* A newer library may say more. */
TEST(keys_that_are_not_known_are_passed_over)
{
    struct event event;

    ck_assert(parse("42165 ready colour=blue pid=4711 pids=1 =x xpid=2 asked_for=x", &event));
    ck_assert_int_eq(event.kind, KIND_READY);
    ck_assert_int_eq(event.pid, 4711);
    ck_assert_uint_eq(event.asked, 0);
}

TEST(the_order_of_the_keys_does_not_matter)
{
    struct event event;

    ck_assert(parse("65535 passed exe=a reason=runtime pid=1 addr=::1 host=h", &event));
    ck_assert_int_eq(event.kind, KIND_PASSED);
    ck_assert_uint_eq(event.port, 65535);
    ck_assert_str_eq(event.address, "::1");
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

TEST(ready_loaded_and_ended_need_no_socket)
{
    struct event event;

    ck_assert(parse("0 loaded pid=1", &event));
    ck_assert_int_eq(event.kind, KIND_LOADED);
    ck_assert(parse("0 ended pid=2147483647", &event));
    ck_assert_int_eq(event.kind, KIND_ENDED);
    ck_assert_int_eq(event.pid, INT_MAX);
}

static const struct {
    const char *key;
    size_t most;
} lengths[] = {
    {"host", 3 * (HOST_SIZE - 1)},
    {"exe", 3 * (NAME_SIZE - 1)},
    {"object", 3 * (NAME_SIZE - 1)},
    {"comm", 3 * (COMM_SIZE - 1)},
    {"reason", 7},
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
    const struct {
        const char *text;
        size_t size;
    } texts[] = {
        {event->host, sizeof event->host},       {event->exe, sizeof event->exe},
        {event->object, sizeof event->object},   {event->comm, sizeof event->comm},
        {event->address, sizeof event->address}, {event->reason, sizeof event->reason},
    };
    unsigned char address[16];

    ck_assert_int_gt(event->pid, 0);
    ck_assert_uint_le(event->port, 65535);
    ck_assert_uint_le(event->asked, 65535);
    ck_assert_int_le(event->kind, KIND_DENIED);
    ck_assert_int_ge(event->error, 0);
    ck_assert_str_eq(event->peer, ""); /* not for the sender to say */
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_uint_lt(strnlen(texts[i].text, texts[i].size), texts[i].size);
        for (const char *at = texts[i].text; *at != '\0'; at++)
            ck_assert(*at > ' ' && *at <= '~');
    }
    ck_assert(event->address[0] == '\0' || inet_pton(AF_INET, event->address, address) == 1 ||
              inet_pton(AF_INET6, event->address, address) == 1);
    if (event->kind == KIND_LISTENING || event->kind == KIND_PASSED)
        ck_assert(event->port != 0 && event->address[0] != '\0');
    ck_assert(event->kind != KIND_REFUSED || event->address[0] != '\0');
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
        "0 ended pid=4711",
        "42165 denied pid=4711 uid=65534 error=1",
        "0 refused host=n addr=::1 asked=1 pid=2 fd=3 error=98 exe= peer=x",
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
