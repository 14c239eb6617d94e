/*
 * imdshim run --relay: whom the run's clients reach, and how long the run lasts for them.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/support/engines.h"
#include "tests/system/support/notify.h"
#include "tests/system/support/relay.h"

#define ENGINE_OF "$DOUBLES/imd-engine "

static struct shell run;

TEST_OPTIONS(IN_SANDBOX);

static int port_in_file(void)
{
    wait_for_file("relay.port");
    return read_port("relay.port");
}

TEST(the_client_is_led_to_the_relay_by_its_environment)
{
    shell_run(&run,
              "$IMDSHIM run --relay -o relay.port --client 'echo $IMD_URL >url; "
              "exec $IMDSHIM watch $IMD_URL >frames' -- " ENGINE_OF "frames=20 >engine;"
              "status=$?; [ \"$(cat url)\" = \"imd://$(cat relay.port)\" ] || echo other;"
              "[ \"$(head -n 1 engine)\" != \"$(sed 's/.*://' relay.port)\" ] || echo same;"
              "cut -d, -f1,2 frames; tail -n 2 engine; exit $status");
    ck_assert_msg(shell_status(&run) == 0, "%s", run.err);
    ck_assert_str_eq(run.out, "20 frames of 1000 atoms, IMD v3\ngo\nbye 20\n");
    ck_assert_int_eq(
        shell_count_lines(run.err, "imdshim: relay: clients connect to 127.0.0.1:"), 1);
}

TEST(the_relay_listens_where_it_is_told_and_the_engine_where_it_asks)
{
    shell_run(&run, "$IMDSHIM run --relay --listen '[::1]:0' --client "
                    "'echo $IMD_HOST >host; exec $IMDSHIM watch $IMD_URL >frames' -- " ENGINE_OF
                    "frames=20 >engine && cat host");
    ck_assert_msg(shell_status(&run) == 0, "%s", run.err);
    ck_assert_str_eq(run.out, "::1\n");
    ck_assert_int_eq(shell_count_lines(run.err, "listens on 127.0.0.1:"), 1);
    ck_assert_int_eq(shell_count_lines(run.err, "relay: clients connect to [::1]:"), 1);
}

/* Reads to the end: 0 bytes are one that was closed at once. */
static size_t bytes_from_engine(int port)
{
    struct viewer direct = viewer_connect(port);
    char bytes[64];
    size_t all = 0;
    ssize_t got;

    while ((got = recv(direct.fd, bytes, sizeof bytes, 0)) > 0)
        all += (size_t)got;
    close(direct.fd);
    return all;
}

static const char *const narrowed[] = {"", "--listen '[::1]:0'"};

/* With --only-me the engine has one client, and that is the launcher. */
LOOP_TEST(with_only_me_the_engine_itself_lets_in_the_relay_alone, COUNT(narrowed))
{
    int engine_port;

    unlink("relay.port");
    shell_start(&run,
                "exec $IMDSHIM run --relay --only-me -v -o relay.port %s -- " ENGINE_OF
                "frames=10",
                narrowed[_i]);
    ck_assert(shell_wait_for_err(&run, "waits for a client on port "));
    engine_port = atoi(strstr(run.err, "on port ") + strlen("on port "));
    ck_assert_uint_eq(bytes_from_engine(engine_port), 0);
    ck_assert(shell_wait_for_err(&run, ": clients connect to the relay"));
    ck_assert_int_eq(system("$IMDSHIM watch $(cat relay.port) >frames"), 0);
    shell_finish(&run);
    ck_assert_int_eq(shell_status(&run), 0);
    ck_assert_int_eq(system("grep -q '^10 frames' frames"), 0);
}

/* Connected, or nobody answers within the time that is given: half a second. */
static bool answers(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((in_port_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    bool answered;

    (void)connect(fd, (struct sockaddr *)&address, sizeof address);
    answered = poll(&writable, 1, 500) != 0;
    close(fd);
    return answered;
}

static const char *const ways_given[] = {"", "--match exe=imd-engine", "--listen '[::1]:0'"};

LOOP_TEST(with_only_me_and_user_notification_the_kernel_answers_the_relay_alone,
          COUNT(ways_given), .needs = notify_can_be_had)
{
    int engine_port;

    unlink("relay.port");
    shell_start(
        &run,
        "exec $IMDSHIM run --backend notify --relay --only-me -v -o relay.port %s -- " ENGINE_OF
        "frames=10",
        ways_given[_i]);
    ck_assert(shell_wait_for_err(&run, "waits for a client on port "));
    engine_port = atoi(strstr(run.err, "on port ") + strlen("on port "));
    ck_assert(!answers(engine_port));
    ck_assert_int_eq(system("$IMDSHIM watch $(cat relay.port) >frames"), 0);
    shell_finish(&run);
    ck_assert_int_eq(shell_status(&run), 0);
    ck_assert_int_eq(system("grep -q '^10 frames' frames"), 0);
}

/* A server of its own beside the IMD server, for its workers. */
TEST(with_only_me_what_else_the_engine_listens_on_is_open_to_its_user)
{
    shell_run(&run, "exec $IMDSHIM run -q --relay --only-me -- $DOUBLES/engine "
                    "listen=127.0.0.1 listen=127.0.0.1 port=other call-soon accept "
                    "print=accepted exit=0");
    ck_assert_msg(shell_status(&run) == 0, "%s", run.err);
    ck_assert_str_eq(run.out, "accepted\n");
}

/* From the same port each time, and nothing of the last connection is in the way. */
TEST(with_only_me_the_relay_comes_again_after_its_last_client_has_left)
{
    unlink("relay.port");
    shell_start(&run, "exec $IMDSHIM run --relay --only-me -o relay.port -- " ENGINE_OF
                      "frames=0 pace=1 clients=4");
    for (int i = 0; i < 3; i++) {
        struct viewer viewer = viewer_start(port_in_file());

        ck_assert(viewer_read(&viewer, 2));
        viewer_leave(&viewer);
        close(viewer.fd);
    }
    kill(run.pid, SIGTERM);
    shell_finish(&run);
    ck_assert_int_eq(shell_status(&run), 128 + SIGTERM);
}

static void start_endless(void)
{
    unlink("relay.port");
    shell_start(&run, "exec $IMDSHIM run --relay -o relay.port -- " ENGINE_OF
                      "frames=0 pace=1 >engine");
}

TEST(list_names_the_relay_and_counts_its_clients)
{
    struct shell list;
    struct viewer viewers[2];
    char part[64];

    start_endless();
    for (int i = 0; i < 2; i++) {
        viewers[i] = viewer_start(port_in_file());
        ck_assert(viewer_read(&viewers[i], 1));
    }
    shell_run(&list, "$IMDSHIM list --json");
    snprintf(part, sizeof part, "\"port\": %d, \"clients\": 2, ", port_in_file());
    ck_assert_msg(strstr(list.out, part) != NULL, "%s", list.out);
    ck_assert_ptr_nonnull(strstr(list.out, "\"state\": \"connected\""));
    kill(run.pid, SIGTERM);
    shell_finish(&run);
    ck_assert_int_eq(shell_status(&run), 128 + SIGTERM);
}

TEST(the_run_lasts_until_a_client_that_reads_has_got_all)
{
    struct viewer viewer;

    shell_start(&run, "exec $IMDSHIM run --relay -o relay.port -- " ENGINE_OF
                      "frames=500 atoms=2000 >engine");
    viewer = viewer_start(port_in_file());
    for (uint64_t frames = 1; frames <= 500; frames += 100) {
        ck_assert(viewer_read(&viewer, frames));
        shell_pause(200);
    }
    ck_assert(viewer_read_all(&viewer));
    ck_assert_int_eq(viewer.last_step, 4990);
    ck_assert(viewer.contiguous);
    close(viewer.fd);
    shell_finish(&run);
    ck_assert_int_eq(shell_status(&run), 0);
}

/* The engine has been ended by a signal, and nobody reads: that is waited for ten seconds. */
TEST(a_client_that_takes_nothing_does_not_keep_a_run_that_has_ended)
{
    struct viewer viewer;
    struct timespec begin, end;

    shell_start(&run, "exec $IMDSHIM run --relay -o relay.port -- " ENGINE_OF
                      "frames=200 atoms=2000 >engine");
    viewer = viewer_start(port_in_file());
    ck_assert(viewer_read(&viewer, 1));
    wait_for_file("engine");
    clock_gettime(CLOCK_MONOTONIC, &begin);
    shell_finish(&run);
    clock_gettime(CLOCK_MONOTONIC, &end);
    ck_assert_int_eq(shell_status(&run), 0);
    ck_assert_int_lt(end.tv_sec - begin.tv_sec, 60);
    close(viewer.fd);
}

TEST(an_interrupt_is_not_kept_waiting_by_clients)
{
    struct viewer viewer;

    start_endless();
    viewer = viewer_start(port_in_file());
    ck_assert(viewer_read(&viewer, 1));
    kill(run.pid, SIGINT);
    shell_finish(&run);
    ck_assert_int_eq(shell_status(&run), 128 + SIGINT);
    close(viewer.fd);
}

TEST(a_client_that_fails_ends_the_engine)
{
    shell_run(&run,
              "exec $IMDSHIM run --relay --client 'exit 7' -- " ENGINE_OF "frames=0 >engine");
    ck_assert_int_eq(shell_status(&run), 7);
}

TEST(with_stop_with_client_the_engine_ends_with_the_client)
{
    shell_run(&run, "exec $IMDSHIM run --relay --stop-with-client --client "
                    "'timeout -s INT 1 $IMDSHIM watch $IMD_URL >frames; true' -- " ENGINE_OF
                    "frames=0 pace=1 >engine");
    ck_assert_msg(shell_status(&run) == 0, "%s", run.err);
}

/* The engine has seen so many clients leave. */
static void wait_for_byes(int count)
{
    for (int i = 0; i < 1000 && shell_count_lines(engines_read("engine"), "bye") < count; i++)
        shell_pause(20);
    ck_assert_int_eq(shell_count_lines(engines_read("engine"), "bye"), count);
}

/* As it is without a relay: an engine that its client leaves goes on. */
TEST(an_engine_that_all_leave_goes_on_to_its_end)
{
    struct viewer viewer;

    shell_start(&run, "exec $IMDSHIM run --relay -o relay.port -- " ENGINE_OF
                      "frames=0 pace=1 clients=2 >engine");
    for (int i = 0; i < 2; i++) {
        viewer = viewer_start(port_in_file());
        ck_assert(viewer_read(&viewer, 3));
        ck_assert_int_eq(viewer.first_step, 0);
        viewer_leave(&viewer);
        wait_for_byes(i + 1);
    }
    shell_finish(&run);
    ck_assert_int_eq(shell_status(&run), 0);
}
