/*
 * What each key asks the engine for.
 */
#include <string.h>

#include "launcher/imd/bytes.h"
#include "launcher/imd/keys.h"
#include "tests/support/suite.h"

static struct keys keys;
static struct imd imd;
static unsigned char header[IMD_HEADER_SIZE];

static void start(int version)
{
    keys_start(&keys);
    imd_start(&imd);
    imd.version = version;
}

static enum key_action take(char key)
{
    return keys_take(&keys, key, &imd, header);
}

static void assert_sends(char key, enum imd_type type, int32_t value)
{
    ck_assert_int_eq(take(key), KEY_SEND);
    ck_assert_int_eq(command_type(header), type);
    ck_assert_int_eq((int32_t)bytes_to_integer(header + 4, 4, true), value);
}

TEST(the_space_bar_pauses_and_resumes_in_the_words_of_the_engines_version)
{
    for (int version = 2; version <= 3; version++) {
        start(version);
        for (int i = 0; i < 2; i++) {
            assert_sends(' ', IMD_PAUSE, 0);
            ck_assert(keys.steering.paused);
            ck_assert_str_eq(keys.asked, "pause");
            assert_sends(' ', version == 2 ? IMD_PAUSE : IMD_RESUME, 0);
            ck_assert(!keys.steering.paused);
            ck_assert_str_eq(keys.asked, "resume");
        }
    }
}

TEST(the_rate_is_doubled_and_halved_from_what_comes)
{
    start(2);
    imd.stride = 10;
    assert_sends('+', IMD_TRATE, 5);
    ck_assert_str_eq(keys.asked, "every 5 steps");
    imd.stride = 10; /* from what was asked for, that the engine has not come to yet */
    assert_sends('-', IMD_TRATE, 10);
    assert_sends('-', IMD_TRATE, 20);
}

static const int64_t unknown[] = {0, -10, INT64_MIN, INT64_MAX, (1 << 30) + 1};

LOOP_TEST(an_engine_that_tells_no_sensible_steps_is_taken_to_send_each, COUNT(unknown))
{
    start(2);
    imd.stride = unknown[_i];
    assert_sends('+', IMD_TRATE, 1);
    ck_assert_str_eq(keys.asked, "every step");
    assert_sends('-', IMD_TRATE, 2);
}

TEST(the_rate_stays_between_every_step_and_what_a_number_holds)
{
    start(3);
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(take('-'), KEY_SEND);
    assert_sends('-', IMD_TRATE, 1 << 30);
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(take('+'), KEY_SEND);
    assert_sends('+', IMD_TRATE, 1);
}

TEST(the_run_is_ended_only_by_a_second_key_that_says_yes)
{
    static const char starts[] = "kK", yes[] = "yY";

    for (int i = 0; i < 2; i++) {
        start(2);
        ck_assert_int_eq(take(starts[i]), KEY_NONE);
        ck_assert(keys.confirming);
        ck_assert_int_eq(take(yes[i]), KEY_END);
        ck_assert_int_eq(command_type(header), IMD_KILL);
        ck_assert(!keys.confirming);
        ck_assert_str_eq(keys.asked, "end of the run");
    }
}

TEST(any_other_second_key_does_nothing_but_take_the_question_back)
{
    static const char others[] = "kKnq +-?\n\033";

    for (size_t i = 0; i < strlen(others); i++) {
        start(2);
        ck_assert_int_eq(take('k'), KEY_NONE);
        ck_assert_int_eq(take(others[i]), KEY_NONE);
        ck_assert(!keys.confirming && !keys.steering.paused);
        ck_assert_int_eq(take('y'), KEY_NONE);
        ck_assert_str_eq(keys.asked, "");
    }
}

TEST(every_byte_but_the_keys_does_nothing)
{
    for (int byte = -128; byte < 128; byte++) {
        start(2);
        if (byte != 0 && strchr(" +-kKqQ?", byte) != NULL)
            continue;
        ck_assert_int_eq(take((char)byte), KEY_NONE);
        ck_assert(!keys.confirming);
    }
    ck_assert_int_eq(take('q'), KEY_LEAVE);
    ck_assert_int_eq(take('?'), KEY_HELP);
}
