#include "launcher/source/fifo.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/entropy.h"
#include "launcher/base/private_dir.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/source/fifos.h"

enum {
    FILLS_PER_CALL = 16, /* a program that writes junk without end must not keep us here */
    ATTEMPTS = 8,
};

static void make_paths(struct channel *channel, char temporary[PATH_MAX])
{
    char directory[PATH_MAX], host[HOST_SIZE] = "", name[HOST_SIZE + 32];

    private_dir_make(directory);
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s.%ld.%08x", host, (long)getpid(),
             (unsigned)entropy_number());
    if (snprintf(channel->path, sizeof channel->path, "%s/%s", directory, name) >= PATH_MAX ||
        snprintf(temporary, PATH_MAX, "%s/%s%s", directory, FIFO_MAKING, name) >= PATH_MAX)
        die(STATUS_FAILED, "%s: the path is too long: set TMPDIR to a shorter one", directory);
}

/*
 * 0, or -1 and errno. Open for writing too: the FIFO then never reports an end of file, however
 * many programs open and close it (fifo(7): on Linux this does not block).
 */
static int make_fifo(struct channel *channel, const char *temporary)
{
    int error;

    if (mkfifo(temporary, 0600) != 0)
        return -1;
    channel->fd = open(temporary, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (channel->fd >= 0 && rename(temporary, channel->path) == 0)
        return 0;
    error = errno;
    if (channel->fd >= 0)
        close(channel->fd);
    unlink(temporary);
    errno = error;
    return -1;
}

/* A run in another PID namespace takes us for dead and removes what is being made: once more.
 */
void channel_open(struct channel *channel)
{
    char temporary[PATH_MAX];
    int made, attempts = ATTEMPTS;

    memset(channel, 0, sizeof *channel);
    do {
        make_paths(channel, temporary);
        made = make_fifo(channel, temporary);
    } while (made != 0 && errno == ENOENT && --attempts > 0);
    if (made != 0)
        die_error(STATUS_FAILED, errno,
                  "cannot make the FIFO %s: set TMPDIR to a directory that can be written",
                  temporary);
}

static bool fill(struct channel *channel)
{
    ssize_t length = read(channel->fd, channel->buffer + channel->length,
                          sizeof channel->buffer - channel->length);

    if (length <= 0)
        return false;
    channel->length += (size_t)length;
    return true;
}

/* Take the first line off the buffer; a line that fills the buffer is dropped up to its end. */
static bool take_line(struct channel *channel, char *line)
{
    char *newline = memchr(channel->buffer, '\n', channel->length);
    bool skipped = channel->skipping;
    size_t length;

    if (newline == NULL) {
        channel->skipping |= channel->length == sizeof channel->buffer;
        if (channel->skipping)
            channel->length = 0;
        return false;
    }
    length = (size_t)(newline - channel->buffer);
    memcpy(line, channel->buffer, length);
    line[length] = '\0';
    channel->length -= length + 1;
    memmove(channel->buffer, newline + 1, channel->length);
    channel->skipping = false;
    if (skipped || strlen(line) != length)
        line[0] = '\0'; /* no event, and counted as none */
    return true;
}

bool channel_next(struct channel *channel, struct event *event)
{
    char line[sizeof channel->buffer];

    /* A line that is in the buffer when we return would wait there: poll(2) does not see it. */
    for (int fills = 0;; fills++) {
        while (take_line(channel, line)) {
            if (event_parse(line, event))
                return true;
            channel->junk++;
        }
        if (fills == FILLS_PER_CALL || !fill(channel))
            return false;
    }
}

void channel_sweep(const struct channel *channel)
{
    char path[PATH_MAX];

    strlcpy(path, channel->path, sizeof path);
    fifos_sweep(dirname(path), false);
}

void channel_close(struct channel *channel)
{
    unlink(channel->path);
    close(channel->fd);
}
