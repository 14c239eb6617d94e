/* A line gets through every way that there is for it. */
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
#include "tests/unit/support/event_sink.h"

enum { WRITERS = 4, LINES_EACH = 8 };

/* Returns the end to read from. */
static int make_fifo(struct event_sink *sink)
{
    make_path(sink, "fifo");
    ck_assert_int_eq(mkfifo(sink->fifo, 0600), 0);
    return open(sink->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* The line is all that there is to read. */
static void assert_heard(int fd)
{
    char heard[EVENT_MAX] = "";

    ck_assert_int_eq(read(fd, heard, sizeof heard - 1), sizeof line - 1);
    ck_assert_str_eq(heard, line);
}

static void write_line(const struct event_sink *sink)
{
    event_sink_tell(sink, &ready, EVENT_OPTIONAL);
}

TEST_OPTIONS(IN_SANDBOX);

/* Written down by one to whom statx(2) said nothing. */
TEST(a_file_whose_birth_is_not_known_is_told_by_the_rest)
{
    struct event_sink sink;
    struct stat status;
    char text[96];
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fstat(fileno(file), &status), 0);
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        snprintf(text, sizeof text, "%d:%llu:%llu:%u", fileno(file),
                 (unsigned long long)status.st_dev, (unsigned long long)status.st_ino, wrong);
        ck_assert(handover_parse_fd(&sink.file, text));
        write_line(&sink);
        ck_assert_int_eq(fstat(fileno(file), &status), 0);
        ck_assert_int_eq(status.st_size, sizeof line - 1);
    }
    fclose(file);
}

TEST(a_line_goes_through_a_fifo)
{
    struct event_sink sink;
    int reader = make_fifo(&sink);

    write_line(&sink);
    assert_heard(reader);
}

TEST(a_line_goes_through_an_inherited_pipe)
{
    int ends[2];
    struct event_sink sink = inherited_pipe(ends);

    write_line(&sink);
    assert_heard(ends[0]);
}

TEST(a_line_goes_through_inherited_sockets)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

    for (int i = 0; i < 3; i++) {
        struct event_sink sink;
        int ends[2];

        ck_assert_int_eq(socketpair(AF_UNIX, types[i], 0, ends), 0);
        sink = inherited(ends[1]);
        write_line(&sink);
        assert_heard(ends[0]);
    }
}

/* It may be the log that the engine writes too: the offset is shared, nothing is overwritten.
 */
TEST(a_line_is_added_to_an_inherited_file)
{
    struct event_sink sink;
    char text[128] = "";
    int fd = open("log", O_RDWR | O_CREAT, 0600);

    sink = inherited(fd);
    ck_assert_int_eq(write(fd, "before\n", 7), 7);
    write_line(&sink);
    ck_assert_int_eq(write(fd, "after\n", 6), 6);
    ck_assert_int_gt(pread(fd, text, sizeof text - 1, 0), 0);
    ck_assert_str_eq(text, "before\n42165 ready pid=4711\nafter\n");
}

TEST(every_line_goes_through_however_many_there_are)
{
    int ends[2];
    struct event_sink sink = inherited_pipe(ends);

    for (int i = 0; i < 1000; i++) {
        write_line(&sink);
        assert_heard(ends[0]);
    }
}

/* A later event finds the FIFO again, though its reader was another process's meanwhile. */
TEST(a_fifo_is_heard_by_whoever_reads_it_now)
{
    struct event_sink sink;
    int reader = make_fifo(&sink);

    close(reader);
    write_line(&sink);
    reader = open(sink.fifo, O_RDONLY | O_NONBLOCK);
    write_line(&sink);
    assert_heard(reader);
}

static const struct event_sink *shared;

/* A line of EVENT_MAX bytes, nearly all of them the writer's letter. */
static void *write_long_lines(void *letter)
{
    char text[EVENT_MAX];
    const struct event event = longest_event((char)(intptr_t)letter, text);

    for (int i = 0; i < LINES_EACH; i++)
        event_sink_tell(shared, &event, EVENT_REQUIRED);
    return NULL;
}

/* Several ranks report at once. */
LOOP_TEST(lines_of_several_writers_never_mix, 10)
{
    char heard[EVENT_MAX], text[EVENT_MAX], expected[EVENT_MAX + 1];
    struct event_sink sink;
    pthread_t writers[WRITERS];
    int reader = make_fifo(&sink);
    int lines = 0;

    shared = &sink;
    for (intptr_t i = 0; i < WRITERS; i++)
        pthread_create(&writers[i], NULL, write_long_lines, (void *)('a' + i));
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    for (; read(reader, heard, sizeof heard) == sizeof heard; lines++) {
        const struct event event = longest_event(heard[EVENT_MAX / 2], text);

        ck_assert_uint_eq(event_text_format(&event, expected), sizeof heard);
        ck_assert_mem_eq(heard, expected, sizeof heard);
    }
    ck_assert_int_eq(lines, WRITERS * LINES_EACH); /* a pipe holds them */
}

TEST(without_a_free_descriptor_the_line_is_dropped)
{
    struct event_sink sink, fifo;
    int ends[2], reader = make_fifo(&fifo);
    struct rlimit usual, none;

    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    sink = inherited(ends[1]);
    getrlimit(RLIMIT_NOFILE, &usual);
    none = usual;
    none.rlim_cur = (rlim_t)reader;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    write_line(&sink);
    write_line(&fifo);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
    ck_assert_int_eq(read(ends[0], &(char){0}, 1), -1);
    ck_assert_int_le(read(reader, &(char){0}, 1), 0);
}
