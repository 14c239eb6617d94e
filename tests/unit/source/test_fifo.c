/* The launcher's FIFO: what arrives in pieces, too long or malformed. */
#include "launcher/source/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

static struct fifo fifo;
static int writer;
static int next_error; /* of the next read(2) from the FIFO; 0: it does not fail */

/* In libc's place. */
ssize_t read(int fd, void *data, size_t size)
{
    if (fd != fifo.source.fd || next_error == 0)
        return syscall(SYS_read, fd, data, size);
    errno = next_error;
    next_error = 0;
    return -1;
}

static void enter(void)
{
    sandbox_enter();
    fifo_open(&fifo);
    writer = open(fifo.path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(writer, 0);
}

static void leave(void)
{
    source_close(&fifo.source);
    sandbox_leave();
}

static void put_bytes(const char *bytes, size_t length)
{
    ck_assert_int_eq(write(writer, bytes, length), (ssize_t)length);
}

static void put(const char *text)
{
    put_bytes(text, strlen(text));
}

static void put_many(char c, size_t count)
{
    for (; count > 0; count--)
        put_bytes(&c, 1);
}

static void assert_ready(pid_t pid)
{
    struct received received;

    ck_assert(source_next(&fifo.source, &received));
    ck_assert_int_eq(received.event.kind, KIND_READY);
    ck_assert_int_eq(received.event.pid, pid);
}

static void assert_nothing(void)
{
    struct received received;

    ck_assert(!source_next(&fifo.source, &received));
}

TEST_OPTIONS(.setup = enter, .teardown = leave, .timeout = 120);

TEST(an_event_is_read_once)
{
    assert_nothing();
    put("42165 ready pid=4711\n");
    assert_ready(4711);
    assert_nothing();
    ck_assert_uint_eq(fifo.source.malformed, 0);
}

/* The engine has ended: nobody looks again. */
TEST(an_event_is_read_although_a_read_fails)
{
    const int errors[] = {EIO, EAGAIN, EINTR};

    for (int i = 0; i < COUNT(errors); i++) {
        put("1 ready pid=1\n");
        next_error = errors[i];
        assert_ready(1);
        ck_assert_int_eq(next_error, 0);
    }
}

TEST(events_are_read_in_their_order)
{
    put("1 ready pid=1\n2 ready pid=2\n3 ready pid=3\n");
    for (pid_t pid = 1; pid <= 3; pid++)
        assert_ready(pid);
    assert_nothing();
}

TEST(a_line_may_come_in_two_pieces_split_anywhere)
{
    const char line[] = "42165 ready pid=4711\n";

    for (size_t at = 1; at < sizeof line - 1; at++) {
        put_bytes(line, at);
        assert_nothing();
        put(line + at);
        assert_ready(4711);
    }
    ck_assert_uint_eq(fifo.source.malformed, 0);
}

TEST(lines_may_come_byte_by_byte)
{
    const char lines[] = "1 ready pid=1\nnonsense\n2 ready pid=2\n";
    struct received received;
    pid_t heard = 0;

    for (const char *at = lines; *at != '\0'; at++) {
        put_bytes(at, 1);
        while (source_next(&fifo.source, &received))
            ck_assert_int_eq(received.event.pid, ++heard);
    }
    ck_assert_int_eq(heard, 2);
    ck_assert_uint_eq(fifo.source.malformed, 1);
}

TEST(malformed_lines_are_counted_and_dropped)
{
    put("\nhello\n42165 ready\n1 ready pid=1\n\xff\xfe\n2 ready pid=2\n");
    assert_ready(1);
    ck_assert_uint_eq(fifo.source.malformed, 3);
    assert_ready(2);
    ck_assert_uint_eq(fifo.source.malformed, 4);
}

/* What stands before the NUL looks like an event. */
TEST(a_line_with_a_nul_is_malformed)
{
    const char lines[] = "42165 ready pid=1\0\n42165 ready pid=2\0 x\n\0\n";

    put_bytes(lines, sizeof lines - 1);
    put("42165 ready pid=3\n");
    assert_ready(3);
    assert_nothing();
    ck_assert_uint_eq(fifo.source.malformed, 3);
}

static const size_t long_lengths[] = {
    2 * EVENT_MAX - 2, 2 * EVENT_MAX - 1, 2 * EVENT_MAX, 2 * EVENT_MAX + 1,
    4 * EVENT_MAX,     6 * EVENT_MAX + 5, 30000,
};

/* Its end looks like an event. */
LOOP_TEST(a_line_that_is_too_long_is_dropped_and_the_next_is_read, COUNT(long_lengths))
{
    put("1 ready pid=1\n");
    put_many('x', long_lengths[_i]);
    put(" 42165 ready pid=2\n42165 ready pid=3\n");
    assert_ready(1);
    assert_ready(3);
    assert_nothing();
    ck_assert_uint_eq(fifo.source.malformed, 1);
}

TEST(a_line_that_is_too_long_may_come_in_pieces)
{
    for (int i = 0; i < 10; i++) {
        put_many('x', 1000);
        assert_nothing();
    }
    put("42165 ready pid=2\n");
    assert_nothing();
    put("42165 ready pid=3\n");
    assert_ready(3);
}

TEST(the_longest_line_of_the_library_is_read)
{
    char line[EVENT_MAX + 1] = "42165 ready pid=4711 x=";

    memset(line + strlen(line), 'x', EVENT_MAX - 1 - strlen(line));
    line[EVENT_MAX - 1] = '\n';
    put("junk\n");
    for (int i = 0; i < 10; i++)
        put(line);
    for (int i = 0; i < 10; i++)
        assert_ready(4711);
    ck_assert_uint_eq(fifo.source.malformed, 1);
}

/* Writers come and go: that is no end of file, and poll(2) does not return for it. */
TEST(a_writer_that_closes_does_not_end_the_fifo)
{
    struct pollfd fd = {.fd = fifo.source.fd, .events = POLLIN};

    put("1 ready pid=1\n");
    close(writer);
    assert_ready(1);
    assert_nothing();
    ck_assert_int_eq(poll(&fd, 1, 0), 0);
    writer = open(fifo.path, O_WRONLY | O_NONBLOCK);
    put("2 ready pid=2\n");
    ck_assert_int_eq(poll(&fd, 1, 0), 1);
    assert_ready(2);
}

/* As run does: as long as poll(2) says that there is something. */
static bool read_while_readable(pid_t pid)
{
    struct pollfd fd = {.fd = fifo.source.fd, .events = POLLIN};
    struct received received;

    for (int i = 0; i < 100 && poll(&fd, 1, 0) == 1; i++)
        while (source_next(&fifo.source, &received))
            if (received.event.pid == (unsigned)pid)
                return true;
    return false;
}

/* A pipe holds a whole number of buffers: what was read last may leave poll(2) nothing to say.
 */
TEST(an_event_behind_many_malformed_lines_is_read_without_more_to_come)
{
    char text[65536];
    size_t capacity = (size_t)fcntl(writer, F_GETPIPE_SZ), length;

    length = capacity < sizeof text ? capacity : sizeof text;
    for (size_t i = 0; i < length; i++)
        text[i] = i % 64 == 63 ? '\n' : 'x';
    memcpy(text + length - 64, "\n42165 ready pid=4711\n", 22);
    put_bytes(text, length);
    ck_assert(read_while_readable(4711));
}

/* One that never stops writing: the launcher has signals and an engine to look after. */
TEST(malformed_lines_without_end_does_not_keep_the_launcher)
{
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        char text[4096];

        memset(text, '\n', sizeof text);
        fcntl(writer, F_SETFL, 0);
        while (write(writer, text, sizeof text) > 0)
            continue;
        _exit(0);
    }
    for (int i = 0; i < 1000 && fifo.source.malformed == 0; i++) {
        poll(NULL, 0, 10);
        assert_nothing(); /* it returns: the test's time is limited */
    }
    ck_assert_uint_gt(fifo.source.malformed, 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}
