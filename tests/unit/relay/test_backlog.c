/*
 * The backlog: bytes come in at one end and are asked for by place.
 */
#include "launcher/relay/backlog.h"

#include <string.h>

#include "tests/support/suite.h"

enum { SIZE = 1 << 16 };

static struct backlog backlog;

static void enter(void)
{
    ck_assert(backlog_make(&backlog, SIZE));
}

static void leave(void)
{
    backlog_free(&backlog);
}

/* The byte at a place of the stream. */
static unsigned char byte_at(uint64_t place)
{
    return (unsigned char)(place * 7 + place / 251);
}

static bool add(size_t length)
{
    size_t room;
    unsigned char *at = backlog_room(&backlog, &room);

    if (at == NULL || room < length)
        return false;
    for (size_t i = 0; i < length; i++)
        at[i] = byte_at(backlog_end(&backlog) + i);
    backlog_put(&backlog, length);
    return true;
}

static void assert_bytes_from(uint64_t place)
{
    size_t length;
    const unsigned char *bytes = backlog_at(&backlog, place, &length);

    ck_assert_uint_eq(length, backlog_end(&backlog) - place);
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != byte_at(place + i))
            ck_abort_msg("byte %zu from %llu", i, (unsigned long long)place);
}

TEST_OPTIONS(.setup = enter, .teardown = leave);

TEST(what_was_put_is_there_at_its_place)
{
    ck_assert(add(1000) && add(500));
    ck_assert_uint_eq(backlog_begin(&backlog), 0);
    ck_assert_uint_eq(backlog_end(&backlog), 1500);
    assert_bytes_from(0);
    assert_bytes_from(999);
    assert_bytes_from(1500);
}

TEST(it_is_full_as_long_as_nothing_is_released)
{
    size_t room;

    ck_assert(add(SIZE - BACKLOG_LEAST_ROOM + 1));
    ck_assert_ptr_null(backlog_room(&backlog, &room));
    backlog_release(&backlog, backlog_end(&backlog));
    ck_assert_ptr_nonnull(backlog_room(&backlog, &room));
    ck_assert_uint_eq(room, SIZE);
}

/* One reader that is behind by less than half: the stream never comes to a halt. */
TEST(places_stay_what_they_are_when_bytes_are_moved)
{
    uint64_t reader = 0;

    for (int i = 0; i < 1000; i++) {
        size_t length = 1 + (size_t)(i * 37 % 5000);

        ck_assert(add(length));
        if (backlog_end(&backlog) - reader > SIZE / 4)
            reader = backlog_end(&backlog) - SIZE / 8;
        backlog_release(&backlog, reader);
        ck_assert_uint_eq(backlog_begin(&backlog), reader);
        assert_bytes_from(reader);
    }
    ck_assert_uint_gt(backlog_end(&backlog), 20 * SIZE);
}

TEST(who_follows_at_once_never_has_bytes_moved)
{
    const unsigned char *first = backlog_tail(&backlog);

    for (int i = 0; i < 100; i++) {
        size_t room;

        ck_assert_ptr_eq(backlog_room(&backlog, &room), first);
        ck_assert(add(4000));
        backlog_release(&backlog, backlog_end(&backlog));
    }
}

TEST(the_first_frame_is_known_and_others_at_a_distance)
{
    ck_assert_uint_eq(backlog_frame(&backlog, 0), BACKLOG_NOWHERE);
    for (int frame = 0; frame < 100; frame++) {
        backlog_mark(&backlog);
        ck_assert(add(100));
    }
    ck_assert_uint_eq(backlog_frame(&backlog, 0), 0);
    ck_assert_uint_eq(backlog_frame(&backlog, 1) % 100, 0);
    ck_assert_uint_le(backlog_frame(&backlog, 1), SIZE / BACKLOG_MARKS + 100);
    ck_assert_uint_eq(backlog_frame(&backlog, 9901), BACKLOG_NOWHERE);
}

TEST(marks_of_what_is_released_are_forgotten_and_their_number_is_bounded)
{
    uint64_t released = 0;

    for (int frame = 0; frame < 10000; frame++) {
        backlog_mark(&backlog);
        ck_assert(add(100 + (size_t)frame % 3000));
        if (backlog_end(&backlog) - released > SIZE / 4)
            released = backlog_end(&backlog) - SIZE / 8;
        backlog_release(&backlog, released);
        ck_assert_uint_le(backlog.mark_count, BACKLOG_MARKS + 2);
        ck_assert_uint_ge(backlog_frame(&backlog, 0), released);
    }
}

TEST(an_emptied_one_begins_again)
{
    backlog_mark(&backlog);
    ck_assert(add(1000));
    backlog_empty(&backlog);
    ck_assert_uint_eq(backlog_end(&backlog), 0);
    ck_assert_uint_eq(backlog_frame(&backlog, 0), BACKLOG_NOWHERE);
}
