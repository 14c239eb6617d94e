/*
 * The IMD decoder against valid streams, and streams that end anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "launcher/imd/imd.h"
#include "tests/support/suite.h"
#include "tests/unit/support/imd_decode.h"

static void assert_v2_facts(const struct imd *imd)
{
    ck_assert_str_eq(imd->error, "");
    ck_assert_int_eq(imd->version, 2);
    ck_assert_int_eq(imd->atoms, ATOMS);
    ck_assert_uint_eq(imd->frames, FRAMES);
    ck_assert(imd->greeted && imd->has_step && imd->has_energies && !imd->has_time);
    ck_assert_int_eq(imd->step, 10 * FRAMES);
    ck_assert_int_eq(imd->stride, 20);
    ck_assert(imd->temperature == 94.5F && imd->total == -100.25F);
    ck_assert(imd->potential == -200.5F);
}

LOOP_TEST(a_v2_stream_is_decoded_in_both_byte_orders, 2)
{
    struct stream stream = v2_stream(_i == 1);
    struct imd imd = decode(&stream);

    assert_v2_facts(&imd);
    ck_assert_int_eq(imd.big_endian, _i == 1);
    ck_assert_uint_eq(imd.bytes, stream.length);
    ck_assert(imd_end(&imd));
}

LOOP_TEST(a_v3_stream_is_decoded_in_both_byte_orders, 2)
{
    struct stream stream = v3_stream(_i == 1, &everything);
    struct imd imd = decode(&stream);

    ck_assert_str_eq(imd.error, "");
    ck_assert_int_eq(imd.version, 3);
    ck_assert_int_eq(imd.big_endian, _i == 1);
    ck_assert_int_eq(imd.atoms, ATOMS);
    ck_assert_uint_eq(imd.frames, FRAMES);
    ck_assert_int_eq(imd.step, 10 * FRAMES);
    ck_assert_int_eq(imd.stride, 10);
    ck_assert(imd.has_time && imd.time == 5.0 * FRAMES);
    ck_assert(imd.has_energies && imd.temperature == 94.5F);
    ck_assert(imd_end(&imd));
}

/* Bit i of the loop's number is the i-th packet: each choice but the empty one. */
RANGE_TEST(a_v3_frame_is_what_was_announced_whatever_that_is, 1, 64)
{
    struct session_info info = {
        .time = _i & 1,
        .energies = _i >> 1 & 1,
        .box = _i >> 2 & 1,
        .coordinates = _i >> 3 & 1,
        .velocities = _i >> 4 & 1,
        .forces = _i >> 5 & 1,
    };
    struct stream stream = v3_stream(false, &info);
    struct imd imd = decode(&stream);

    ck_assert_str_eq(imd.error, "");
    ck_assert_uint_eq(imd.frames, FRAMES);
    ck_assert(imd_end(&imd));
}

/* As VMD's own server code ends a stream. */
LOOP_TEST(a_disconnect_between_frames_is_the_end_of_the_run, 2)
{
    struct stream stream = v2_stream(_i);
    struct imd imd;

    put_header(&stream, IMD_DISCONNECT, 0);
    put_header(&stream, 99, 0); /* nothing is decoded any more */
    imd_start(&imd);
    ck_assert_uint_eq(imd_feed(&imd, stream.bytes, stream.length) & (IMD_LEFT | IMD_FAILED),
                      IMD_LEFT);
    ck_assert(imd_end(&imd));
    ck_assert_uint_gt(imd.frames, 0);
}

TEST(any_byte_that_is_not_zero_announces)
{
    const struct session_info info = {.coordinates = 255};
    struct stream stream = v3_stream(false, &info);
    struct imd imd = decode(&stream);

    ck_assert_uint_eq(imd.frames, FRAMES);
}

TEST(the_step_of_time_has_64_bits_and_wins)
{
    const struct session_info info = {.time = 1, .energies = 1};
    struct stream stream = {0};
    struct imd imd;

    put_handshake(&stream, 3);
    put_session(&stream, &info);
    put_frame(&stream, &info, INT64_C(0x123456789A));
    imd = decode(&stream);
    ck_assert_int_eq(imd.step, INT64_C(0x123456789A));
}

TEST(go_is_due_at_once_in_v2_and_after_the_session_info_in_v3)
{
    struct stream v2 = {0}, v3 = {0};
    struct imd imd;

    put_handshake(&v2, 2);
    imd_start(&imd);
    ck_assert_uint_eq(imd_feed(&imd, v2.bytes, v2.length), IMD_GREETED);
    put_handshake(&v3, 3);
    imd_start(&imd);
    ck_assert_uint_eq(imd_feed(&imd, v3.bytes, v3.length), 0);
    v3.length = 0;
    put_session(&v3, &everything);
    ck_assert_uint_eq(imd_feed(&imd, v3.bytes, v3.length), IMD_GREETED);
}

static unsigned feed_bytewise(struct imd *imd, const struct stream *stream)
{
    unsigned news = 0;

    imd_start(imd);
    for (size_t i = 0; i < stream->length; i++)
        news |= imd_feed(imd, stream->bytes + i, 1);
    return news;
}

TEST(feeding_byte_by_byte_is_feeding_the_whole)
{
    struct stream streams[] = {v2_stream(false), v2_stream(true), v3_stream(false, &everything),
                               v3_stream(true, &everything)};

    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        struct imd whole, parts;
        unsigned news;

        imd_start(&whole);
        news = imd_feed(&whole, streams[i].bytes, streams[i].length);
        ck_assert_uint_eq(news, IMD_GREETED | IMD_FRAMED);
        ck_assert_uint_eq(feed_bytewise(&parts, &streams[i]), news);
        ck_assert_uint_eq(parts.frames, whole.frames);
        ck_assert_uint_eq(parts.bytes, whole.bytes);
        ck_assert_int_eq(parts.step, whole.step);
        ck_assert(imd_end(&whole) && imd_end(&parts));
    }
}

/* 12 bytes for each of 2^28 atoms are more than 32 bits can count. */
TEST(the_largest_count_is_passed_by_to_its_last_byte)
{
    static const unsigned char chunk[1 << 20];
    struct stream stream = {0};
    struct imd imd;
    unsigned news = 0;

    put_handshake(&stream, 2);
    put_header(&stream, 2, IMD_MOST_ATOMS);
    imd = decode(&stream);
    for (uint64_t left = UINT64_C(12) * IMD_MOST_ATOMS; left > 0; left -= sizeof chunk)
        news = imd_feed(&imd, chunk, sizeof chunk);
    ck_assert_uint_eq(news, IMD_FRAMED);
    ck_assert_uint_eq(imd.frames, 1);
    ck_assert_uint_eq(imd.bytes, stream.length + UINT64_C(12) * IMD_MOST_ATOMS);
    ck_assert(imd_end(&imd));
}

TEST(an_end_before_the_first_frame_is_an_error)
{
    struct stream stream = {0};
    struct imd imd = decode(&stream);

    ck_assert(!imd_end(&imd));
    ck_assert_ptr_nonnull(strstr(imd.error, "before the handshake"));
    put_handshake(&stream, 2);
    put_energies(&stream, 1);
    imd = decode(&stream);
    ck_assert(!imd_end(&imd));
    ck_assert_ptr_nonnull(strstr(imd.error, "before the first frame"));
}

static bool may_end(const struct stream *stream, size_t offset)
{
    for (size_t i = 0; i < stream->end_count; i++)
        if (stream->ends[i] == offset)
            return true;
    return false;
}

LOOP_TEST(a_stream_cut_off_anywhere_else_than_behind_a_frame_is_told, 4)
{
    struct stream stream = _i < 2 ? v2_stream(_i == 1) : v3_stream(_i == 3, &everything);

    for (size_t offset = 0; offset <= stream.length; offset++) {
        struct stream cut = stream;
        struct imd imd;
        bool ended, failed_before;

        cut.length = offset;
        imd = decode(&cut);
        failed_before = imd.error[0] != '\0';
        ended = imd_end(&imd);
        ck_assert_msg(!failed_before && ended == may_end(&stream, offset) &&
                          ended == (imd.error[0] == '\0'),
                      "offset %zu: '%s'", offset, imd.error);
    }
}

TEST(the_place_of_the_break_is_named)
{
    struct stream stream = v2_stream(false);
    struct imd imd;

    stream.length--;
    imd = decode(&stream);
    imd_end(&imd);
    ck_assert_ptr_nonnull(strstr(imd.error, "inside a packet: FCOORDS"));
    stream = v3_stream(false, &everything);
    put_time(&stream, 1);
    imd = decode(&stream);
    imd_end(&imd);
    ck_assert_ptr_nonnull(strstr(imd.error, "inside a frame, before its ENERGIES"));
}

TEST(a_header_is_encoded_in_network_order)
{
    static const unsigned char expected[] = {0, 0, 0, 8, 0xff, 0xff, 0xff, 0xfe};
    unsigned char header[IMD_HEADER_SIZE];

    imd_encode_header(header, IMD_TRATE, -2);
    ck_assert_mem_eq(header, expected, sizeof header);
}
