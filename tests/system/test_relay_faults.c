/*
 * imdshim relay: a client that does what it should not is no other's loss, nor the engine's.
 */
#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/system/support/relay.h"

static struct relayed relayed;
static struct shell shell;

TEST_OPTIONS(IN_SANDBOX);

/* ---- clients ---- */

static void say_nothing(struct viewer *viewer)
{
    (void)viewer;
}

static void leave_at_once(struct viewer *viewer)
{
    close(viewer->fd);
    viewer->fd = -1;
}

static void send_bytes(const struct viewer *viewer, const void *bytes, size_t length)
{
    ck_assert_int_eq(send(viewer->fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void send_text(struct viewer *viewer)
{
    send_bytes(viewer, "GET / HTTP/1.1\r\n\r\n", 18);
}

static void send_half_a_header(struct viewer *viewer)
{
    send_bytes(viewer, "\0\0\0\3", 4);
}

static void send_half_a_header_and_die(struct viewer *viewer)
{
    send_half_a_header(viewer);
    viewer_die(viewer);
    viewer->fd = -1;
}

static void send_negative_count(struct viewer *viewer)
{
    viewer_greet(viewer);
    viewer_say(viewer, IMD_MDCOMM, -1);
}

static void send_absurd_count(struct viewer *viewer)
{
    viewer_greet(viewer);
    viewer_say(viewer, IMD_MDCOMM, INT32_MAX);
}

static void send_half_of_its_forces(struct viewer *viewer)
{
    viewer_greet(viewer);
    viewer_say(viewer, IMD_MDCOMM, 1000);
    send_bytes(viewer, "0123456789", 10);
    viewer_die(viewer);
    viewer->fd = -1;
}

static void send_what_servers_send(struct viewer *viewer)
{
    viewer_greet(viewer);
    viewer_say(viewer, IMD_FCOORDS, 1000);
}

static void send_an_unknown_type(struct viewer *viewer)
{
    viewer_greet(viewer);
    viewer_say(viewer, 99, 1);
}

/* 12 KB are a frame. */
static void die_in_mid_frame(struct viewer *viewer)
{
    unsigned char byte;

    viewer_greet(viewer);
    ck_assert_int_eq(recv(viewer->fd, &byte, 1, 0), 1);
    viewer_die(viewer);
    viewer->fd = -1;
}

static void say_go_twice(struct viewer *viewer)
{
    viewer_greet(viewer);
    viewer_say(viewer, IMD_GO, 0);
}

static void stop_talking(struct viewer *viewer)
{
    viewer_greet(viewer);
    shutdown(viewer->fd, SHUT_WR);
}

static void (*const faults[])(struct viewer *) = {
    say_nothing,
    leave_at_once,
    send_text,
    send_half_a_header,
    send_negative_count,
    send_absurd_count,
    send_an_unknown_type,
    send_what_servers_send,
    die_in_mid_frame,
    send_half_a_header_and_die,
    say_go_twice,
    send_half_of_its_forces,
    stop_talking,
};

static void assert_all_frames(struct viewer *viewer, int frames)
{
    ck_assert(viewer_read_all(viewer));
    ck_assert(viewer->contiguous && viewer->in_order);
    ck_assert_int_eq(viewer->first_step, 0);
    ck_assert_int_eq(viewer->last_step, 10 * (frames - 1));
    close(viewer->fd);
}

static void finish_whole(int frames)
{
    char bye[32];

    relayed_finish(&relayed, 0);
    snprintf(bye, sizeof bye, "\nbye %d\n", frames);
    ck_assert_msg(strstr(relayed.engine.out, bye) != NULL, "%s", relayed.engine.out);
    ck_assert_int_eq(shell_count_lines(relayed.engine.out, "client"), 1);
}

LOOP_TEST(who_comes_beside_and_misbehaves_is_not_noticed, COUNT(faults))
{
    struct viewer good, bad;

    relayed_start(&relayed, "frames=1000 pace=1", "--time-step 1");
    good = viewer_start(relayed.port);
    ck_assert(viewer_read(&good, 1));
    bad = viewer_connect(relayed.port);
    faults[_i](&bad);
    if (faults[_i] == say_go_twice)
        leave_at_once(&bad);
    assert_all_frames(&good, 1000);
    if (bad.fd >= 0)
        close(bad.fd);
    finish_whole(1000);
}

/* Those that have not said GO: nobody has got anything yet. */
static void (*const early_faults[])(struct viewer *) = {
    say_nothing, leave_at_once, send_text, send_half_a_header, send_half_a_header_and_die,
};

static const char *const versions[] = {"--time-step 1", "--imd-version 2"};

LOOP_TEST(who_comes_first_and_misbehaves_takes_nothing_from_the_next, 2 * COUNT(early_faults))
{
    struct viewer good, bad;

    relayed_start(&relayed, "frames=1000 pace=1", versions[_i % 2]);
    bad = viewer_connect(relayed.port);
    early_faults[_i / 2](&bad);
    shell_pause(100);
    good = viewer_start(relayed.port);
    assert_all_frames(&good, 1000);
    if (bad.fd >= 0)
        close(bad.fd);
    finish_whole(1000);
}

/* LAMMPS ends its run if its client says no GO for a second. */
TEST(an_engine_whose_first_client_says_nothing_gets_its_go_in_time)
{
    struct viewer silent, good;

    relayed_start(&relayed, "version=3 frames=100", "");
    silent = viewer_connect(relayed.port);
    ck_assert(shell_wait_for_out(&relayed.engine, "\ngo\n"));
    good = viewer_start(relayed.port);
    assert_all_frames(&good, 100);
    close(silent.fd);
    finish_whole(100);
}

TEST(who_stops_reading_and_dies_lets_the_others_go_on)
{
    struct viewer good, stopped;
    struct pollfd readable;

    relayed_start(&relayed, "frames=4000 atoms=2000", "--imd-version 2");
    good = viewer_start(relayed.port);
    stopped = viewer_start(relayed.port);
    readable = (struct pollfd){.fd = good.fd, .events = POLLIN};
    while (poll(&readable, 1, 500) == 1)
        viewer_read_some(&good);
    ck_assert_uint_lt(good.imd.frames, 4000);
    viewer_die(&stopped);
    assert_all_frames(&good, 4000);
    finish_whole(4000);
}

/* ---- nothing is left of them ---- */

static int descriptors_of(pid_t pid)
{
    char path[64];
    int count = 0;
    DIR *directory;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    directory = opendir(path);
    ck_assert_ptr_nonnull(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static long pages_of(pid_t pid)
{
    char path[64];
    long all = 0, resident = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%ld %ld", &all, &resident), 2);
    fclose(file);
    return resident;
}

/* The relay may still have to notice the last one. */
static void wait_for_descriptors(int count)
{
    for (int i = 0; i < 200 && descriptors_of(relayed.relay.pid) != count; i++)
        shell_pause(10);
    ck_assert_int_eq(descriptors_of(relayed.relay.pid), count);
}

TEST(a_thousand_that_come_and_leave_leave_nothing, .needs = launcher_is_bare)
{
    struct viewer good, other;
    int descriptors;
    long pages = 0;

    relayed_start(&relayed, "frames=0 pace=1", "--time-step 1");
    good = viewer_start(relayed.port);
    ck_assert(viewer_read(&good, 1));
    descriptors = descriptors_of(relayed.relay.pid);
    for (int i = 0; i < 1000; i++) {
        other = viewer_connect(relayed.port);
        if (i % 3 != 0)
            viewer_greet(&other);
        if (i % 3 == 2)
            viewer_die(&other);
        else
            close(other.fd);
        if (i == 99)
            pages = pages_of(relayed.relay.pid);
        ck_assert(viewer_read(&good, good.imd.frames + 1));
    }
    wait_for_descriptors(descriptors);
    if (!built_with_sanitizer()) /* which keeps what is freed, and looks for leaks itself */
        ck_assert_int_le(pages_of(relayed.relay.pid), pages + 64);
    ck_assert(good.contiguous);
    relayed_end(&relayed);
}

/* ---- engines ---- */

static const struct {
    const char *options;
    int cut; /* bytes that its last frame lacks */
} cuts[] = {
    {"--imd-version 2", 1},     {"--time-step 1", 1},       {"--imd-version 2", 12000},
    {"--time-step 1", 12000},   {"--imd-version 2", 12007}, {"--time-step 1", 12007},
    {"--imd-version 2", 12052}, {"--time-step 1", 12052},
};

LOOP_TEST(of_an_engine_that_ends_in_mid_frame_all_whole_frames_arrive, COUNT(cuts))
{
    struct viewer viewers[2];
    char engine[64];

    snprintf(engine, sizeof engine, "frames=500 pace=1 cut=%d", cuts[_i].cut);
    relayed_start(&relayed, engine, cuts[_i].options);
    for (int i = 0; i < 2; i++)
        viewers[i] = viewer_start(relayed.port);
    viewers_read_all(viewers, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert(viewers[i].contiguous);
        ck_assert_int_eq(viewers[i].last_step - viewers[i].first_step,
                         10 * ((int64_t)viewers[i].imd.frames - 1));
        ck_assert_int_eq(viewers[i].last_step, 4980);
        ck_assert(!imd_end(&viewers[i].imd)); /* as it would be without the relay */
        close(viewers[i].fd);
    }
    relayed_finish(&relayed, 1);
    ck_assert_ptr_nonnull(strstr(relayed.relay.err, "breaks off inside"));
}

static const char *const broken[] = {"truncated", "absurd-count", "negative-count",
                                     "unknown-packet"};

/* To the same version and to the other one. */
LOOP_TEST(a_stream_that_breaks_off_is_a_failure_for_each_client, 2 * COUNT(broken))
{
    shell_start(&relayed.engine, "exec $DOUBLES/imd-server %s", broken[_i / 2]);
    ck_assert(shell_wait_for_out(&relayed.engine, "\n"));
    shell_start(&relayed.relay, "exec $IMDSHIM relay -o relay.port --imd-version %d %d",
                2 + _i % 2, atoi(relayed.engine.out));
    wait_for_file("relay.port");
    shell_run(&shell, "exec $IMDSHIM watch $(cat relay.port)");
    ck_assert_int_eq(shell_status(&shell), 1);
    assert_one_line(shell.err, "imdshim: 127.0.0.1:");
    relayed_finish(&relayed, 1);
}

TEST(who_has_not_read_all_when_the_engine_ends_gets_the_rest)
{
    struct viewer viewer;

    relayed_start(&relayed, "frames=200 atoms=10000", "--time-step 1");
    viewer = viewer_start(relayed.port);
    ck_assert(viewer_read(&viewer, 1));
    viewer_say(&viewer, IMD_TRATE, 1); /* nobody will read it: it must not cost what follows */
    shell_pause(300);
    assert_all_frames(&viewer, 200);
    relayed_finish(&relayed, 0);
}

TEST(an_engine_that_is_not_there_is_told)
{
    struct viewer viewer;

    relayed_start(&relayed, "frames=1", "");
    kill(relayed.engine.pid, SIGKILL);
    shell_finish(&relayed.engine);
    viewer = viewer_connect(relayed.port);
    ck_assert(!viewer_read_some(&viewer));
    close(viewer.fd);
    shell_finish(&relayed.relay);
    ck_assert_int_eq(shell_status(&relayed.relay), 1);
    ck_assert_ptr_nonnull(strstr(relayed.relay.err, "nobody listens at 127.0.0.1:"));
}

TEST(an_engine_without_energies_is_served_without_energies_and_time)
{
    struct viewer viewer;

    relayed_start(&relayed, "frames=100 energies=0", "--time-step 1");
    viewer = viewer_start(relayed.port);
    ck_assert(viewer_read_all(&viewer));
    ck_assert_uint_eq(viewer.imd.frames, 100);
    ck_assert(!viewer.imd.has_time && !viewer.imd.has_energies);
    close(viewer.fd);
    relayed_finish(&relayed, 0);
}

/* Nobody can say that no coordinates will come. */
TEST(who_leaves_an_engine_that_sends_energies_alone_leaves_a_reason)
{
    struct viewer viewer;

    relayed_start(&relayed, "frames=0 atoms=0 pace=1", "");
    for (int i = 0; i < 2; i++) {
        viewer = viewer_connect(relayed.port);
        viewer_say(&viewer, IMD_GO, 0);
        shell_pause(200);
        viewer_die(&viewer);
        ck_assert(shell_wait_for_err(&relayed.relay, "--imd-version 2 passes energies on"));
    }
    relayed_end(&relayed);
    ck_assert_int_eq(shell_count_lines(relayed.relay.err, "no coordinates yet"), 1);
}

TEST(to_clients_of_version_2_energies_alone_are_passed_on)
{
    struct viewer viewer;

    relayed_start(&relayed, "frames=0 atoms=0 pace=1", "--imd-version 2");
    viewer = viewer_start(relayed.port);
    while (viewer.imd.energies < 10)
        ck_assert(viewer_read_some(&viewer));
    relayed_end(&relayed);
}

/* ---- other users ---- */

static bool is_root(void)
{
    return geteuid() == 0 || suite_skip("connections of other users", "only root can be one");
}

/* What somebody else reads of the relay: 0 at once if he is not let in. */
static int bytes_for_nobody(void)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct viewer viewer;
        char bytes[8];
        ssize_t got;

        if (setuid(65534) != 0)
            _exit(99);
        viewer = viewer_connect(relayed.port);
        got = recv(viewer.fd, bytes, sizeof bytes, 0);
        _exit(got > 0 ? (int)got : 0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static const char *const doors[] = {"--imd-version 2", "--imd-version 2 --only-me"};

LOOP_TEST(with_only_me_other_users_are_refused, COUNT(doors), .needs = is_root)
{
    struct viewer viewer;

    relayed_start(&relayed, "frames=10", doors[_i]);
    ck_assert_int_eq(bytes_for_nobody(), _i == 0 ? IMD_HEADER_SIZE : 0);
    viewer = viewer_start(relayed.port);
    assert_all_frames(&viewer, 10);
    relayed_finish(&relayed, 0);
    ck_assert_int_eq(strstr(relayed.relay.err, "of other users that were closed: 1") != NULL,
                     _i == 1);
}
