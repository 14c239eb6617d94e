/* How the environment names a channel, and that a line gets through each kind of one. */
#include "shim/events/event_sink.h"
#include "shim/wire/sys.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/wire/wire.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/channel.h"

enum { WRITERS = 4, LINES_EACH = 8, LONG_LINE = EVENT_MAX };

/* Returns the end to read from. */
static int make_fifo(struct channel *channel)
{
    make_path(channel, "fifo");
    ck_assert_int_eq(mkfifo(channel->path, 0600), 0);
    return open(channel->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* The line is all that there is to read. */
static void assert_heard(int fd)
{
    char heard[EVENT_MAX] = "";

    ck_assert_int_eq(read(fd, heard, sizeof heard - 1), sizeof line - 1);
    ck_assert_str_eq(heard, line);
}

static void write_line(const struct channel *channel)
{
    channel_write(channel, line, sizeof line - 1, false);
}

TEST_OPTIONS(IN_SANDBOX);

TEST(a_line_goes_through_a_fifo)
{
    struct channel channel;
    int reader = make_fifo(&channel);

    write_line(&channel);
    assert_heard(reader);
}

TEST(a_line_goes_through_an_inherited_pipe)
{
    int ends[2];
    struct channel channel = inherited_pipe(ends);

    write_line(&channel);
    assert_heard(ends[0]);
}

TEST(a_line_goes_through_inherited_sockets)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

    for (int i = 0; i < 3; i++) {
        struct channel channel;
        int ends[2];

        ck_assert_int_eq(socketpair(AF_UNIX, types[i], 0, ends), 0);
        channel = inherited(ends[1]);
        write_line(&channel);
        assert_heard(ends[0]);
    }
}

/* It may be the log that the engine writes too: the offset is shared, nothing is overwritten.
 */
TEST(a_line_is_added_to_an_inherited_file)
{
    struct channel channel;
    char text[128] = "";
    int fd = open("log", O_RDWR | O_CREAT, 0600);

    channel = inherited(fd);
    ck_assert_int_eq(write(fd, "before\n", 7), 7);
    write_line(&channel);
    ck_assert_int_eq(write(fd, "after\n", 6), 6);
    ck_assert_int_gt(pread(fd, text, sizeof text - 1, 0), 0);
    ck_assert_str_eq(text, "before\n42165 ready pid=4711\nafter\n");
}

TEST(every_line_goes_through_however_many_there_are)
{
    int ends[2];
    struct channel channel = inherited_pipe(ends);

    for (int i = 0; i < 1000; i++) {
        write_line(&channel);
        assert_heard(ends[0]);
    }
}

/* A later event finds the FIFO again, though its reader was another process's meanwhile. */
TEST(a_fifo_is_heard_by_whoever_reads_it_now)
{
    struct channel channel;
    int reader = make_fifo(&channel);

    close(reader);
    write_line(&channel);
    reader = open(channel.path, O_RDONLY | O_NONBLOCK);
    write_line(&channel);
    assert_heard(reader);
}

static const struct channel *shared;

/* A line of EVENT_MAX bytes, all of them the writer's letter. */
static void *write_long_lines(void *letter)
{
    char text[LONG_LINE];

    memset(text, (int)(intptr_t)letter, sizeof text - 1);
    text[sizeof text - 1] = '\n';
    for (int i = 0; i < LINES_EACH; i++)
        channel_write(shared, text, sizeof text, true);
    return NULL;
}

/* Several ranks report at once. */
LOOP_TEST(lines_of_several_writers_never_mix, 10)
{
    char text[LONG_LINE], expected[LONG_LINE];
    struct channel channel;
    pthread_t writers[WRITERS];
    int reader = make_fifo(&channel);
    int lines = 0;

    shared = &channel;
    for (intptr_t i = 0; i < WRITERS; i++)
        pthread_create(&writers[i], NULL, write_long_lines, (void *)('a' + i));
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    for (; read(reader, text, sizeof text) == sizeof text; lines++) {
        memset(expected, text[0], sizeof expected - 1);
        expected[sizeof expected - 1] = '\n';
        ck_assert_mem_eq(text, expected, sizeof text);
    }
    ck_assert_int_eq(lines, WRITERS * LINES_EACH); /* a pipe holds them */
}

TEST(without_a_free_descriptor_the_line_is_dropped)
{
    struct channel channel, fifo;
    int ends[2], reader = make_fifo(&fifo);
    struct rlimit usual, none;

    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    channel = inherited(ends[1]);
    getrlimit(RLIMIT_NOFILE, &usual);
    none = usual;
    none.rlim_cur = (rlim_t)reader;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    write_line(&channel);
    write_line(&fifo);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
    ck_assert_int_eq(read(ends[0], &(char){0}, 1), -1);
    ck_assert_int_le(read(reader, &(char){0}, 1), 0);
}
