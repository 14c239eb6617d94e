/* The texts of the gate: what one side writes the other reads, and nothing else. */
#include "shim/wire/gate_text.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

#define TEN "0123456789"

static const char *as_text(const struct gate_address *gate)
{
    static char buffer[GATE_TEXT_SIZE];
    struct text text = {buffer, 0, sizeof buffer - 1};

    gate_text_put(&text, gate);
    text_end(&text);
    return buffer;
}

TEST_OPTIONS(.timeout = 120);

static const struct {
    const char *text;
    unsigned port;
    const char *name;
} gates[] = {
    {"8888:imdshim-1", 8888, "imdshim-1"},
    {"1:n", 1, "n"},
    {"65535:a:b", 65535, "a:b"},
    {"1:" TEN TEN TEN TEN TEN TEN "123", 1, TEN TEN TEN TEN TEN TEN "123"},
};

LOOP_TEST(a_gate_is_a_port_and_a_name, COUNT(gates))
{
    struct gate_address gate;

    memset(&gate, 0xee, sizeof gate);
    ck_assert(gate_text_parse(&gate, gates[_i].text));
    ck_assert_uint_eq(gate.port, gates[_i].port);
    ck_assert_str_eq(gate.name, gates[_i].name);
    ck_assert_str_eq(as_text(&gate), gates[_i].text);
}

/* The longest name with the longest port: one that was cut off would be another's. */
TEST(the_longest_gate_has_room)
{
    struct gate_address gate = {.port = 65535}, back;

    memset(gate.name, 'n', sizeof gate.name - 1);
    ck_assert(gate_text_parse(&back, as_text(&gate)));
    ck_assert_uint_eq(back.port, gate.port);
    ck_assert_str_eq(back.name, gate.name);
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
    struct gate_address gate = {.port = 7};

    ck_assert_msg(!gate_text_parse(&gate, no_gates[_i]), "%s", no_gates[_i]);
    ck_assert_uint_eq(gate.port, 0);
}

static const struct {
    const char *line, *host;
    unsigned port;
} answers[] = {
    {"127.0.0.1 42165\n", "127.0.0.1", 42165},
    {"0.0.0.0 1\n", "0.0.0.0", 1},
    {"::1 65535\n", "::1", 65535},
    {":: 42165\n", "::", 42165},
    {"2001:db8::1 42165\n", "2001:db8::1", 42165},
    {"::ffff:127.1.2.3 42165\n", "::ffff:127.1.2.3", 42165},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535\n",
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535},
};

static void put_answer(char line[GATE_ANSWER_SIZE], const union address *engine)
{
    struct text text = {line, 0, GATE_ANSWER_SIZE - 1};

    gate_text_put_answer(&text, engine);
    text_end(&text);
}

LOOP_TEST(an_answer_is_an_address_and_a_port, COUNT(answers))
{
    union address engine, expected;
    char line[GATE_ANSWER_SIZE];

    memset(&engine, 0xee, sizeof engine);
    ck_assert(address_parse(&expected, answers[_i].host));
    address_set_port(&expected, answers[_i].port);
    ck_assert(gate_text_parse_answer(&engine, answers[_i].line));
    ck_assert_mem_eq(&engine, &expected, sizeof engine);
    put_answer(line, &engine);
    ck_assert_str_eq(line, answers[_i].line);
}

static const char *const no_answers[] = {
    "",
    "\n",
    " ",
    " \n",
    "42165\n",
    "127.0.0.1\n",
    "127.0.0.1 \n",
    "127.0.0.1 0\n",
    "127.0.0.1 65536\n",
    "127.0.0.1 4294967297\n",
    "127.0.0.1 1x\n",
    "127.0.0.1  1\n",
    "127.0.0.1 1 \n",
    "127.0.0.1 -1\n",
    "127.0.0.1 1", /* cut off: its port may have been a longer one */
    "127.0.0.1 1\n\n",
    "127.0.0.1 1\nmore",
    "127.0.0.1\n1\n",
    " 127.0.0.1 1\n",
    "127.0.0 1\n",
    "localhost 1\n",
    "[::1] 1\n",
    "fe80::1%lo 1\n",
    ":::: 1\n",
    "::1 1 and then very much more than an address and a port can ever be\n",
    "000000000000000000000000000000000000000000000000000000000000001 1\n",
};

LOOP_TEST(any_other_line_is_no_answer, COUNT(no_answers))
{
    union address engine;

    ck_assert_msg(!gate_text_parse_answer(&engine, no_answers[_i]), "%s", no_answers[_i]);
}

/* In blocks of their size, so that a sanitizer sees a byte too far. */
TEST(random_bytes_do_no_harm)
{
    static const char likely[] = "0123456789.: f\n";
    struct gate_address gate;
    union address engine;
    int accepted = 0;

    srand(1);
    for (int i = 0; i < 100000; i++) {
        size_t end = (size_t)rand() % 128;
        char *text = malloc(end + 1);

        for (size_t at = 0; at < end; at++)
            text[at] = (char)(rand() % 2 != 0 ? likely[rand() % (COUNT(likely) - 1)] : rand());
        text[end] = '\0';
        if (gate_text_parse(&gate, text)) {
            accepted++;
            ck_assert_uint_ge(gate.port, 1);
            ck_assert_uint_le(gate.port, 65535);
            ck_assert_str_eq(strchr(text, ':') + 1, gate.name);
        }
        gate_text_parse_answer(&engine, text);
        free(text);
    }
    ck_assert_int_gt(accepted, 0); /* else nothing has been tested */
}
