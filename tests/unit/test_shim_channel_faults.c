/* What a channel that does not work costs the engine: nothing but a bounded moment. */
#include "shim/channel.h"
#include "shim/sys.h"

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

#include "shim/wire.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/support/channel.h"

enum {
    BOUND = 20, /* seconds; CHANNEL_PATIENCE is a tenth of one, on any machine */
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
static void write_line_patiently(const struct channel *channel, bool patient)
{
    struct timespec start, end;
    struct descriptors before, after;
    sigset_t mask_before, mask_after;

    note_descriptors(&before);
    sigprocmask(SIG_BLOCK, NULL, &mask_before);
    clock_gettime(CLOCK_MONOTONIC, &start);
    channel_write(channel, line, sizeof line - 1, patient);
    clock_gettime(CLOCK_MONOTONIC, &end);
    sigprocmask(SIG_BLOCK, NULL, &mask_after);
    note_descriptors(&after);
    ck_assert_int_lt(end.tv_sec - start.tv_sec, BOUND);
    ck_assert_mem_eq(&before, &after, sizeof before);
    for (int signal = 1; signal < NSIG; signal++)
        ck_assert_int_eq(sigismember(&mask_before, signal), sigismember(&mask_after, signal));
}

static void write_line(const struct channel *channel)
{
    write_line_patiently(channel, true);
    write_line_patiently(channel, false);
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

TEST(a_channel_that_works_leaves_no_trace)
{
    int ends[2];
    struct channel channel = inherited_pipe(ends);

    write_line(&channel);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    channel = inherited(ends[1]);
    write_line(&channel);
    make_path(&channel, "fifo");
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    ck_assert_int_ge(open("fifo", O_RDWR), 0);
    write_line(&channel);
}

/* SIGPIPE has its default action here: it would end the test. */
TEST(a_reader_that_is_gone_does_not_end_the_engine)
{
    struct channel channel;
    int ends[2];

    signal(SIGPIPE, SIG_DFL);
    channel = inherited_pipe(ends);
    close(ends[0]);
    write_line(&channel);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    channel = inherited(ends[1]);
    close(ends[0]);
    write_line(&channel);
}

TEST(a_fifo_without_a_reader_does_not_block_the_engine)
{
    struct channel channel;

    make_path(&channel, "fifo");
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    write_line(&channel);
}

TEST(a_fifo_that_is_gone_does_not_disturb_the_engine)
{
    struct channel channel;

    make_path(&channel, "nothing");
    write_line(&channel);
    make_path(&channel, "nowhere/fifo");
    write_line(&channel);
    ck_assert_int_ne(access("nothing", F_OK), 0);
}

TEST(what_is_no_fifo_is_not_written)
{
    struct channel channel;

    make_path(&channel, "trajectory");
    close(open("trajectory", O_WRONLY | O_CREAT, 0600));
    write_line(&channel);
    ck_assert_int_eq(size_of("trajectory"), 0);
    make_path(&channel, ".");
    write_line(&channel);
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
    struct channel channel;
    size_t length;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    length = fill(ends[1]);
    channel = inherited(ends[1]);
    write_line(&channel);
    ck_assert_uint_eq(drain(ends[0]), length);
}

TEST(a_full_socket_does_not_block_the_engine)
{
    struct channel channel;
    size_t length;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    length = fill(ends[1]);
    channel = inherited(ends[1]);
    write_line(&channel);
    ck_assert_uint_eq(drain(ends[0]), length);
}

/* Half a line would spoil the next one: pipe(7) writes all of PIPE_BUF or nothing. */
TEST(a_line_is_written_whole_or_not_at_all)
{
    struct channel channel;
    char text[EVENT_MAX];
    size_t length;
    int ends[2];

    memset(text, 'y', sizeof text);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    ck_assert_int_eq(write(ends[1], text, sizeof text), sizeof text);
    ck_assert_int_eq(write(ends[1], text, 1000), 1000);
    length = sizeof text + 1000;
    channel = inherited(ends[1]);
    channel_write(&channel, text, sizeof text, true);
    ck_assert_uint_eq(drain(ends[0]), length);
}

static void *drain_soon(void *fd)
{
    const struct timespec soon = {0, CHANNEL_PATIENCE * 1000000L / 10};

    nanosleep(&soon, NULL);
    drain(*(int *)fd);
    return NULL;
}

/* On a busy machine the reader may be late, but not every time. */
TEST(a_slow_reader_is_waited_for)
{
    bool heard = false;

    for (int i = 0; i < 50 && !heard; i++) {
        struct channel channel;
        pthread_t reader;
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        fill(ends[1]);
        channel = inherited(ends[1]);
        pthread_create(&reader, NULL, drain_soon, &ends[0]);
        channel_write(&channel, line, sizeof line - 1, true);
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
    struct channel channel = inherited_pipe(ends);

    close(ends[1]);
    write_line(&channel);
    assert_nothing_heard(ends[0]);
}

/* A port number in a trajectory: that is what the device and inode are for. */
TEST(a_number_used_again_for_another_file_is_left_untouched)
{
    struct channel channel;
    int ends[2], file = open("trajectory", O_WRONLY | O_CREAT, 0600);

    channel = inherited_pipe(ends);
    dup2(file, ends[1]);
    write_line(&channel);
    ck_assert_int_eq(size_of("trajectory"), 0);
    ck_assert_int_eq(lseek(file, 0, SEEK_CUR), 0);
    assert_nothing_heard(ends[0]);
}

TEST(a_number_used_again_for_another_of_its_kind_is_left_untouched)
{
    struct channel channel;
    int first[2], second[2];

    ck_assert_int_eq(pipe(first), 0);
    ck_assert_int_eq(pipe(second), 0);
    channel = inherited(first[1]);
    dup2(second[1], first[1]);
    write_line(&channel);
    assert_nothing_heard(second[0]);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, first), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, second), 0);
    channel = inherited(first[1]);
    dup2(second[1], first[1]);
    write_line(&channel);
    assert_nothing_heard(second[0]);
}

/* The same inode on another file system is another file. */
TEST(a_file_of_another_device_is_left_untouched)
{
    int ends[2];
    struct channel channel = inherited_pipe(ends);

    channel.device++;
    write_line(&channel);
    assert_nothing_heard(ends[0]);
}

TEST(the_ends_keep_their_flags_whichever_they_are)
{
    int ends[2];
    struct channel channel = inherited_pipe(ends);

    write_line(&channel);
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    write_line(&channel);
    ck_assert_int_ne(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
}

/* A bind() that is no cancellation point must not become one. */
static void *write_while_cancelled(void *went_on)
{
    struct channel channel;
    int ends[2];

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    if (pipe(ends) != 0)
        return NULL;
    fill(ends[1]);
    channel = inherited(ends[1]);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    channel_write(&channel, line, sizeof line - 1, true);
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
