/*
 * Translation between the versions of IMD, byte for byte. What is expected is made from the
 * protocol's tables by imd_stream.c.
 */
#include "launcher/imd/translation.h"
#include "tests/doubles/support/imd_stream.h"
#include "tests/support/suite.h"

enum { MOST_FRAMES = 64 };

static const double time_step = 0.5; /* as put_time() has it */

struct result {
    struct translation translation;
    struct imd imd;
    struct stream put;
    size_t begins[MOST_FRAMES]; /* where frames begin in it */
    size_t begin_count;
};

/* Cut into pieces of `most` bytes, each in a block of its own size. */
static struct result translate_by(struct translation translation, const struct stream *from,
                                  size_t most)
{
    struct result result = {.translation = translation};

    imd_start(&result.imd);
    for (size_t at = 0; at < from->length;) {
        size_t length = from->length - at < most ? from->length - at : most;
        unsigned char *chunk = malloc(length), out[STREAM_SIZE + TRANSLATION_ADDED];
        struct piece piece;

        memcpy(chunk, from->bytes + at, length);
        piece = translation_take(&result.translation, &result.imd, chunk, length, out);
        free(chunk);
        if (piece.taken == 0)
            break;
        ck_assert_uint_le(piece.put, length + TRANSLATION_ADDED);
        ck_assert_uint_le(result.put.length + piece.put, STREAM_SIZE);
        if (piece.begins)
            result.begins[result.begin_count++] = result.put.length;
        memcpy(result.put.bytes + result.put.length, out, piece.put);
        result.put.length += piece.put;
        at += piece.taken;
    }
    return result;
}

static struct result translate(const struct stream *from, int version, double step, size_t most)
{
    return translate_by((struct translation){.version = version, .time_step = step}, from,
                        most);
}

static void assert_put(const struct result *result, const struct stream *expected)
{
    ck_assert_uint_eq(result->put.length, expected->length);
    ck_assert_mem_eq(result->put.bytes, expected->bytes, expected->length);
}

static void assert_greeting(const struct result *result, const struct stream *expected)
{
    unsigned char greeting[TRANSLATION_GREETING];

    ck_assert(result->translation.known);
    ck_assert_uint_eq(translation_greet(&result->translation, &result->imd, greeting),
                      expected->length);
    ck_assert_mem_eq(greeting, expected->bytes, expected->length);
}

static struct stream greeting_of(int version, bool big_endian, const struct session_info *info)
{
    struct stream stream = {.big_endian = big_endian};

    put_handshake(&stream, version);
    if (version == 3)
        put_session(&stream, info);
    return stream;
}

/* Every cut, in both byte orders. */
static const size_t cuts[] = {1, 2, 3, 5, 7, 8, 9, 11, 40, 41, 48, 49, 100, STREAM_SIZE};

enum { CUTS = sizeof cuts / sizeof cuts[0] };

#define BIG_ENDIAN_OF(i) ((i) % 2 == 1)
#define CUT_OF(i) (cuts[(i) / 2])

/* GROMACS: energies and coordinates in each frame. */
static void put_v2_frame(struct stream *stream, int32_t step)
{
    put_energies(stream, step);
    put_vectors(stream, IMD_FCOORDS);
}

static struct stream gromacs_stream(bool big_endian)
{
    struct stream stream = {.big_endian = big_endian};

    put_handshake(&stream, 2);
    for (int32_t step = 0; step < 30; step += 10)
        put_v2_frame(&stream, step);
    return stream;
}

LOOP_TEST(v2_with_energies_becomes_v3_with_time, 2 * CUTS)
{
    const struct session_info info = {.time = 1, .energies = 1, .coordinates = 1};
    bool big_endian = BIG_ENDIAN_OF(_i);
    struct stream from = gromacs_stream(big_endian), frames = {.big_endian = big_endian};
    struct stream greeting = greeting_of(3, big_endian, &info);
    struct result result = translate(&from, 3, time_step, CUT_OF(_i));

    for (int64_t step = 0; step < 30; step += 10)
        put_frame(&frames, &info, step);
    assert_put(&result, &frames);
    assert_greeting(&result, &greeting);
    ck_assert_uint_eq(result.begin_count, 3);
    ck_assert_uint_eq(result.begins[1], frames.length / 3);
    ck_assert_uint_eq(result.translation.left_out, 0);
}

LOOP_TEST(without_a_time_step_no_time_is_claimed, 2 * CUTS)
{
    const struct session_info info = {.energies = 1, .coordinates = 1};
    bool big_endian = BIG_ENDIAN_OF(_i);
    struct stream from = gromacs_stream(big_endian), frames = {.big_endian = big_endian};
    struct stream greeting = greeting_of(3, big_endian, &info);
    struct result result = translate(&from, 3, 0, CUT_OF(_i));

    for (int64_t step = 0; step < 30; step += 10)
        put_frame(&frames, &info, step);
    assert_put(&result, &frames);
    assert_greeting(&result, &greeting);
}

/* LAMMPS: no energies, so no step and no time, whatever the time step. */
LOOP_TEST(v2_of_coordinates_alone_becomes_v3_of_coordinates_alone, 2 * CUTS)
{
    const struct session_info info = {.coordinates = 1};
    bool big_endian = BIG_ENDIAN_OF(_i);
    struct stream from = greeting_of(2, big_endian, NULL), frames = {.big_endian = big_endian};
    struct stream greeting = greeting_of(3, big_endian, &info);
    struct result result;

    for (int i = 0; i < FRAMES; i++) {
        put_vectors(&from, IMD_FCOORDS);
        put_vectors(&frames, IMD_FCOORDS);
    }
    result = translate(&from, 3, time_step, CUT_OF(_i));
    assert_put(&result, &frames);
    assert_greeting(&result, &greeting);
    ck_assert_uint_eq(result.begin_count, FRAMES);
}

TEST(a_step_below_zero_keeps_its_sign)
{
    const struct session_info info = {.time = 1, .energies = 1, .coordinates = 1};
    struct stream from = greeting_of(2, false, NULL), frames = {0};
    struct result result;

    put_v2_frame(&from, -10);
    put_frame(&frames, &info, -10);
    result = translate(&from, 3, time_step, STREAM_SIZE);
    assert_put(&result, &frames);
}

/* GROMACS: ENERGIES itself is not changed. */
LOOP_TEST(the_step_of_time_is_the_frames_own, 3)
{
    struct translation translation = {.version = 3, .time_step = time_step, .step_ahead = _i};
    struct stream from = {0}, frame = {0};
    unsigned char out[STREAM_SIZE + TRANSLATION_ADDED];
    size_t put = 0;
    struct imd imd;

    put_handshake(&from, 2);
    put_v2_frame(&from, 10);
    put_time(&frame, 10 - _i);
    put_v2_frame(&frame, 10);
    imd_start(&imd);
    for (size_t at = 0; at < from.length;) {
        struct piece piece =
            translation_take(&translation, &imd, from.bytes + at, from.length - at, out + put);

        at += piece.taken;
        put += piece.put;
    }
    ck_assert_uint_eq(put, frame.length);
    ck_assert_mem_eq(out, frame.bytes, put);
}

TEST(a_frame_without_the_energies_that_were_announced_is_left_out_and_counted)
{
    const struct session_info info = {.time = 1, .energies = 1, .coordinates = 1};
    struct stream from = greeting_of(2, false, NULL), frames = {0};
    struct result result;

    put_v2_frame(&from, 10);
    put_vectors(&from, IMD_FCOORDS);
    put_v2_frame(&from, 30);
    put_frame(&frames, &info, 10);
    put_frame(&frames, &info, 30);
    result = translate(&from, 3, time_step, STREAM_SIZE);
    assert_put(&result, &frames);
    ck_assert_uint_eq(result.translation.left_out, 1);
}

TEST(of_energies_that_come_twice_the_last_are_the_frames)
{
    const struct session_info info = {.time = 1, .energies = 1, .coordinates = 1};
    struct stream from = greeting_of(2, false, NULL), frames = {0};
    struct result result;

    put_energies(&from, 10);
    put_v2_frame(&from, 20);
    put_frame(&frames, &info, 20);
    result = translate(&from, 3, time_step, STREAM_SIZE);
    assert_put(&result, &frames);
}

TEST(energies_that_were_not_announced_are_left_out)
{
    const struct session_info info = {.coordinates = 1};
    struct stream from = greeting_of(2, false, NULL), frames = {0};
    struct result result;

    put_vectors(&from, IMD_FCOORDS);
    put_v2_frame(&from, 10);
    put_frame(&frames, &info, 0);
    put_frame(&frames, &info, 10);
    result = translate(&from, 3, time_step, STREAM_SIZE);
    assert_put(&result, &frames);
}

LOOP_TEST(v3_becomes_v2_of_energies_and_coordinates, 2 * CUTS)
{
    bool big_endian = BIG_ENDIAN_OF(_i);
    struct stream from = v3_stream(big_endian, &everything);
    struct stream frames = {.big_endian = big_endian};
    struct stream greeting = greeting_of(2, big_endian, NULL);
    struct result result = translate(&from, 2, 0, CUT_OF(_i));

    for (int32_t frame = 1; frame <= FRAMES; frame++)
        put_v2_frame(&frames, 10 * frame);
    assert_put(&result, &frames);
    assert_greeting(&result, &greeting);
    ck_assert_uint_eq(result.begin_count, FRAMES);
}

/* Bit i of the loop's number is the i-th packet. */
RANGE_TEST(v3_passes_byte_for_byte_whatever_it_announces, 1, 64)
{
    struct session_info info = {
        .time = _i & 1,
        .energies = _i >> 1 & 1,
        .box = _i >> 2 & 1,
        .coordinates = _i >> 3 & 1,
        .wrapped = 2,
        .velocities = _i >> 4 & 1,
        .forces = _i >> 5 & 1,
    };

    for (int i = 0; i < 2 * CUTS; i++) {
        struct stream from = v3_stream(BIG_ENDIAN_OF(i), &info);
        struct stream greeting = greeting_of(3, BIG_ENDIAN_OF(i), &info);
        struct result result = translate(&from, 3, time_step, CUT_OF(i));
        struct stream frames = {.length = from.length - greeting.length};

        memcpy(frames.bytes, from.bytes + greeting.length, frames.length);
        assert_put(&result, &frames);
        assert_greeting(&result, &greeting);
        ck_assert_uint_eq(result.begin_count, FRAMES);
        for (size_t frame = 1; frame < FRAMES; frame++)
            ck_assert_uint_eq(result.begins[frame], from.ends[frame - 1] - greeting.length);
    }
}

LOOP_TEST(v2_passes_byte_for_byte, 2 * CUTS)
{
    struct stream from = v2_stream(BIG_ENDIAN_OF(_i));
    struct stream greeting = greeting_of(2, BIG_ENDIAN_OF(_i), NULL);
    struct result result = translate(&from, 2, time_step, CUT_OF(_i));
    struct stream frames = {.length = from.length - greeting.length};

    memcpy(frames.bytes, from.bytes + greeting.length, frames.length);
    assert_put(&result, &frames);
    assert_greeting(&result, &greeting);
    ck_assert_uint_eq(result.begin_count, FRAMES);
}

TEST(energies_alone_are_frames_of_v2_as_well)
{
    struct stream from = greeting_of(2, false, NULL);
    struct result result;

    for (int32_t step = 0; step < 3; step++)
        put_energies(&from, step);
    result = translate(&from, 2, 0, STREAM_SIZE);
    ck_assert_uint_eq(result.begin_count, 3);
}

TEST(the_servers_goodbye_is_passed_on_only_where_its_version_is)
{
    struct stream from = v2_stream(false);
    struct result same, other;
    size_t length = from.length - IMD_HEADER_SIZE;

    put_header(&from, IMD_DISCONNECT, 7);
    same = translate(&from, 2, 0, 3);
    other = translate(&from, 3, 0, 3);
    ck_assert_uint_eq(same.put.length, length + IMD_HEADER_SIZE);
    ck_assert_mem_eq(same.put.bytes, from.bytes + IMD_HEADER_SIZE, same.put.length);
    ck_assert(other.imd.gone && other.put.bytes[other.put.length - 1] != 7);
}

TEST(what_the_decoder_refuses_is_not_passed_on)
{
    struct stream from = v2_stream(false);
    size_t length = from.length - IMD_HEADER_SIZE;
    struct result result;

    put_header(&from, 99, 1);
    put_vectors(&from, IMD_FCOORDS);
    result = translate(&from, 2, 0, STREAM_SIZE);
    ck_assert_uint_eq(result.put.length, length);
    ck_assert_str_ne(result.imd.error, "");
}

/*
 * A stream that has broken off anywhere in its second frame is none that has ended, for who gets
 * what was put and then what translation_break() gives: `end` reads as imd_end().
 */
static bool ends_well(const struct stream *from, int version, bool *same)
{
    struct result result = translate(from, version, time_step, STREAM_SIZE);
    unsigned char bytes[TRANSLATION_GREETING], last[IMD_HEADER_SIZE];
    size_t greeting = translation_greet(&result.translation, &result.imd, bytes);
    size_t length = translation_break(&result.translation, &result.imd, last);
    struct imd client;

    imd_start(&client);
    imd_feed(&client, bytes, greeting);
    imd_feed(&client, result.put.bytes, result.put.length);
    imd_feed(&client, last, length);
    *same = result.put.length + length == from->length - greeting &&
            memcmp(last, from->bytes + from->length - length, length) == 0;
    return imd_end(&client);
}

/* Not behind a whole frame or, in version 2, a whole packet: that would be an end. */
LOOP_TEST(a_stream_that_breaks_off_does_so_for_clients_of_each_version, 4)
{
    int from_version = 2 + _i / 2, to_version = 2 + _i % 2;
    struct stream whole =
        from_version == 2 ? gromacs_stream(false) : v3_stream(false, &everything);
    struct result all = translate(&whole, from_version, 0, STREAM_SIZE);
    size_t start = whole.length - all.put.length, packet = 48;

    for (size_t at = start + all.begins[1] + 1; at < start + all.begins[2]; at++) {
        struct stream cut = whole;
        bool same;

        if (from_version == 2 && at == start + all.begins[1] + packet)
            continue;
        cut.length = at;
        ck_assert_msg(!ends_well(&cut, to_version, &same), "cut at %zu", at);
        ck_assert(same || from_version != to_version);
    }
}

/* The connection was reset between two frames. */
LOOP_TEST(a_stream_that_breaks_off_between_frames_does_so_for_clients, 2)
{
    struct stream whole = gromacs_stream(false);
    bool same;

    ck_assert(!ends_well(&whole, 2 + _i, &same));
}

TEST(a_stream_that_breaks_off_before_its_first_frame_gets_nothing_more)
{
    struct stream from = greeting_of(2, false, NULL);
    struct result result = translate(&from, 2, 0, STREAM_SIZE);
    unsigned char last[IMD_HEADER_SIZE];

    ck_assert_uint_eq(translation_break(&result.translation, &result.imd, last), 0);
}

LOOP_TEST(what_the_decoder_refuses_is_the_last_that_a_client_of_its_version_gets, 2)
{
    struct stream from = v2_stream(false);
    unsigned char last[IMD_HEADER_SIZE];
    struct result result;

    put_header(&from, 99, 1);
    result = translate(&from, 2 + _i, 0, STREAM_SIZE);
    ck_assert_uint_eq(translation_break(&result.translation, &result.imd, last),
                      _i == 0 ? IMD_HEADER_SIZE : IMD_HEADER_SIZE / 2);
    if (_i == 0)
        ck_assert_mem_eq(last, from.bytes + from.length - IMD_HEADER_SIZE, IMD_HEADER_SIZE);
}

/* Received at the place where it stays, as translation_room() says: nothing is moved. */
LOOP_TEST(what_is_passed_on_may_be_received_in_its_place, 2 * CUTS)
{
    struct stream from = v3_stream(BIG_ENDIAN_OF(_i), &everything), greeting;
    struct translation translation = {.version = 3};
    unsigned char place[STREAM_SIZE + TRANSLATION_ADDED];
    size_t put = 0, held;
    struct imd imd;

    greeting = greeting_of(3, BIG_ENDIAN_OF(_i), &everything);
    imd_start(&imd);
    for (size_t at = 0; at < greeting.length;)
        at += translation_take(&translation, &imd, from.bytes + at, greeting.length - at, place)
                  .taken;
    for (size_t at = greeting.length; at < from.length;) {
        size_t length = from.length - at < CUT_OF(_i) ? from.length - at : CUT_OF(_i);

        ck_assert_uint_ge(translation_room(&translation, &imd, &held), length);
        memcpy(place + put + held, from.bytes + at, length);
        at += length;
        for (const unsigned char *next = place + put + held; length > 0;) {
            struct piece piece =
                translation_take(&translation, &imd, next, length, place + put);

            next += piece.taken;
            length -= piece.taken;
            put += piece.put;
        }
    }
    ck_assert_uint_eq(put, from.length - greeting.length);
    ck_assert_mem_eq(place, from.bytes + greeting.length, put);
}

/* ---- before the first frame ---- */

static const struct session_info with_all = {.time = 1, .energies = 1, .coordinates = 1};

LOOP_TEST(of_an_engine_that_sends_energies_the_session_is_known_at_its_greeting, 2 * CUTS)
{
    const struct translation wanted = {
        .version = 3, .time_step = time_step, .sends_energies = true};
    struct stream from = greeting_of(2, BIG_ENDIAN_OF(_i), NULL);
    struct stream greeting = greeting_of(3, BIG_ENDIAN_OF(_i), &with_all);
    struct stream frames = {.big_endian = BIG_ENDIAN_OF(_i)};
    struct result result = translate_by(wanted, &from, CUT_OF(_i));

    assert_greeting(&result, &greeting);
    put_v2_frame(&from, 10);
    put_frame(&frames, &with_all, 10);
    result = translate_by(wanted, &from, CUT_OF(_i));
    assert_put(&result, &frames);
    assert_greeting(&result, &greeting);
}

TEST(of_such_an_engine_a_frame_without_energies_is_left_out)
{
    const struct translation wanted = {.version = 3, .sends_energies = true};
    struct stream from = greeting_of(2, false, NULL);
    struct result result;

    put_vectors(&from, IMD_FCOORDS);
    result = translate_by(wanted, &from, STREAM_SIZE);
    ck_assert_uint_eq(result.put.length, 0);
    ck_assert_uint_eq(result.translation.left_out, 1);
}

TEST(what_an_engine_of_version_3_announces_is_not_presumed_otherwise)
{
    const struct session_info info = {.coordinates = 1};
    const struct translation wanted = {
        .version = 3, .time_step = time_step, .sends_energies = true};
    struct stream from = greeting_of(3, false, &info), greeting = greeting_of(3, false, &info);
    struct result result = translate_by(wanted, &from, STREAM_SIZE);

    assert_greeting(&result, &greeting);
}

/* In the second case energies have come, and the coordinates that belong to them have not. */
LOOP_TEST(what_has_not_come_in_time_is_not_announced, 2)
{
    const struct session_info first = {.coordinates = 1};
    const struct session_info *info = _i == 0 ? &first : &with_all;
    struct stream from = greeting_of(2, false, NULL), greeting = greeting_of(3, false, info);
    struct result result;

    if (_i == 1)
        put_energies(&from, 10);
    result = translate(&from, 3, time_step, STREAM_SIZE);
    ck_assert(!result.translation.known);
    translation_presume(&result.translation);
    assert_greeting(&result, &greeting);
}

TEST(energies_that_were_not_announced_are_dropped)
{
    struct stream from = greeting_of(2, false, NULL), frames = {0}, expected = {0};
    unsigned char out[STREAM_SIZE + TRANSLATION_ADDED];
    struct result result = translate(&from, 3, time_step, STREAM_SIZE);
    size_t put = 0;

    translation_presume(&result.translation);
    put_v2_frame(&frames, 10);
    put_vectors(&expected, IMD_FCOORDS);
    for (size_t at = 0; at < frames.length;) {
        struct piece piece = translation_take(&result.translation, &result.imd,
                                              frames.bytes + at, frames.length - at, out + put);

        at += piece.taken;
        put += piece.put;
    }
    ck_assert_uint_eq(put, expected.length);
    ck_assert_mem_eq(out, expected.bytes, put);
    ck_assert_uint_eq(result.translation.left_out, 0);
}
