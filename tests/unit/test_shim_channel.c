/* How the environment names a channel, and that a line gets through each kind of one. */
#include "shim/channel.h"
#include "shim/sys.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/wire.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/support/channel.h"

enum { WRITERS = 4, LINES_EACH = 8, LONG_LINE = EVENT_MAX };

TEST(a_descriptor_is_a_number_and_its_file)
{
    struct channel channel;

    memset(&channel, 0xff, sizeof channel);
    ck_assert(channel_parse_fd(&channel, "19:2049:131:1795000000123456789"));
    ck_assert_int_eq(channel.fd, 19);
    ck_assert_uint_eq(channel.device, 2049);
    ck_assert_uint_eq(channel.inode, 131);
    ck_assert_uint_eq(channel.birth, UINT64_C(1795000000123456789));
    ck_assert(channel_parse_fd(&channel, "0:0:0:0"));
    ck_assert_int_eq(channel.fd, 0);
}

TEST(the_largest_numbers_of_the_kernel_are_taken)
{
    struct channel channel;

    ck_assert(channel_parse_fd(
        &channel, "2147483647:9999999999999999999:9223372036854775807:18446744073709551615"));
    ck_assert_int_eq(channel.fd, INT_MAX);
    ck_assert_uint_eq(channel.device, UINT64_C(9999999999999999999));
    ck_assert_uint_eq(channel.inode, INT64_MAX);
}

/* Network and stacked file systems hash names to inodes of all 64 bits. */
TEST(an_inode_of_64_bits_is_taken)
{
    struct channel channel;

    ck_assert(channel_parse_fd(&channel, "19:2049:18446744073709551615:0"));
    ck_assert_uint_eq(channel.inode, UINT64_MAX);
    ck_assert(channel_parse_fd(&channel, "19:2049:10000000000000000000:0"));
    ck_assert_uint_eq(channel.inode, UINT64_C(10000000000000000000));
}

/* Written down by one to whom statx(2) said nothing. */
TEST(a_file_whose_birth_is_not_known_is_told_by_the_rest)
{
    struct channel channel;
    struct stat status;
    char text[96];
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fstat(fileno(file), &status), 0);
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        snprintf(text, sizeof text, "%d:%llu:%llu:%u", fileno(file),
                 (unsigned long long)status.st_dev, (unsigned long long)status.st_ino, wrong);
        ck_assert(channel_parse_fd(&channel, text));
        channel_write(&channel, "line\n", 5, false);
        ck_assert_int_eq(fstat(fileno(file), &status), 0);
        ck_assert_int_eq(status.st_size, 5);
    }
    fclose(file);
}

TEST(a_damaged_descriptor_is_refused)
{
    static const char *const texts[] = {
        "",
        ":",
        ":::",
        "19",
        "19:",
        "19:2049",
        "19:2049:131",
        "19:2049:131:",
        "19:2049::0",
        "19::131:0",
        ":2049:131:0",
        "19:2049:131:0:",
        "19:2049:131:0:1",
        "19:2049:131:0 ",
        "19:2049:131:0\n",
        " 19:2049:131:0",
        "19: 2049:131:0",
        "+19:2049:131:0",
        "-1:2049:131:0",
        "19:-2049:131:0",
        "0x13:2049:131:0",
        "19.2049.131.0",
        "nineteen:2049:131:0",
        "2147483648:2049:131:0", /* no int */
        "4294967315:2049:131:0", /* 19, cut off at 32 bits */
        "19:2049:18446744073709551616:0",
        "19:2049:18446744073709551747:0", /* 131, cut off at 64 bits */
        "19:2049:100000000000000000000:0",
        "/tmp/fifo",
    };
    struct channel channel;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(!channel_parse_fd(&channel, texts[i]), "taken: '%s'", texts[i]);
}

TEST(a_fifo_is_an_absolute_path)
{
    struct channel channel = {.fd = 5};

    ck_assert(!channel_parse_fifo(&channel, ""));
    ck_assert(!channel_parse_fifo(&channel, "fifo"));
    ck_assert(!channel_parse_fifo(&channel, "./fifo"));
    ck_assert(channel_parse_fifo(&channel, "/tmp/a fifo:\n"));
    ck_assert_str_eq(channel.path, "/tmp/a fifo:\n");
    ck_assert_int_eq(channel.fd, -1);
}

TEST(a_path_longer_than_any_can_be_is_refused)
{
    char path[PATH_MAX + 1] = "";
    struct channel channel;

    memset(path, '/', PATH_MAX - 1);
    ck_assert(channel_parse_fifo(&channel, path));
    ck_assert_str_eq(channel.path, path);
    path[PATH_MAX - 1] = '/';
    ck_assert(!channel_parse_fifo(&channel, path));
}

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
