/* The library's half of the gate: what it is told, where it leads, and whose address is whose.
 */
#include "shim/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include "shim/address.h"
#include "shim/own_address.h"
#include "shim/wire.h"
#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

#define TEN "0123456789"

TEST_OPTIONS(.timeout = 120);

TEST(a_gate_is_a_port_and_a_name)
{
    struct gate gate;

    ck_assert(gate_parse(&gate, "8888:imdshim-1"));
    ck_assert_uint_eq(gate.port, 8888);
    ck_assert_str_eq(gate.name, "imdshim-1");
    ck_assert(gate_parse(&gate, "65535:a:b"));
    ck_assert_str_eq(gate.name, "a:b");
    ck_assert(gate_parse(&gate, "1:" TEN TEN TEN TEN TEN TEN "123"));
}

static const char *const no_gates[] = {
    "",
    ":",
    "8888",
    "8888:",
    ":name",
    "0:name",
    "-1:n",
    "65536:n",
    "+8888:n",
    " 1:n",
    "8888 :n",
    "0x10:n",
    "1e3:n",
    "99999999999999999999:n",
    "4294975184:n",
    "1:" TEN TEN TEN TEN TEN TEN "1234",
};

LOOP_TEST(any_other_text_is_no_gate, COUNT(no_gates))
{
    struct gate gate = {.port = 7};

    ck_assert_msg(!gate_parse(&gate, no_gates[_i]), "%s", no_gates[_i]);
    ck_assert_uint_eq(gate.port, 0);
}

/* Where a socket of each domain goes; NULL: nowhere. */
static const struct {
    const char *answer, *from_ipv4, *from_ipv6;
} answers[] = {
    {"127.0.0.1 42165", "127.0.0.1", "::ffff:127.0.0.1"},
    {"10.77.0.2 42165", "10.77.0.2", "::ffff:10.77.0.2"},
    {"0.0.0.0 42165", "127.0.0.1", "::ffff:127.0.0.1"},
    {"::1 42165", NULL, "::1"},
    {"2001:db8::1 42165", NULL, "2001:db8::1"},
    {":: 42165", "127.0.0.1", "::1"},
    {"::ffff:127.1.2.3 42165", "127.1.2.3", "::ffff:127.1.2.3"},
    {"::ffff:0.0.0.0 42165", "127.0.0.1", "::ffff:127.0.0.1"},
};

static void assert_leads_to(const char *answer, int domain, const char *expected)
{
    struct sockaddr_storage storage = {0};
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&storage;
    socklen_t length = 0;
    char text[INET6_ADDRSTRLEN];
    bool leads = gate_parse_answer(answer, domain, &storage, &length);

    ck_assert_msg(leads == (expected != NULL), "%s from %d", answer, domain);
    if (!leads)
        return;
    ck_assert_int_eq(storage.ss_family, domain);
    ck_assert_uint_eq(ntohs(v4->sin_port), 42165);
    ck_assert_uint_ge(length, domain == AF_INET ? sizeof *v4 : sizeof *v6);
    inet_ntop(domain, domain == AF_INET ? (const void *)&v4->sin_addr : &v6->sin6_addr, text,
              sizeof text);
    ck_assert_str_eq(text, expected);
}

LOOP_TEST(the_answer_leads_to_the_engine_from_sockets_of_both_families, COUNT(answers))
{
    assert_leads_to(answers[_i].answer, AF_INET, answers[_i].from_ipv4);
    assert_leads_to(answers[_i].answer, AF_INET6, answers[_i].from_ipv6);
}

static const char *const no_answers[] = {
    "",
    " ",
    "42165",
    "127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1 0",
    "127.0.0.1 65536",
    "127.0.0.1 1x",
    "127.0.0.1  1",
    "127.0.0.1 1 ",
    "127.0.0.1 -1",
    " 127.0.0.1 1",
    "127.0.0 1",
    "localhost 1",
    "[::1] 1",
    "fe80::1%lo 1",
    ":::: 1",
    "::1 1 and then very much more than an address and a port can ever be",
};

LOOP_TEST(any_other_answer_leads_nowhere, COUNT(no_answers))
{
    assert_leads_to(no_answers[_i], AF_INET, NULL);
    assert_leads_to(no_answers[_i], AF_INET6, NULL);
}

TEST(random_bytes_are_no_answer_and_no_gate)
{
    struct gate gate;
    struct sockaddr_storage storage;
    socklen_t length;
    char text[128];

    srand(1);
    for (int i = 0; i < 100000; i++) {
        size_t end = (size_t)rand() % sizeof text;

        for (size_t at = 0; at < end; at++)
            text[at] = (char)(rand() % 2 != 0 ? "0123456789.: f"[rand() % 14] : rand());
        text[end] = '\0';
        gate_parse(&gate, text);
        gate_parse_answer(text, i % 2 != 0 ? AF_INET : AF_INET6, &storage, &length);
    }
}

/* The last ones are for documentation, RFC 5737 and 3849. */
static const struct {
    const char *text;
    bool own;
} addresses[] = {
    {"127.0.0.1", true},
    {"127.1.2.3", true},
    {"0.0.0.0", true},
    {"192.0.2.1", false},
    {"::1", true},
    {"::", true},
    {"::ffff:127.0.0.1", true},
    {"::ffff:192.0.2.1", false},
    {"2001:db8::1", false},
};

enum { IPV4_ADDRESSES = 4 };

LOOP_TEST(the_kernel_says_whose_an_address_is,
          access("/proc/net/if_inet6", F_OK) == 0 ? COUNT(addresses) : IPV4_ADDRESSES)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(1)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(1)};
    bool is_v6 = inet_pton(AF_INET, addresses[_i].text, &v4.sin_addr) != 1;

    if (is_v6)
        ck_assert_int_eq(inet_pton(AF_INET6, addresses[_i].text, &v6.sin6_addr), 1);
    ck_assert_msg(own_address(is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
                              is_v6 ? sizeof v6 : sizeof v4) == addresses[_i].own,
                  "%s", addresses[_i].text);
    /* It has asked for no port of ours: the number in the address may be anyone's. */
    ck_assert_uint_eq(ntohs(is_v6 ? v6.sin6_port : v4.sin_port), 1);
}

static void know_loopback_without_a_descriptor(const void *unused)
{
    const struct rlimit none = {0, 0};

    (void)unused;
    setrlimit(RLIMIT_NOFILE, &none);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        bool is_v6 = inet_pton(AF_INET, addresses[i].text, &v4.sin_addr) != 1;

        if (is_v6)
            inet_pton(AF_INET6, addresses[i].text, &v6.sin6_addr);
        if (own_address(is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
                        is_v6 ? sizeof v6 : sizeof v4) != addresses[i].own)
            _exit(1);
    }
    _exit(0);
}

/* A client that was sent on from there would meet whoever has the port. */
TEST(the_loopback_is_ours_though_the_kernel_cannot_be_asked)
{
    ck_assert_int_eq(apart(know_loopback_without_a_descriptor, NULL), 0);
}

TEST(what_is_no_internet_address_is_not_ours)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNIX};

    ck_assert(!own_address((struct sockaddr *)&storage, sizeof storage));
    storage.ss_family = AF_INET;
    ck_assert(!own_address((struct sockaddr *)&storage, 2));
    ck_assert(!own_address((struct sockaddr *)&storage, sizeof storage + 1));
    storage.ss_family = AF_INET6;
    ck_assert(!own_address((struct sockaddr *)&storage, sizeof(struct sockaddr_in)));
}

/* A name that anyone may take once the launcher is gone, as this user. */
static pid_t take_name(const char *name, uid_t user)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int ready[2], fd, client;
    char byte;
    pid_t pid;

    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    if (pid > 0) {
        close(ready[1]);
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        return pid;
    }
    strcpy(address.sun_path + 1, name);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (setuid(user) != 0 ||
        bind(fd, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))) != 0 ||
        listen(fd, 1) != 0 || write(ready[1], "x", 1) != 1)
        _exit(1);
    alarm(20);
    client = accept(fd, NULL, NULL);
    _exit(write(client, "127.1.2.3 42165\n", 16) == 16 ? 0 : 1);
}

LOOP_TEST(only_the_users_own_launcher_is_believed, 2)
{
    const struct sockaddr_in asked = {
        .sin_family = AF_INET, .sin_port = htons(8888), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char name[32], text[64];
    struct passage passage;
    bool other = _i == 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (other && geteuid() != 0)
        return;
    snprintf(name, sizeof name, "imdshim-test-%ld", (long)getpid());
    snprintf(text, sizeof text, "8888:%s", name);
    setenv(WIRE_GATE, text, 1);
    take_name(name, other ? 65534 : geteuid());
    ck_assert(gate_pass(&passage, fd, (const struct sockaddr *)&asked, sizeof asked) != other);
    if (other)
        ck_assert_int_eq(errno, ECONNREFUSED);
    else
        ck_assert_uint_eq(address_port(passage.address, passage.length), 42165);
    close(fd);
}
