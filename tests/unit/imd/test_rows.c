/*
 * Rows: what a frame has not got is left empty, and numbers read back as they were.
 */
#include "launcher/imd/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/doubles/support/imd_stream.h"
#include "tests/support/suite.h"

/* All rows of a stream. */
static char *rows_of(const struct stream *stream, int form)
{
    char *text = NULL;
    size_t length = 0;
    struct rows rows = {.out = open_memstream(&text, &length), .form = form};
    struct imd imd;
    unsigned news;

    imd_start(&imd);
    rows_begin(&rows);
    for (size_t at = 0; at < stream->length;) {
        at += imd_take(&imd, stream->bytes + at, stream->length - at, &news);
        if (news & IMD_FRAMED)
            rows_print(&rows, &imd);
    }
    fclose(rows.out);
    return text;
}

/* Energies in every second frame only. */
TEST(a_frame_without_energies_has_no_step_either)
{
    struct stream stream = v2_stream(false);
    char *text = rows_of(&stream, ROWS_CSV);

    ck_assert_str_eq(strchr(text, '\n'), "\n0,,,,,,,,,,,\n"
                                         "1,20,,94.5,-100.25,-200.5,0,1,2,3,4,5\n"
                                         "2,,,,,,,,,,,\n"
                                         "3,40,,94.5,-100.25,-200.5,0,1,2,3,4,5\n");
    free(text);
}

TEST(the_step_of_a_v3_frame_without_energies_is_known)
{
    const struct session_info info = {.time = 1, .coordinates = 1};
    struct stream stream = {0};
    char *text;

    put_handshake(&stream, 3);
    put_session(&stream, &info);
    put_frame(&stream, &info, INT64_C(5000000000));
    text = rows_of(&stream, ROWS_CSV);
    ck_assert_str_eq(strchr(text, '\n'), "\n0,5000000000,2500000000,,,,,,,,,\n");
    free(text);
}

static void put_energies_of(struct stream *stream, float value)
{
    put_header(stream, IMD_ENERGIES, 1);
    put(stream, 1, 4, false);
    for (int i = 0; i < 9; i++)
        put_float(stream, value);
    put_vectors(stream, IMD_FCOORDS);
}

static const float reals[] = {0.1F, 1.17549435e-38F, 3.40282347e+38F, -7.006492e-45F,
                              16777217.0F};

LOOP_TEST(a_number_reads_back_as_it_was, COUNT(reals))
{
    struct stream stream = {0};
    char *text, *last;

    put_handshake(&stream, 2);
    put_energies_of(&stream, reals[_i]);
    text = rows_of(&stream, ROWS_CSV);
    last = strrchr(text, ',') + 1;
    ck_assert_msg(strtof(last, NULL) == reals[_i], "%s", last);
    free(text);
}

static const float none[] = {NAN, INFINITY, -INFINITY};

LOOP_TEST(json_has_null_for_what_is_no_number, COUNT(none))
{
    struct stream stream = {0};
    char *text;

    put_handshake(&stream, 2);
    put_energies_of(&stream, none[_i]);
    text = rows_of(&stream, ROWS_JSON);
    ck_assert_ptr_nonnull(strstr(text, "\"temperature\": null, "));
    ck_assert_ptr_nonnull(strstr(text, "\"improper\": null}\n"));
    ck_assert_ptr_null(strstr(text, "nan"));
    ck_assert_ptr_null(strstr(text, "inf"));
    free(text);
}
