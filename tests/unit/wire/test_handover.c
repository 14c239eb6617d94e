/* How the environment names where events go: a descriptor, a FIFO, a launcher on another host. */
#include "shim/wire/handover.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { MUTATIONS = 300000, SEED = 42 };

#define SECRET "0123456789abcdef0123456789abcdef"
#define BEFORE_ADDRESS "node1:42165:" SECRET ":"

/* On the heap, where a sanitizer sees a step beyond the end. */
static bool parse_bytes(struct handover_tcp *tcp, const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    bool taken;

    memcpy(copy, text, length);
    copy[length] = '\0';
    memset(tcp, 0xee, sizeof *tcp);
    taken = handover_parse_tcp(tcp, copy);
    free(copy);
    ck_assert_msg(taken == (tcp->count > 0), "%u addresses of '%s'", tcp->count, text);
    return taken;
}

static bool parse(struct handover_tcp *tcp, const char *text)
{
    return parse_bytes(tcp, text, strlen(text));
}

static void assert_leads_to(const struct handover_tcp *tcp, int index, const char *address)
{
    char found[INET6_ADDRSTRLEN];
    struct text text = {found, 0, sizeof found - 1};

    address_put(&text, &tcp->addresses[index]);
    text_end(&text);
    ck_assert_str_eq(found, address);
    ck_assert_uint_eq(address_port(&tcp->addresses[index]), 42165);
}

TEST_OPTIONS(.timeout = 120);

/* ---- a descriptor, a FIFO ---- */

TEST(a_descriptor_is_a_number_and_its_file)
{
    struct handover_fd file;

    memset(&file, 0xff, sizeof file);
    ck_assert(handover_parse_fd(&file, "19:2049:131:1795000000123456789"));
    ck_assert_int_eq(file.fd, 19);
    ck_assert_uint_eq(file.device, 2049);
    ck_assert_uint_eq(file.inode, 131);
    ck_assert_uint_eq(file.birth, UINT64_C(1795000000123456789));
    ck_assert(handover_parse_fd(&file, "0:0:0:0"));
    ck_assert_int_eq(file.fd, 0);
}

TEST(the_largest_numbers_of_the_kernel_are_taken)
{
    struct handover_fd file;

    ck_assert(handover_parse_fd(
        &file, "2147483647:9999999999999999999:9223372036854775807:18446744073709551615"));
    ck_assert_int_eq(file.fd, INT_MAX);
    ck_assert_uint_eq(file.device, UINT64_C(9999999999999999999));
    ck_assert_uint_eq(file.inode, INT64_MAX);
}

/* Network and stacked file systems hash names to inodes of all 64 bits. */
TEST(an_inode_of_64_bits_is_taken)
{
    struct handover_fd file;

    ck_assert(handover_parse_fd(&file, "19:2049:18446744073709551615:0"));
    ck_assert_uint_eq(file.inode, UINT64_MAX);
    ck_assert(handover_parse_fd(&file, "19:2049:10000000000000000000:0"));
    ck_assert_uint_eq(file.inode, UINT64_C(10000000000000000000));
}

TEST(a_damaged_descriptor_is_refused)
{
    static const char *const texts[] = {
        "",
        ":",
        ":::",
        "19",
        "19:",
        "19:2049",
        "19:2049:131",
        "19:2049:131:",
        "19:2049::0",
        "19::131:0",
        ":2049:131:0",
        "19:2049:131:0:",
        "19:2049:131:0:1",
        "19:2049:131:0 ",
        "19:2049:131:0\n",
        " 19:2049:131:0",
        "19: 2049:131:0",
        "+19:2049:131:0",
        "-1:2049:131:0",
        "19:-2049:131:0",
        "0x13:2049:131:0",
        "19.2049.131.0",
        "nineteen:2049:131:0",
        "2147483648:2049:131:0", /* no int */
        "4294967315:2049:131:0", /* 19, cut off at 32 bits */
        "19:2049:18446744073709551616:0",
        "19:2049:18446744073709551747:0", /* 131, cut off at 64 bits */
        "19:2049:100000000000000000000:0",
        "/tmp/fifo",
    };
    struct handover_fd file;

    for (int i = 0; i < COUNT(texts); i++) {
        file.fd = 5;
        ck_assert_msg(!handover_parse_fd(&file, texts[i]), "taken: '%s'", texts[i]);
        ck_assert_int_eq(file.fd, -1);
    }
}

TEST(a_fifo_is_an_absolute_path)
{
    char path[PATH_MAX] = "before";

    ck_assert(!handover_parse_fifo(path, ""));
    ck_assert_str_eq(path, "");
    ck_assert(!handover_parse_fifo(path, "fifo"));
    ck_assert(!handover_parse_fifo(path, "./fifo"));
    ck_assert(handover_parse_fifo(path, "/tmp/a fifo:\n"));
    ck_assert_str_eq(path, "/tmp/a fifo:\n");
    ck_assert(!handover_parse_fifo(path, "fifo"));
    ck_assert_str_eq(path, "");
}

TEST(a_path_longer_than_any_can_be_is_refused)
{
    char text[PATH_MAX + 1] = "", path[PATH_MAX];

    memset(text, '/', PATH_MAX - 1);
    ck_assert(handover_parse_fifo(path, text));
    ck_assert_str_eq(path, text);
    text[PATH_MAX - 1] = '/';
    ck_assert(!handover_parse_fifo(path, text));
}

static const struct handover_fd files[] = {
    {0, 0, 0, 0},
    {19, 2049, 131, UINT64_C(1795000000123456789)},
    {INT_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
};

LOOP_TEST(a_descriptor_is_read_as_it_was_written, COUNT(files))
{
    char buffer[128];
    struct text text = {buffer, 0, sizeof buffer - 1};
    struct handover_fd back;

    handover_put_fd(&text, &files[_i]);
    text_end(&text);
    ck_assert(handover_parse_fd(&back, buffer));
    ck_assert_int_eq(back.fd, files[_i].fd);
    ck_assert_uint_eq(back.device, files[_i].device);
    ck_assert_uint_eq(back.inode, files[_i].inode);
    ck_assert_uint_eq(back.birth, files[_i].birth);
}

/* ---- a launcher on another host ---- */

TEST(a_host_a_port_a_secret_and_addresses_are_read)
{
    struct handover_tcp tcp;

    ck_assert(parse(&tcp, BEFORE_ADDRESS "10.77.0.1,fd00::1,192.168.0.1"));
    ck_assert_str_eq(tcp.host, "node1");
    ck_assert_str_eq(tcp.secret, SECRET);
    ck_assert_uint_eq(tcp.count, 3);
    assert_leads_to(&tcp, 0, "10.77.0.1");
    assert_leads_to(&tcp, 1, "fd00::1");
    assert_leads_to(&tcp, 2, "192.168.0.1");
}

/* As in --listen and --port. */
TEST(a_number_may_begin_with_zeros)
{
    struct handover_tcp tcp;

    ck_assert(parse(&tcp, "node1:00042165:" SECRET ":10.77.0.1"));
    assert_leads_to(&tcp, 0, "10.77.0.1");
}

TEST(eight_addresses_are_read_and_nine_refused)
{
    struct handover_tcp tcp;

    ck_assert(parse(&tcp, BEFORE_ADDRESS "::1,::2,::3,::4,::5,::6,::7,::8"));
    ck_assert_uint_eq(tcp.count, HANDOVER_ADDRESSES);
    assert_leads_to(&tcp, 7, "::8");
    ck_assert(!parse(&tcp, BEFORE_ADDRESS "::1,::2,::3,::4,::5,::6,::7,::8,::9"));
    ck_assert(!parse(&tcp, BEFORE_ADDRESS "::1,::2,::3,::4,::5,::6,::7,::8,"));
}

/* The kernel lets a host be without. Its runs must not be without their events. */
TEST(a_host_may_have_no_name)
{
    struct handover_tcp tcp;

    ck_assert(parse(&tcp, ":42165:" SECRET ":10.77.0.1"));
    ck_assert_str_eq(tcp.host, "");
}

TEST(the_longest_name_of_a_host_is_read_and_a_longer_one_refused)
{
    char name[3 * HOST_SIZE + 1], text[3 * HOST_SIZE + 64];
    struct handover_tcp tcp;

    for (int length = 3 * (HOST_SIZE - 1); length <= 3 * HOST_SIZE; length += 3) {
        memset(name, 'n', sizeof name);
        name[length] = '\0';
        snprintf(text, sizeof text, "%s:42165:" SECRET ":::1", name);
        ck_assert_int_eq(parse(&tcp, text), length < 3 * HOST_SIZE);
    }
}

static const char *const damaged[] = {
    "",
    ":",
    ":::",
    "::::",
    "node1",
    "node1:42165",
    "node1:42165:10.77.0.1",
    "node1::" SECRET ":10.77.0.1",
    "node1:0:" SECRET ":10.77.0.1",
    "node1:65536:" SECRET ":10.77.0.1",
    "node1:4294967297:" SECRET ":10.77.0.1",
    "node1:+1:" SECRET ":10.77.0.1",
    "node1:1 :" SECRET ":10.77.0.1",
    "node1:0x1:" SECRET ":10.77.0.1",
    "node1:00065536:" SECRET ":10.77.0.1",
    "node1:1::10.77.0.1",
    "node1:1:" SECRET "0:10.77.0.1",
    "node1:1:0" SECRET ":10.77.0.1",
    "node1:1:0123456789abcdef0123456789abcde:10.77.0.1",
    BEFORE_ADDRESS,
    BEFORE_ADDRESS ",",
    BEFORE_ADDRESS "10.77.0.1,",
    BEFORE_ADDRESS ",10.77.0.1",
    BEFORE_ADDRESS "10.77.0.1,,10.77.0.2",
    BEFORE_ADDRESS "10.77.0.1 ",
    BEFORE_ADDRESS "10.77.0.1\n",
    BEFORE_ADDRESS "10.77.0.1;10.77.0.2",
    BEFORE_ADDRESS "localhost",
    BEFORE_ADDRESS "10.77.1",
    BEFORE_ADDRESS "[::1]",
    BEFORE_ADDRESS "fe80::1%eth0",
    BEFORE_ADDRESS "0000:0000:0000:0000:0000:0000:0000:0000:0000:0001",
    BEFORE_ADDRESS "0000000000000000000000000000000000000000000000001,::1",
};

LOOP_TEST(text_of_another_form_is_refused, COUNT(damaged))
{
    struct handover_tcp tcp;

    ck_assert_msg(!parse(&tcp, damaged[_i]), "taken: '%s'", damaged[_i]);
}

TEST(text_that_is_cut_off_is_refused)
{
    static const char whole[] = BEFORE_ADDRESS "10.77.0.1";
    struct handover_tcp tcp;

    for (size_t length = 0; length < sizeof whole - 1; length++)
        ck_assert_msg(!parse_bytes(&tcp, whole, length), "taken: '%.*s'", (int)length, whole);
    ck_assert(parse(&tcp, whole));
}

TEST(no_mutated_text_does_harm)
{
    static const char whole[] = "node1:42165:" SECRET ":10.77.0.1,fd00::1,::ffff:10.0.0.1,::";
    static const char likely[] = ":,.0129af%[]\n\xff";
    unsigned short state[3] = {SEED, 0, 0};
    unsigned taken = 0;
    struct handover_tcp tcp;

    printf("seed %d\n", SEED); /* said in the log of a run that crashes */
    for (int i = 0; i < MUTATIONS; i++) {
        char text[sizeof whole];
        size_t length = sizeof whole - 1;

        memcpy(text, whole, sizeof whole);
        for (long count = 1 + nrand48(state) % 4; count > 0; count--)
            text[nrand48(state) % (long)length] = likely[nrand48(state) % (COUNT(likely) - 1)];
        if (nrand48(state) % 4 == 0)
            length = (size_t)nrand48(state) % length;
        if (!parse_bytes(&tcp, text, length))
            continue;
        taken++;
        ck_assert_uint_le(tcp.count, HANDOVER_ADDRESSES);
        ck_assert_uint_lt(strnlen(tcp.host, sizeof tcp.host), sizeof tcp.host);
        ck_assert_uint_eq(strnlen(tcp.secret, sizeof tcp.secret), HANDOVER_SECRET);
    }
    ck_assert_uint_gt(taken, MUTATIONS / 100); /* else nothing has been tested */
    ck_assert_uint_lt(taken, MUTATIONS - MUTATIONS / 100);
}

static const char *const whole_texts[] = {
    "node1:42165:" SECRET ":10.77.0.1",
    ":1:" SECRET ":::",
    "node%201:65535:" SECRET ":10.77.0.1,fd00::1,::ffff:10.0.0.1,::,1:2:3:4:5:6:7:8",
    "n:1:" SECRET ":::1,::2,::3,::4,::5,::6,::7,::8",
};

LOOP_TEST(a_launcher_is_written_as_it_was_read, COUNT(whole_texts))
{
    char buffer[1024];
    struct text text = {buffer, 0, sizeof buffer - 1};
    struct handover_tcp tcp;

    ck_assert(parse(&tcp, whole_texts[_i]));
    handover_put_tcp(&text, &tcp);
    text_end(&text);
    ck_assert_str_eq(buffer, whole_texts[_i]);
}

/* ---- what goes over that connection ---- */

#define LINE "42165 ready pid=4711\n"

TEST(a_signed_line_is_read_by_whoever_knows_the_secret)
{
    char bytes[HANDOVER_SIGNATURE + sizeof LINE] = "", *signed_line, *line;

    memcpy(bytes + HANDOVER_SIGNATURE, LINE, sizeof LINE);
    signed_line = handover_sign(bytes + HANDOVER_SIGNATURE, SECRET);
    ck_assert_ptr_eq(signed_line, bytes);
    ck_assert_str_eq(bytes, SECRET " " LINE);
    line = handover_check_signed(bytes, SECRET);
    ck_assert_ptr_nonnull(line);
    ck_assert_str_eq(line, LINE);
}

TEST(an_empty_line_can_be_signed)
{
    char bytes[] = SECRET " ";

    ck_assert_str_eq(handover_check_signed(bytes, SECRET), "");
}

/* On the heap, where a sanitizer sees a step beyond the end. */
static bool is_signed(const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    bool right;

    memcpy(copy, text, length);
    copy[length] = '\0';
    right = handover_check_signed(copy, SECRET) != NULL;
    free(copy);
    return right;
}

TEST(a_secret_of_which_one_bit_is_wrong_is_wrong)
{
    char text[] = SECRET " " LINE;

    ck_assert(is_signed(text, sizeof text - 1));
    for (size_t i = 0; i <= HANDOVER_SECRET; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] ^= (char)(1 << bit);
            ck_assert_msg(!is_signed(text, sizeof text - 1), "bit %d of byte %zu", bit, i);
            text[i] ^= (char)(1 << bit);
        }
}

TEST(a_secret_that_is_cut_off_is_wrong)
{
    static const char text[] = SECRET " " LINE;

    for (size_t length = 0; length <= HANDOVER_SECRET; length++)
        ck_assert(!is_signed(text, length));
    ck_assert(is_signed(text, HANDOVER_SECRET + 1));
}

static const char *const unsigned_lines[] = {
    LINE,
    " " LINE,
    SECRET LINE,
    SECRET "\t" LINE,
    SECRET "0 " LINE,
    " " SECRET " " LINE,
    "0123456789ABCDEF0123456789ABCDEF " LINE,
    "00000000000000000000000000000000 " LINE,
    "GET / HTTP/1.1 and so on, and on, and on, and on",
};

LOOP_TEST(a_line_without_the_secret_is_not_believed, COUNT(unsigned_lines))
{
    ck_assert(!is_signed(unsigned_lines[_i], strlen(unsigned_lines[_i])));
}
