/*
 * The IMD decoder is total: no input harms it, and how the input is cut makes no difference.
 * The input is the same in every run; the seed is printed so that it can be varied and told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/imd.h"
#include "tests/support/suite.h"
#include "tests/unit/imd_decode.h"

enum { FUZZ_ROUNDS = 20000 };

static const unsigned fuzz_seed = 20240229;

/* Any input: whole and in pieces of any size it must come to the same, and never to harm. */
static void assert_total(const struct stream *stream)
{
    struct imd whole = decode(stream), parts;
    size_t length;
    bool ended;

    imd_start(&parts);
    for (size_t at = 0; at < stream->length; at += length) {
        length = 1 + (size_t)random() % 64;
        if (length > stream->length - at)
            length = stream->length - at;
        imd_feed(&parts, stream->bytes + at, length);
    }
    ended = imd_end(&whole);
    ck_assert(imd_end(&parts) == ended && parts.frames == whole.frames &&
              parts.bytes == whole.bytes && whole.bytes <= stream->length &&
              strcmp(parts.error, whole.error) == 0);
}

START_TEST(random_bytes_do_no_harm)
{
    srandom(fuzz_seed);
    for (int round = 0; round < FUZZ_ROUNDS; round++) {
        struct stream stream = {0};

        /* Half of them behind a handshake, or hardly any would get past it. */
        if (round % 2 == 0)
            put_handshake(&stream, 2 + round / 2 % 2);
        for (long left = random() % 256; left > 0; left--)
            put(&stream, random() % 4 ? (uint64_t)random() % 18 : (uint64_t)random(), 1, true);
        assert_total(&stream);
    }
}
END_TEST

START_TEST(valid_streams_with_wrong_bytes_do_no_harm)
{
    struct stream streams[] = {v2_stream(false), v2_stream(true), v3_stream(false, &everything),
                               v3_stream(true, &everything)};

    srandom(fuzz_seed);
    for (int round = 0; round < FUZZ_ROUNDS; round++) {
        struct stream stream = streams[round % 4];

        for (long left = 1 + random() % 4; left > 0; left--)
            stream.bytes[(size_t)random() % stream.length] = (unsigned char)random();
        assert_total(&stream);
    }
}
END_TEST

static TCase *any_input(void)
{
    TCase *tcase = tcase_create("any input");

    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, random_bytes_do_no_harm);
    tcase_add_test(tcase, valid_streams_with_wrong_bytes_do_no_harm);
    return tcase;
}

Suite *test_suite(void)
{
    Suite *suite = suite_create("imd, any input");

    suite_add_tcase(suite, any_input());
    printf("the fuzz tests' seed is %u\n", fuzz_seed);
    fflush(stdout);
    return suite;
}
