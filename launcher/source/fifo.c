#include "launcher/source/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/entropy.h"
#include "launcher/base/private_dir.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/libc/bsd.h"
#include "launcher/source/fifos.h"

enum {
    FILLS_PER_CALL = 16, /* a program that writes lines without end must not keep us here */
    ATTEMPTS = 8,
};

static void make_paths(struct fifo *fifo, char temporary[PATH_MAX])
{
    char directory[PATH_MAX], host[HOST_SIZE] = "", name[HOST_SIZE + 32];

    private_dir_make(directory);
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s.%ld.%08x", host, (long)getpid(),
             (unsigned)entropy_number());
    if (snprintf(fifo->path, sizeof fifo->path, "%s/%s", directory, name) >= PATH_MAX ||
        snprintf(temporary, PATH_MAX, "%s/%s%s", directory, FIFO_MAKING, name) >= PATH_MAX)
        die(STATUS_FAILED, "%s: the path is too long: set TMPDIR to a shorter one", directory);
}

/*
 * 0, or -1 and errno. Open for writing too: the FIFO then never reports an end of file, however
 * many programs open and close it (fifo(7): on Linux this does not block).
 */
static int make_fifo(struct fifo *fifo, const char *temporary)
{
    int error;

    if (mkfifo(temporary, 0600) != 0)
        return -1;
    fifo->source.fd = open(temporary, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fifo->source.fd >= 0 && rename(temporary, fifo->path) == 0)
        return 0;
    error = errno;
    if (fifo->source.fd >= 0)
        close(fifo->source.fd);
    unlink(temporary);
    errno = error;
    return -1;
}

static bool has_bytes(int fd)
{
    int count;

    return ioctl(fd, FIONREAD, &count) == 0 && count > 0;
}

/*
 * Whatever error a read has: what is there is read. Of an engine that has ended nothing comes
 * after it that would have us look again.
 */
static bool fill(struct fifo *fifo)
{
    ssize_t length;
    int attempts = ATTEMPTS;

    do
        length = read(fifo->source.fd, fifo->buffer + fifo->length,
                      sizeof fifo->buffer - fifo->length);
    while (length < 0 && has_bytes(fifo->source.fd) && --attempts > 0);
    if (length <= 0)
        return false;
    fifo->length += (size_t)length;
    return true;
}

/* Take the first line off the buffer; a line that fills the buffer is dropped up to its end. */
static bool take_line(struct fifo *fifo)
{
    char *newline = memchr(fifo->buffer, '\n', fifo->length);
    bool skipped = fifo->skipping;
    size_t length;

    if (newline == NULL) {
        fifo->skipping |= fifo->length == sizeof fifo->buffer;
        if (fifo->skipping)
            fifo->length = 0;
        return false;
    }
    length = (size_t)(newline - fifo->buffer);
    memcpy(fifo->line, fifo->buffer, length);
    fifo->line[length] = '\0';
    fifo->length -= length + 1;
    memmove(fifo->buffer, newline + 1, fifo->length);
    fifo->skipping = false;
    if (skipped || strlen(fifo->line) != length)
        fifo->line[0] = '\0'; /* malformed, and counted as such */
    return true;
}

/* A line that is in the buffer when we return would wait there: poll(2) does not see it. */
static bool next_event(struct source *source, struct received *received)
{
    struct fifo *fifo = (struct fifo *)source;

    received->remote = false;
    for (int fills = 0;; fills++) {
        while (take_line(fifo)) {
            if (event_text_parse(fifo->line, &received->event))
                return true;
            source->malformed++;
        }
        if (fills == FILLS_PER_CALL || !fill(fifo))
            return false;
    }
}

void fifo_sweep_others(const struct fifo *fifo)
{
    const char *slash = strrchr(fifo->path, '/');
    char directory[PATH_MAX];

    snprintf(directory, sizeof directory, "%.*s", (int)(slash - fifo->path), fifo->path);
    fifos_sweep(directory, slash + 1);
}

static void remove_fifo(struct source *source)
{
    unlink(((struct fifo *)source)->path);
    close(source->fd);
    source->fd = -1;
}

static const struct source_class fifo_class = {
    .name = "the FIFO",
    .next = next_event,
    .close = remove_fifo,
};

/* A run in another PID namespace takes us for dead and removes what is being made: once more.
 */
void fifo_open(struct fifo *fifo)
{
    char temporary[PATH_MAX];
    int made, attempts = ATTEMPTS;

    fifo->source = (struct source){.class = &fifo_class};
    fifo->length = 0;
    fifo->skipping = false;
    do {
        make_paths(fifo, temporary);
        made = make_fifo(fifo, temporary);
    } while (made != 0 && errno == ENOENT && --attempts > 0);
    if (made != 0)
        die_error(STATUS_FAILED, errno,
                  "cannot make the FIFO %s: set TMPDIR to a directory that can be written",
                  temporary);
}
