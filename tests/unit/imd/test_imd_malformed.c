/*
 * What the IMD decoder refuses, and that the refusal names it.
 */
#include <stdlib.h>
#include <string.h>

#include "launcher/imd/imd.h"
#include "tests/support/suite.h"
#include "tests/unit/support/imd_decode.h"

/* The stream is refused, with a text that has both words in it, and stays refused. */
static void assert_refused(const struct stream *stream, const char *word, const char *other)
{
    struct imd imd = decode(stream);
    uint64_t bytes = imd.bytes;

    ck_assert_msg(strstr(imd.error, word) != NULL && strstr(imd.error, other) != NULL,
                  "'%s' names not both '%s' and '%s'", imd.error, word, other);
    ck_assert_uint_eq(imd_feed(&imd, stream->bytes, stream->length), IMD_FAILED);
    ck_assert_uint_eq(imd.bytes, bytes);
    ck_assert(!imd_end(&imd));
}

TEST(a_server_that_speaks_something_else_is_refused)
{
    struct stream stream = {.length = 12, .bytes = "SSH-2.0-Open"};

    assert_refused(&stream, "not an IMD server", "53 53 48 2d 32 2e 30 2d");
}

TEST(only_versions_2_and_3_are_accepted)
{
    static const struct {
        int32_t version;
        const char *text;
    } others[] = {{0, "version 0,"},
                  {1, "version 1,"},
                  {4, "version 4,"},
                  {9, "version 9,"},
                  {-1, "version 4294967295,"}};

    for (size_t i = 0; i < 2 * sizeof others / sizeof others[0]; i++) {
        struct stream stream = {.big_endian = i % 2 == 1};

        put_handshake(&stream, others[i / 2].version);
        assert_refused(&stream, others[i / 2].text, "2 and 3");
    }
}

TEST(a_type_that_is_unknown_is_refused_by_number)
{
    static const struct {
        int32_t type;
        const char *text;
    } others[] = {{17, "type 17"},
                  {1000, "type 1000"},
                  {-1, "type -1"},
                  {INT32_MAX, "type 2147483647"},
                  {INT32_MIN, "type -2147483648"}};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct stream stream = v2_stream(false);

        put_header(&stream, others[i].type, 1);
        assert_refused(&stream, "unknown", others[i].text);
    }
}

TEST(what_only_clients_send_is_refused_by_name)
{
    static const struct {
        int32_t type;
        const char *name;
    } others[] = {{3, "GO"},    {4, "HANDSHAKE"}, {5, "KILL"},    {6, "MDCOMM"}, {7, "PAUSE"},
                  {8, "TRATE"}, {9, "IOERROR"},   {11, "RESUME"}, {16, "WAIT"}};

    for (size_t i = 0; i < 2 * sizeof others / sizeof others[0]; i++) {
        struct stream stream = i % 2 ? v2_stream(false) : v3_stream(false, &everything);

        put_header(&stream, others[i / 2].type, 1);
        assert_refused(&stream, "no server sends", others[i / 2].name);
    }
}

TEST(v2_has_none_of_the_packets_of_v3)
{
    static const struct {
        int32_t type;
        const char *name;
    } others[] = {
        {10, "SESSIONINFO"}, {12, "TIME"}, {13, "BOX"}, {14, "VELOCITIES"}, {15, "FORCES"}};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct stream stream = v2_stream(false);

        put_header(&stream, others[i].type, 1);
        assert_refused(&stream, "version 2", others[i].name);
    }
}

TEST(v3_packets_out_of_order_are_refused)
{
    struct stream stream = v3_stream(false, &everything);

    put_time(&stream, 1);
    put_floats(&stream, 13, 1, 9);
    assert_refused(&stream, "BOX packet", "ENERGIES is due");
}

TEST(v3_packets_that_were_not_announced_are_refused)
{
    const struct session_info info = {.coordinates = 1};
    struct stream stream = v3_stream(false, &info);

    put_vectors(&stream, 14);
    assert_refused(&stream, "VELOCITIES packet", "FCOORDS is due");
}

TEST(v3_without_session_info_is_refused)
{
    struct stream stream = {0};

    put_handshake(&stream, 3);
    put_vectors(&stream, 2);
    assert_refused(&stream, "FCOORDS packet", "SESSIONINFO is due");
}

TEST(a_second_session_info_is_refused)
{
    struct stream stream = v3_stream(false, &everything);

    put_session(&stream, &everything);
    assert_refused(&stream, "SESSIONINFO packet", "TIME is due");
}

TEST(a_session_that_announces_nothing_is_refused)
{
    const struct session_info nothing = {.wrapped = 1};
    struct stream stream = {0};

    put_handshake(&stream, 3);
    put_session(&stream, &nothing);
    assert_refused(&stream, "announces", "nothing");
}

TEST(a_fixed_packet_with_another_value_is_refused)
{
    struct stream energies = v2_stream(false);
    struct stream box = {0}, session = {0}, time = v3_stream(false, &everything);
    const struct session_info only_box = {.box = 1};

    put_header(&energies, 1, 2);
    assert_refused(&energies, "ENERGIES", "value 2, not 1");
    put_header(&time, 12, 0);
    assert_refused(&time, "TIME", "value 0, not 1");
    put_handshake(&box, 3);
    put_session(&box, &only_box);
    put_header(&box, 13, -5);
    assert_refused(&box, "BOX", "value -5, not 1");
    put_handshake(&session, 3);
    put_header(&session, 10, 8);
    assert_refused(&session, "SESSIONINFO", "value 8, not 7");
}

TEST(a_count_that_is_no_sane_number_of_atoms_is_refused)
{
    static const struct {
        int32_t atoms;
        const char *text;
    } counts[] = {{0, "of 0 atoms"},
                  {-1, "of -1 atoms"},
                  {INT32_MIN, "of -2147483648 atoms"},
                  {(1 << 28) + 1, "of 268435457 atoms"},
                  {INT32_MAX, "of 2147483647 atoms"}};

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct stream stream = {0};

        put_handshake(&stream, 2);
        put_header(&stream, 2, counts[i].atoms);
        assert_refused(&stream, "FCOORDS", counts[i].text);
    }
}

TEST(a_count_that_changes_is_refused)
{
    struct stream stream = v2_stream(false);

    put_header(&stream, 2, ATOMS + 1);
    assert_refused(&stream, "of 4 atoms", "of 3");
}
