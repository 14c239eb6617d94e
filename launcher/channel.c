#include "launcher/channel.h"

#include <bsd/err.h>
#include <bsd/string.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/private_dir.h"
#include "launcher/status.h"

enum {
    NAMES_TO_TRY = 16,
    FILLS_PER_CALL = 16, /* a program that writes junk without end must not keep us here */
};

/* The process of a FIFO's name, 0 if the name is not one of this host's. */
static pid_t owner_of(const char *name, const char *host)
{
    size_t length = strlen(host);
    long pid;

    if (strncmp(name, host, length) != 0 || name[length] != '.')
        return 0;
    return sscanf(name + length, ".%ld.", &pid) == 1 && pid > 0 ? (pid_t)pid : 0;
}

/* Asked of the kernel: to open for writing fails with ENXIO, fifo(7). */
static bool nobody_reads(int directory, const char *name)
{
    int fd = openat(directory, name, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == ENXIO;
}

/* Another process that is there may be about to open it. */
static bool is_abandoned(int directory, const char *name, pid_t owner)
{
    bool gone = owner == getpid() || (kill(owner, 0) != 0 && errno == ESRCH);

    return gone && nobody_reads(directory, name);
}

/*
 * A name that is taken was taken by a killed run that had our number, and is free again; or by
 * a run that has it now, in another PID namespace.
 */
static void make_fifo(struct channel *channel, const char *directory, const char *host)
{
    for (int i = 0; i < NAMES_TO_TRY; i++) {
        if (snprintf(channel->path, sizeof channel->path, "%s/%s.%ld.%d", directory, host,
                     (long)getpid(), i) >= PATH_MAX)
            errx(STATUS_FAILED, "%s: the path is too long", directory);
        if (mkfifo(channel->path, 0600) == 0)
            return;
        if (errno != EEXIST)
            break;
        if (nobody_reads(AT_FDCWD, channel->path) && unlink(channel->path) == 0)
            i--;
    }
    err(STATUS_FAILED, "cannot make the FIFO %s: set TMPDIR to a directory that can be written",
        channel->path);
}

/*
 * Open for writing too: the FIFO then never reports an end of file, however many programs open
 * and close it (fifo(7): on Linux this does not block).
 */
void channel_open(struct channel *channel)
{
    char directory[PATH_MAX], host[HOST_SIZE] = "";

    memset(channel, 0, sizeof *channel);
    private_dir_make(directory);
    gethostname(host, sizeof host - 1);
    make_fifo(channel, directory, host);
    channel->fd = open(channel->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (channel->fd < 0) {
        int error = errno;

        unlink(channel->path);
        errc(STATUS_FAILED, error, "cannot open the FIFO %s", channel->path);
    }
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

/* A host sharing the directory, by NFS say, judges only its own. */
void channel_sweep(const struct channel *channel)
{
    char path[PATH_MAX], host[HOST_SIZE] = "";
    DIR *directory;
    struct dirent *entry;

    gethostname(host, sizeof host - 1);
    strlcpy(path, channel->path, sizeof path);
    directory = opendir(dirname(path));
    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        pid_t owner = owner_of(entry->d_name, host);

        if (owner != 0 && is_abandoned(dirfd(directory), entry->d_name, owner))
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
}

void channel_close(struct channel *channel)
{
    unlink(channel->path);
    close(channel->fd);
}
