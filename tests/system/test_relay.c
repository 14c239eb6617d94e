/*
 * imdshim relay: what its clients get, byte for byte, and what the engine gets from them.
 */
#include <poll.h>
#include <sys/socket.h>

#include "tests/doubles/support/imd_stream.h"
#include "tests/system/support/relay.h"

static struct relayed relayed;

TEST_OPTIONS(IN_SANDBOX);

/* All that the relay of imd-server MODE sends a client that says GO. */
static struct stream bytes_of(const char *mode, const char *options)
{
    struct stream stream = {.length = 0};
    struct viewer viewer;
    ssize_t got;

    shell_start(&relayed.engine, "exec $DOUBLES/imd-server %s", mode);
    ck_assert(shell_wait_for_out(&relayed.engine, "\n"));
    shell_start(&relayed.relay, "exec $IMDSHIM relay %s %d", options, atoi(relayed.engine.out));
    ck_assert(shell_wait_for_err(&relayed.relay, "\n"));
    relayed.port = atoi(strstr(relayed.relay.err, "imd://127.0.0.1:") + 16);
    viewer = viewer_connect(relayed.port);
    viewer_say(&viewer, IMD_GO, 0);
    while ((got = recv(viewer.fd, stream.bytes + stream.length, STREAM_SIZE - stream.length,
                       0)) > 0)
        stream.length += (size_t)got;
    close(viewer.fd);
    relayed_finish(&relayed, 0);
    ck_assert_int_eq(shell_status(&relayed.engine), 0);
    return stream;
}

/* What imd-server sends. */
static struct stream sent(int version, bool big_endian, const struct session_info *info)
{
    struct stream stream = {.big_endian = big_endian};

    put_handshake(&stream, version);
    if (version == 3)
        put_session(&stream, info);
    for (int32_t step = 10; step <= 10 * FRAMES; step += 10) {
        if (version == 3) {
            put_frame(&stream, info, step);
        } else {
            put_energies(&stream, step);
            put_vectors(&stream, IMD_FCOORDS);
        }
    }
    return stream;
}

static const struct session_info translated = {.time = 1, .energies = 1, .coordinates = 1};

static const struct pair {
    const char *mode, *options;
    int version;
    bool big_endian;
    const struct session_info *info;
} pairs[] = {
    {"v2", "--imd-version 2", 2, false, NULL},
    {"v2-big-endian", "--imd-version 2", 2, true, NULL},
    {"v3", "", 3, false, &everything},
    {"v3-big-endian", "--imd-version 3 --time-step 7", 3, true, &everything},
    {"v2", "--time-step 0.5", 3, false, &translated},
    {"v2", "--time-step 0.5 --step-ahead 0", 3, false, &translated},
    {"v2-big-endian", "--time-step 5e-1", 3, true, &translated},
    {"v3", "--imd-version 2", 2, false, NULL},
    {"v3-big-endian", "--imd-version 2", 2, true, NULL},
};

LOOP_TEST(a_client_gets_the_stream_in_its_version_and_the_engines_byte_order, COUNT(pairs))
{
    const struct pair *pair = &pairs[_i];
    struct stream expected = sent(pair->version, pair->big_endian, pair->info);
    struct stream got = bytes_of(pair->mode, pair->options);

    ck_assert_uint_eq(got.length, expected.length);
    ck_assert_mem_eq(got.bytes, expected.bytes, got.length);
}

TEST(one_line_says_where_clients_connect_and_the_port_file_too)
{
    char where[64];

    relayed_start(&relayed, "frames=1", "");
    ck_assert(shell_wait_for_err(&relayed.relay, "\n"));
    snprintf(where, sizeof where, "imd://127.0.0.1:%d, IMD version 3\n", relayed.port);
    ck_assert_msg(strstr(relayed.relay.err, where) != NULL, "%s", relayed.relay.err);
    shell_run(&relayed.engine, "exec $IMDSHIM watch $(cat relay.port)");
    relayed_finish(&relayed, 0);
    assert_one_line(relayed.relay.err, "imdshim: relay of 127.0.0.1:");
    ck_assert_str_eq(relayed.relay.out, "");
}

/* ---- several clients ---- */

TEST(each_of_four_clients_gets_every_frame)
{
    struct viewer viewers[4];

    relayed_start(&relayed, "frames=2000", "--time-step 1");
    for (int i = 0; i < 4; i++)
        viewers[i] = viewer_connect(relayed.port);
    for (int i = 3; i >= 0; i--) /* all are there before the first frame is read */
        viewer_greet(&viewers[i]);
    viewers_read_all(viewers, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert(imd_end(&viewers[i].imd));
        ck_assert(viewers[i].contiguous && viewers[i].in_order);
        ck_assert_int_eq(viewers[i].last_step, 19990);
        close(viewers[i].fd);
    }
    relayed_finish(&relayed, 0);
    ck_assert_str_eq(strchr(relayed.engine.out, '\n'), "\nclient\ngo\nbye 2000\n");
}

TEST(the_first_client_gets_the_first_frame_and_a_later_one_begins_with_a_whole_one)
{
    struct viewer first, later;

    relayed_start(&relayed, "frames=2000 pace=1", "--time-step 1");
    first = viewer_start(relayed.port);
    ck_assert(viewer_read(&first, 20));
    later = viewer_start(relayed.port);
    ck_assert(viewer_read(&later, 3));
    ck_assert_int_eq(first.first_step, 0);
    ck_assert_int_ge(later.first_step, 200);
    ck_assert(first.contiguous && later.contiguous && later.in_order);
    relayed_end(&relayed);
}

/* While it reads nothing, the others get no more than what is on its way. */
TEST(the_slowest_client_sets_the_pace_and_loses_nothing)
{
    struct viewer viewers[2], *slow = &viewers[0], *quick = &viewers[1];
    struct pollfd readable;

    relayed_start(&relayed, "frames=4000 atoms=2000", "--imd-version 2");
    *slow = viewer_start(relayed.port);
    *quick = viewer_start(relayed.port);
    readable = (struct pollfd){.fd = quick->fd, .events = POLLIN};
    while (poll(&readable, 1, 500) == 1)
        viewer_read_some(quick);
    ck_assert_uint_lt(quick->imd.frames, 4000);
    viewers_read_all(viewers, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert(imd_end(&viewers[i].imd) && viewers[i].contiguous);
        ck_assert_int_eq(viewers[i].last_step, 39990);
        close(viewers[i].fd);
    }
    relayed_finish(&relayed, 0);
}

static const struct {
    const char *engine, *options;
    uint64_t frames;
    int64_t last_step;
} skipped[] = {
    {"frames=4000 atoms=2000", "--others-skip --time-step 1", 4000, 39990},
    /* The frames are larger than what the relay keeps. */
    {"version=3 frames=40 atoms=100000", "--others-skip", 40, 390},
};

LOOP_TEST(with_others_skip_a_slow_one_misses_whole_frames_and_the_first_none, COUNT(skipped))
{
    struct viewer first, slow;

    relayed_start(&relayed, skipped[_i].engine, skipped[_i].options);
    first = viewer_start(relayed.port);
    ck_assert(viewer_read(&first, 1));
    slow = viewer_start(relayed.port);
    ck_assert(viewer_read_all(&first));
    ck_assert(first.contiguous);
    ck_assert_int_eq(first.last_step, skipped[_i].last_step);
    ck_assert(viewer_read_all(&slow));
    ck_assert(slow.in_order);
    ck_assert_uint_lt(slow.imd.frames, skipped[_i].frames);
    close(first.fd);
    close(slow.fd);
    relayed_finish(&relayed, 0);
}

/* ---- what the engine gets ---- */

TEST(the_first_go_is_the_engines_and_nobody_is_connected_before)
{
    struct viewer viewer;

    relayed_start(&relayed, "frames=3", "--imd-version 2");
    shell_pause(200);
    ck_assert(strstr(relayed.engine.out, "client") == NULL);
    viewer = viewer_connect(relayed.port);
    ck_assert(shell_wait_for_out(&relayed.engine, "client\n"));
    ck_assert(strstr(relayed.engine.out, "go\n") == NULL);
    viewer_greet(&viewer);
    ck_assert(viewer_read_all(&viewer));
    ck_assert_uint_eq(viewer.imd.frames, 3);
    close(viewer.fd);
    relayed_finish(&relayed, 0);
}

/* What clients say in the words of version 3, and what reaches an engine of each version. */
static const struct {
    const char *engine, *options, *heard;
} tongues[] = {
    {"version=3", "", "7 0\n7 1\n11 0\n11 1\n8 5\n16 1\n6 2\nsum 7\n5 0\n0 0\nbye"},
    {"version=2", "", "7 0\n7 0\n8 5\n6 2\nsum 7\n5 0\n0 0\nbye"},
};

LOOP_TEST(commands_reach_the_engine_in_its_own_version, COUNT(tongues))
{
    const int32_t indices[] = {3, 4};
    const float forces[6] = {1, 2, 3, 4, 5, 6};
    struct viewer viewer;
    char engine[64];

    snprintf(engine, sizeof engine, "%s frames=0 pace=1", tongues[_i].engine);
    relayed_start(&relayed, engine, tongues[_i].options);
    viewer = viewer_start(relayed.port);
    ck_assert(viewer_read(&viewer, 2));
    viewer_say(&viewer, IMD_PAUSE, 0);
    viewer_say(&viewer, IMD_PAUSE, 1);
    viewer_say(&viewer, IMD_RESUME, 0);
    viewer_say(&viewer, IMD_RESUME, 1);
    viewer_say(&viewer, IMD_TRATE, 5);
    viewer_say(&viewer, IMD_WAIT, 1);
    viewer_say(&viewer, IMD_MDCOMM, 2);
    ck_assert_int_eq(send(viewer.fd, indices, sizeof indices, 0), sizeof indices);
    ck_assert_int_eq(send(viewer.fd, forces, sizeof forces, 0), sizeof forces);
    viewer_say(&viewer, IMD_KILL, 0);
    ck_assert(viewer_read(&viewer, viewer.imd.frames + 2));
    viewer_leave(&viewer);
    ck_assert(shell_wait_for_out(&relayed.engine, "bye"));
    ck_assert_msg(strstr(relayed.engine.out, tongues[_i].heard) != NULL, "%s",
                  relayed.engine.out);
    relayed_end(&relayed);
}

/* Version 2: PAUSE continues too. */
TEST(a_v3_engine_obeys_a_client_of_v2)
{
    struct viewer viewer;

    relayed_start(&relayed, "version=3 frames=0 pace=1", "--imd-version 2");
    viewer = viewer_start(relayed.port);
    ck_assert(viewer_read(&viewer, 2));
    for (int i = 0; i < 3; i++)
        viewer_say(&viewer, IMD_PAUSE, 0);
    ck_assert(shell_wait_for_out(&relayed.engine, "7 0\n11 0\n7 0\n"));
    relayed_end(&relayed);
}

static const char *const who[] = {"", "--others-steer"};

LOOP_TEST(commands_of_others_are_ignored_unless_asked_for, COUNT(who))
{
    struct viewer first, other;

    relayed_start(&relayed, "frames=0 pace=1", who[_i]);
    first = viewer_start(relayed.port);
    ck_assert(viewer_read(&first, 1));
    other = viewer_start(relayed.port);
    ck_assert(viewer_read(&other, 1));
    viewer_say(&other, IMD_TRATE, 111);
    if (_i == 1)
        ck_assert(shell_wait_for_out(&relayed.engine, "8 111\n"));
    else
        shell_pause(200);
    viewer_say(&first, IMD_TRATE, 222);
    ck_assert(shell_wait_for_out(&relayed.engine, "8 222\n"));
    ck_assert_int_eq(strstr(relayed.engine.out, "8 111\n") != NULL, _i == 1);
    relayed_end(&relayed);
}

TEST(when_the_first_leaves_the_next_one_commands_and_a_pause_ends)
{
    struct viewer first, next;

    relayed_start(&relayed, "frames=0 pace=1", "");
    first = viewer_start(relayed.port);
    ck_assert(viewer_read(&first, 1));
    next = viewer_start(relayed.port);
    ck_assert(viewer_read(&next, 1));
    viewer_say(&first, IMD_PAUSE, 0);
    ck_assert(shell_wait_for_out(&relayed.engine, "7 0\n"));
    viewer_leave(&first);
    ck_assert(viewer_read(&next, next.imd.frames + 100));
    ck_assert(next.contiguous);
    viewer_say(&next, IMD_TRATE, 333);
    ck_assert(shell_wait_for_out(&relayed.engine, "8 333\n"));
    relayed_end(&relayed);
}

TEST(when_the_last_one_leaves_so_does_the_relay_and_the_next_one_is_served_again)
{
    struct viewer viewer;

    relayed_start(&relayed, "frames=0 pace=1 clients=2", "--time-step 1");
    for (int i = 0; i < 2; i++) {
        viewer = viewer_start(relayed.port);
        ck_assert(viewer_read(&viewer, 5));
        ck_assert_int_eq(viewer.first_step, 0);
        if (i == 0)
            viewer_leave(&viewer);
        else
            viewer_die(&viewer);
        ck_assert(shell_wait_for_out(&relayed.engine, i == 0 ? "bye" : "0 0\nbye"));
    }
    shell_finish(&relayed.engine);
    ck_assert_int_eq(shell_status(&relayed.engine), 0);
    ck_assert_int_eq(shell_count_lines(relayed.engine.out, "0 0"), 2);
    ck_assert_int_eq(shell_count_lines(relayed.engine.out, "bye"), 2);
    relayed_end(&relayed);
}

TEST(a_signal_ends_the_relay_and_tells_the_engine)
{
    struct viewer viewer;

    relayed_start(&relayed, "frames=0 pace=1", "");
    viewer = viewer_start(relayed.port);
    ck_assert(viewer_read(&viewer, 1));
    kill(relayed.relay.pid, SIGINT);
    relayed_finish(&relayed, 0);
    ck_assert(strstr(relayed.engine.out, "0 0\nbye") != NULL);
}

TEST(without_a_client_the_time_is_limited_if_it_is_asked)
{
    relayed_start(&relayed, "frames=1", "-t 1");
    shell_finish(&relayed.relay);
    ck_assert_int_eq(shell_status(&relayed.relay), 124);
    ck_assert_ptr_nonnull(strstr(relayed.relay.err, "no client came within 1 s"));
    kill(relayed.engine.pid, SIGTERM);
    shell_finish(&relayed.engine);
}

TEST(without_a_client_the_engines_end_is_seen)
{
    relayed_start(&relayed, "frames=1", "");
    kill(relayed.engine.pid, SIGTERM);
    relayed_finish(&relayed, 0);
    ck_assert_ptr_nonnull(strstr(relayed.relay.err, " any more\n"));
}

/* Longer than between two looks. */
TEST(as_long_as_the_engine_listens_the_relay_waits)
{
    struct viewer viewer;

    relayed_start(&relayed, "frames=1", "");
    shell_pause(3500);
    viewer = viewer_start(relayed.port);
    ck_assert(viewer_read_all(&viewer));
    close(viewer.fd);
    relayed_finish(&relayed, 0);
    ck_assert_str_eq(strchr(relayed.engine.out, '\n'), "\nclient\ngo\nbye 1\n");
}

/* It may start later; and on another host nothing is known of it. */
static const char *const unseen[] = {"127.0.0.1", "192.0.2.1"};

LOOP_TEST(an_engine_that_was_never_seen_is_waited_for, COUNT(unseen))
{
    shell_start(&relayed.relay, "exec $IMDSHIM relay %s:9", unseen[_i]);
    ck_assert(shell_wait_for_err(&relayed.relay, "clients connect to"));
    shell_pause(300);
    kill(relayed.relay.pid, SIGTERM);
    shell_finish(&relayed.relay);
    ck_assert_int_eq(shell_status(&relayed.relay), 0);
    ck_assert_ptr_null(strstr(relayed.relay.err, " any more"));
}

static const char *const bad_usage[] = {
    "relay",
    "relay 1 2",
    "relay 65536",
    "relay --imd-version 1 8888",
    "relay --imd-version 4 8888",
    "relay --time-step 0 8888",
    "relay --time-step -1 8888",
    "relay --time-step nan 8888",
    "relay --time-step 0x2 8888",
    "relay --time-step ' 1' 8888",
    "relay --time-step 1ps 8888",
    "relay --listen 127.0.0.1:x 8888",
    "relay --relay 8888",
    "run --imd-version 2 -- true",
    "run --time-step 1 -- true",
    "run --others-skip -- true",
    "run --step-ahead 1 -- true",
    "relay --step-ahead -1 8888",
    "run --others-steer -- true",
};

LOOP_TEST(bad_usage_is_one_line_and_125, COUNT(bad_usage))
{
    shell_run(&relayed.relay, "exec $IMDSHIM %s", bad_usage[_i]);
    ck_assert_int_eq(shell_status(&relayed.relay), 125);
    assert_one_line(relayed.relay.err, "imdshim: ");
}

TEST(a_port_that_is_taken_is_told)
{
    struct shell other;

    relayed_start(&relayed, "frames=1", "");
    shell_run(&other, "exec $IMDSHIM relay -l :%d 8888", relayed.port);
    ck_assert_int_eq(shell_status(&other), 125);
    assert_one_line(other.err, "imdshim: cannot listen for clients at :");
    relayed_end(&relayed);
}
