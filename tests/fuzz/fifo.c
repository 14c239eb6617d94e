/*
 * The launcher's end of the FIFO: a stream of any bytes, cut anywhere, has the events of its
 * lines and the rest is counted.
 *
 * A byte from 0x80 to 0xfe stands for up to 4 kB of 'x', for lines that are too long.
 */
#include "launcher/source/fifo.c" /* NOLINT: its class */

#include <fcntl.h>
#include <unistd.h>

#include "tests/fuzz/support/fuzz.h"

enum {
    MOST_INPUT = 512,
    MOST_STREAM = 10240,
    MOST_LINE = 2 * EVENT_MAX,
    EXPANSION = 32,
    LINES = 0
};

struct stream {
    size_t length;
    char bytes[MOST_STREAM];
};

struct tally {
    unsigned events, malformed;
    uint64_t sum; /* of what the events say, in their order */
};

static void expand(struct input *input, struct stream *stream)
{
    stream->length = 0;
    while (input->left > 0) {
        unsigned byte = take_byte(input);
        size_t count = byte >= 0x80 && byte < 0xff ? (byte - 0x7f) * EXPANSION : 1;

        if (stream->length + count > sizeof stream->bytes)
            return;
        memset(stream->bytes + stream->length, count > 1 ? 'x' : (int)byte, count);
        stream->length += count;
    }
}

static void count_event(struct tally *tally, const struct event *event)
{
    const char *names[] = {event->exe, event->object, event->host, event->reason};
    const unsigned char *address = (const unsigned char *)&event->address;

    tally->events++;
    tally->sum =
        tally->sum * 31 + event->kind + event->port * 7 + (unsigned)event->pid * 65537U;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (const char *at = names[i]; *at != '\0'; at++)
            tally->sum = tally->sum * 31 + (unsigned char)*at;
    for (size_t i = 0; i < sizeof event->address; i++)
        tally->sum = tally->sum * 31 + address[i];
}

/* The same by another way: each line that is whole. */
static struct tally expect(const struct stream *stream)
{
    const char *at = stream->bytes, *end = at + stream->length, *newline;
    struct tally tally = {0, 0, 0};
    struct event event;

    for (; at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL;
         at = newline + 1) {
        size_t length = (size_t)(newline - at);
        char *line = fuzz_string(at, length);

        if (length < MOST_LINE && strlen(line) == length && event_text_parse(line, &event))
            count_event(&tally, &event);
        else
            tally.malformed++;
        free(line);
    }
    return tally;
}

static void drain(struct fifo *fifo, struct tally *tally)
{
    struct received received;

    while (source_next(&fifo->source, &received))
        count_event(tally, &received.event);
}

/* Up to the next newline, and that for itself. */
static size_t line_length(const struct stream *stream, size_t at)
{
    const char *start = stream->bytes + at, *newline;

    newline = memchr(start, '\n', stream->length - at);
    if (newline == NULL)
        return stream->length - at;
    return newline > start ? (size_t)(newline - start) : 1;
}

/* In pieces of `most` bytes at most, or of LINES. */
static void receive(const struct stream *stream, unsigned seed, size_t most,
                    const struct tally *expected)
{
    static int ends[2] = {-1, -1};
    struct fifo *fifo = malloc(sizeof *fifo);
    struct tally tally = {0, 0, 0};

    if (ends[0] < 0)
        DEMAND(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    memset(fifo, 0, offsetof(struct fifo, buffer));
    fifo->source.class = &fifo_class;
    fifo->source.fd = ends[0];
    for (size_t at = 0, length; at < stream->length; at += length) {
        length = most == LINES ? line_length(stream, at)
                               : next_piece(&seed, most, stream->length - at);
        DEMAND(write(ends[1], stream->bytes + at, length) == (ssize_t)length);
        drain(fifo, &tally);
    }
    DEMAND(tally.events == expected->events && tally.sum == expected->sum);
    DEMAND(fifo->source.malformed == expected->malformed);
    DEMAND(fifo->length < sizeof fifo->buffer);
    free(fifo);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size < MOST_INPUT ? size : MOST_INPUT};
    unsigned seed = (unsigned)take_number(&input, 2);
    struct stream *stream = malloc(sizeof *stream);
    struct tally expected;

    expand(&input, stream);
    expected = expect(stream);
    receive(stream, seed, stream->length + 1, &expected);
    receive(stream, seed, 16 + seed % 1000, &expected);
    receive(stream, seed, LINES, &expected);
    free(stream);
    return 0;
}
