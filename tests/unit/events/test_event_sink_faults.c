/* What a way for events that does not work costs the engine: nothing but a bounded moment. */
#include "shim/events/event_sink.h"
#include "shim/wire/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shim/wire/wire.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/support/event_sink.h"

enum {
    BOUND = 20, /* seconds; EVENT_SINK_TIMEOUT_MS is a tenth of one, on any machine */
    HIGHEST_FD = 64,
};

/* Which descriptors are open, and what they are: a bit each, and their files. */
struct descriptors {
    bool open[HIGHEST_FD];
    ino_t inode[HIGHEST_FD];
    int flags[HIGHEST_FD];
};

static void note_descriptors(struct descriptors *descriptors)
{
    struct stat status;

    memset(descriptors, 0, sizeof *descriptors);
    for (int fd = 0; fd < HIGHEST_FD; fd++)
        if (fstat(fd, &status) == 0) {
            descriptors->open[fd] = true;
            descriptors->inode[fd] = status.st_ino;
            descriptors->flags[fd] = fcntl(fd, F_GETFL);
        }
}

/*
 * Write as the engine would come to it: it is over soon, the process has the descriptors that
 * it had, with the flags that they had, and the signals that it had.
 */
static void write_line_as(const struct event_sink *sink, enum event_weight weight)
{
    struct timespec start, end;
    struct descriptors before, after;
    sigset_t mask_before, mask_after;

    note_descriptors(&before);
    sigprocmask(SIG_BLOCK, NULL, &mask_before);
    clock_gettime(CLOCK_MONOTONIC, &start);
    event_sink_tell(sink, &ready, weight);
    clock_gettime(CLOCK_MONOTONIC, &end);
    sigprocmask(SIG_BLOCK, NULL, &mask_after);
    note_descriptors(&after);
    ck_assert_int_lt(end.tv_sec - start.tv_sec, BOUND);
    ck_assert_mem_eq(&before, &after, sizeof before);
    for (int signal = 1; signal < NSIG; signal++)
        ck_assert_int_eq(sigismember(&mask_before, signal), sigismember(&mask_after, signal));
}

static void write_line(const struct event_sink *sink)
{
    write_line_as(sink, EVENT_REQUIRED);
    write_line_as(sink, EVENT_OPTIONAL);
}

static void assert_nothing_heard(int fd)
{
    char byte;

    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_le(read(fd, &byte, 1), 0);
}

static off_t size_of(const char *path)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_size;
}

TEST_OPTIONS(IN_SANDBOX);

TEST(a_way_that_works_leaves_no_trace)
{
    int ends[2];
    struct event_sink sink = inherited_pipe(ends);

    write_line(&sink);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    sink = inherited(ends[1]);
    write_line(&sink);
    make_path(&sink, "fifo");
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    ck_assert_int_ge(open("fifo", O_RDWR), 0);
    write_line(&sink);
}

/* SIGPIPE has its default action here: it would end the test. */
TEST(a_reader_that_is_gone_does_not_end_the_engine)
{
    struct event_sink sink;
    int ends[2];

    signal(SIGPIPE, SIG_DFL);
    sink = inherited_pipe(ends);
    close(ends[0]);
    write_line(&sink);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    sink = inherited(ends[1]);
    close(ends[0]);
    write_line(&sink);
}

TEST(a_fifo_without_a_reader_does_not_block_the_engine)
{
    struct event_sink sink;

    make_path(&sink, "fifo");
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    write_line(&sink);
}

TEST(a_fifo_that_is_gone_does_not_disturb_the_engine)
{
    struct event_sink sink;

    make_path(&sink, "nothing");
    write_line(&sink);
    make_path(&sink, "nowhere/fifo");
    write_line(&sink);
    ck_assert_int_ne(access("nothing", F_OK), 0);
}

TEST(what_is_no_fifo_is_not_written)
{
    struct event_sink sink;

    make_path(&sink, "trajectory");
    close(open("trajectory", O_WRONLY | O_CREAT, 0600));
    write_line(&sink);
    ck_assert_int_eq(size_of("trajectory"), 0);
    make_path(&sink, ".");
    write_line(&sink);
}

/* Fill a pipe or socket but for less than a line; the number of bytes in it. */
static size_t fill(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    size_t total = 0;
    char chunk[4096];

    memset(chunk, 'x', sizeof chunk);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    for (size_t size = sizeof chunk; size > 0; size /= 2)
        for (ssize_t written; (written = write(fd, chunk, size)) > 0;)
            total += (size_t)written;
    fcntl(fd, F_SETFL, flags);
    return total;
}

static size_t drain(int fd)
{
    char chunk[4096];
    size_t total = 0;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (ssize_t got; (got = read(fd, chunk, sizeof chunk)) > 0;)
        total += (size_t)got;
    return total;
}

TEST(a_full_pipe_does_not_block_the_engine)
{
    struct event_sink sink;
    size_t length;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    length = fill(ends[1]);
    sink = inherited(ends[1]);
    write_line(&sink);
    ck_assert_uint_eq(drain(ends[0]), length);
}

TEST(a_full_socket_does_not_block_the_engine)
{
    struct event_sink sink;
    size_t length;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    length = fill(ends[1]);
    sink = inherited(ends[1]);
    write_line(&sink);
    ck_assert_uint_eq(drain(ends[0]), length);
}

/* Half a line would spoil the next one: pipe(7) writes all of PIPE_BUF or nothing. */
TEST(a_line_is_written_whole_or_not_at_all)
{
    struct event_sink sink;
    char text[EVENT_MAX];
    const struct event event = longest_event('y', text);
    size_t length;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    ck_assert_int_eq(write(ends[1], text, sizeof text), sizeof text);
    ck_assert_int_eq(write(ends[1], text, 1000), 1000);
    length = sizeof text + 1000;
    sink = inherited(ends[1]);
    event_sink_tell(&sink, &event, EVENT_REQUIRED);
    ck_assert_uint_eq(drain(ends[0]), length);
}

static void *drain_soon(void *fd)
{
    const struct timespec soon = {0, EVENT_SINK_TIMEOUT_MS * 1000000L / 10};

    nanosleep(&soon, NULL);
    drain(*(int *)fd);
    return NULL;
}

/* On a busy machine the reader may be late, but not every time. */
TEST(a_slow_reader_is_waited_for)
{
    bool heard = false;

    for (int i = 0; i < 50 && !heard; i++) {
        struct event_sink sink;
        pthread_t reader;
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        fill(ends[1]);
        sink = inherited(ends[1]);
        pthread_create(&reader, NULL, drain_soon, &ends[0]);
        event_sink_tell(&sink, &ready, EVENT_REQUIRED);
        pthread_join(reader, NULL);
        heard = drain(ends[0]) > 0;
        close(ends[0]);
        close(ends[1]);
    }
    ck_assert(heard);
}

TEST(a_descriptor_that_was_closed_is_not_used)
{
    int ends[2];
    struct event_sink sink = inherited_pipe(ends);

    close(ends[1]);
    write_line(&sink);
    assert_nothing_heard(ends[0]);
}

/* A port number in a trajectory: that is what the device and inode are for. */
TEST(a_number_used_again_for_another_file_is_left_untouched)
{
    struct event_sink sink;
    int ends[2], file = open("trajectory", O_WRONLY | O_CREAT, 0600);

    sink = inherited_pipe(ends);
    dup2(file, ends[1]);
    write_line(&sink);
    ck_assert_int_eq(size_of("trajectory"), 0);
    ck_assert_int_eq(lseek(file, 0, SEEK_CUR), 0);
    assert_nothing_heard(ends[0]);
}

TEST(a_number_used_again_for_another_of_its_kind_is_left_untouched)
{
    struct event_sink sink;
    int first[2], second[2];

    ck_assert_int_eq(pipe(first), 0);
    ck_assert_int_eq(pipe(second), 0);
    sink = inherited(first[1]);
    dup2(second[1], first[1]);
    write_line(&sink);
    assert_nothing_heard(second[0]);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, first), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, second), 0);
    sink = inherited(first[1]);
    dup2(second[1], first[1]);
    write_line(&sink);
    assert_nothing_heard(second[0]);
}

/* The same inode on another file system is another file. */
TEST(a_file_of_another_device_is_left_untouched)
{
    int ends[2];
    struct event_sink sink = inherited_pipe(ends);

    sink.file.device++;
    write_line(&sink);
    assert_nothing_heard(ends[0]);
}

TEST(the_ends_keep_their_flags_whichever_they_are)
{
    int ends[2];
    struct event_sink sink = inherited_pipe(ends);

    write_line(&sink);
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    write_line(&sink);
    ck_assert_int_ne(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
}

/* A bind() that is no cancellation point must not become one. */
static void *write_while_cancelled(void *went_on)
{
    struct event_sink sink;
    int ends[2];

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    if (pipe(ends) != 0)
        return NULL;
    fill(ends[1]);
    sink = inherited(ends[1]);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    event_sink_tell(&sink, &ready, EVENT_REQUIRED);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    *(bool *)went_on = true;
    return NULL;
}

TEST(a_cancelled_thread_goes_on)
{
    bool went_on = false;
    pthread_t thread;

    pthread_create(&thread, NULL, write_while_cancelled, &went_on);
    pthread_join(thread, NULL);
    ck_assert(went_on);
}
