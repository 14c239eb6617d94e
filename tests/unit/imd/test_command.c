/*
 * What clients send, and what it becomes for an engine of the other version.
 */
#include "launcher/imd/command.h"
#include "tests/doubles/support/imd_stream.h"
#include "tests/support/suite.h"

static size_t size_of(int32_t type, int32_t value, int32_t atoms)
{
    struct stream stream = {0};

    put_header(&stream, type, value);
    return command_size(stream.bytes, atoms);
}

TEST(only_forces_have_a_body)
{
    static const int32_t bare[] = {IMD_DISCONNECT, IMD_GO,     IMD_KILL, IMD_PAUSE,
                                   IMD_TRATE,      IMD_RESUME, IMD_WAIT};

    for (int i = 0; i < COUNT(bare); i++)
        ck_assert_uint_eq(size_of(bare[i], 1000, 3), IMD_HEADER_SIZE);
    ck_assert_uint_eq(size_of(IMD_MDCOMM, 3, 3), IMD_HEADER_SIZE + 3 * 16);
    ck_assert_uint_eq(size_of(IMD_MDCOMM, 0, 3), IMD_HEADER_SIZE);
}

TEST(what_no_client_sends_is_none)
{
    static const int32_t others[] = {IMD_ENERGIES, IMD_FCOORDS,    IMD_HANDSHAKE, IMD_IOERROR,
                                     IMD_TIME,     IMD_BOX,        IMD_FORCES,    17,
                                     -1,           IMD_VELOCITIES, INT32_MAX,     INT32_MIN};

    for (int i = 0; i < COUNT(others); i++)
        ck_assert_uint_eq(size_of(others[i], 1, 3), 0);
}

TEST(forces_on_more_atoms_than_there_are_are_none)
{
    static const int32_t most = COMMAND_LEAST_FORCES;

    ck_assert_uint_eq(size_of(IMD_MDCOMM, -1, 3), 0);
    ck_assert_uint_eq(size_of(IMD_MDCOMM, INT32_MIN, 3), 0);
    ck_assert_uint_eq(size_of(IMD_MDCOMM, INT32_MAX, 3), 0);
    ck_assert_uint_eq(size_of(IMD_MDCOMM, most, 0), IMD_HEADER_SIZE + (size_t)most * 16);
    ck_assert_uint_eq(size_of(IMD_MDCOMM, most + 1, 0), 0);
    ck_assert_uint_eq(size_of(IMD_MDCOMM, most + 1, most + 1),
                      IMD_HEADER_SIZE + (size_t)(most + 1) * 16);
}

/* What the engine gets in the place of a header; 0 to 16, or NOTHING. */
enum { NOTHING = -1 };

static int translated(struct steering *steering, int32_t type)
{
    struct stream stream = {0};

    put_header(&stream, type, 42);
    if (!command_translate(steering, stream.bytes))
        return NOTHING;
    return (int)command_type(stream.bytes);
}

TEST(pause_of_v3_pauses_a_v2_engine_once_and_resume_continues_it)
{
    struct steering steering = {.client = 3, .engine = 2};

    ck_assert_int_eq(translated(&steering, IMD_RESUME), NOTHING);
    ck_assert_int_eq(translated(&steering, IMD_PAUSE), IMD_PAUSE);
    ck_assert_int_eq(translated(&steering, IMD_PAUSE), NOTHING);
    ck_assert_int_eq(translated(&steering, IMD_RESUME), IMD_PAUSE);
    ck_assert_int_eq(translated(&steering, IMD_RESUME), NOTHING);
    ck_assert_int_eq(translated(&steering, IMD_PAUSE), IMD_PAUSE);
}

TEST(pause_of_v2_pauses_and_resumes_a_v3_engine_in_turn)
{
    struct steering steering = {.client = 2, .engine = 3};

    ck_assert_int_eq(translated(&steering, IMD_PAUSE), IMD_PAUSE);
    ck_assert_int_eq(translated(&steering, IMD_PAUSE), IMD_RESUME);
    ck_assert_int_eq(translated(&steering, IMD_PAUSE), IMD_PAUSE);
}

TEST(pause_of_v2_is_passed_to_a_v2_engine_each_time)
{
    struct steering steering = {.client = 2, .engine = 2};

    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(translated(&steering, IMD_PAUSE), IMD_PAUSE);
        ck_assert_int_eq(steering.paused, i % 2 == 0);
    }
}

TEST(pause_and_resume_of_v3_are_passed_to_a_v3_engine_each_time)
{
    struct steering steering = {.client = 3, .engine = 3};

    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(translated(&steering, IMD_PAUSE), IMD_PAUSE);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(translated(&steering, IMD_RESUME), IMD_RESUME);
}

static const struct steering pairs[] = {
    {2, 2, false}, {2, 3, false}, {3, 2, false}, {3, 3, false}};

LOOP_TEST(kill_rate_and_forces_are_passed_with_their_values, COUNT(pairs))
{
    static const int32_t same[] = {IMD_KILL, IMD_TRATE, IMD_MDCOMM, IMD_GO, IMD_DISCONNECT};

    for (int i = 0; i < COUNT(same); i++) {
        struct steering steering = pairs[_i];
        struct stream stream = {0}, before;

        put_header(&stream, same[i], -7);
        before = stream;
        ck_assert(command_translate(&steering, stream.bytes));
        ck_assert_mem_eq(stream.bytes, before.bytes, IMD_HEADER_SIZE);
    }
}

/* Its value too: nonzero waits. */
LOOP_TEST(wait_reaches_an_engine_that_knows_it, COUNT(pairs))
{
    struct steering steering = pairs[_i];

    ck_assert_int_eq(translated(&steering, IMD_WAIT),
                     steering.engine == 3 ? IMD_WAIT : NOTHING);
}

LOOP_TEST(an_engine_is_resumed_if_it_is_paused_and_only_then, COUNT(pairs))
{
    struct steering steering = pairs[_i];
    unsigned char header[IMD_HEADER_SIZE];

    ck_assert(!command_resume(&steering, header));
    translated(&steering, IMD_PAUSE);
    ck_assert(command_resume(&steering, header));
    ck_assert_int_eq(command_type(header), steering.engine == 3 ? IMD_RESUME : IMD_PAUSE);
    ck_assert(!command_resume(&steering, header));
}
