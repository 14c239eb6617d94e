#include "shim/events/event_sink.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "shim/wire/sys.h"
#include "shim/wire/text.h"

enum { PAUSE = 5 }; /* milliseconds between attempts */

enum outcome { OVER, AGAIN, SIGNALLED, ELSEWHERE };

bool channel_parse_fd(struct channel *channel, const char *text)
{
    uint64_t numbers[4];

    for (int i = 0; i < 4; i++) {
        text = text_take_number(text, UINT64_MAX, &numbers[i]);
        if (text == NULL || *text != (i < 3 ? ':' : '\0'))
            return false;
        text++;
    }
    if (numbers[0] > INT_MAX)
        return false;
    channel->fd = (int)numbers[0];
    channel->device = numbers[1];
    channel->inode = numbers[2];
    channel->birth = numbers[3];
    return true;
}

bool channel_parse_fifo(struct channel *channel, const char *text)
{
    size_t length = strlen(text);

    if (text[0] != '/' || length >= sizeof channel->path)
        return false;
    memcpy(channel->path, text, length + 1);
    channel->fd = -1;
    channel->tcp.count = 0;
    return true;
}

static bool is_handed_over(const struct channel *channel, int fd, struct stat *status)
{
    return sys_fstat(fd, status) == 0 && status->st_dev == channel->device &&
           status->st_ino == channel->inode &&
           (channel->birth == 0 || sys_birth(fd) == channel->birth);
}

static bool has_room(int fd)
{
    struct pollfd now = {.fd = fd, .events = POLLOUT};
    struct timespec at_once = {0, 0};

    return syscall(SYS_ppoll, &now, 1UL, &at_once, NULL, 0UL) == 1 &&
           (now.revents & POLLOUT) != 0;
}

/*
 * A socket cannot be opened again; sys_send() keeps it from blocking instead. A regular file
 * does not block, and its offset is to be shared: it may be the engine's log.
 *
 * What cannot be opened again, without /proc or the permission, is written to as it is if there
 * is room for PIPE_BUF. So is what turns out to be another file: /proc/self/fd is the main
 * thread's, and a thread may have a table of its own, unshare(2).
 */
static int reopen(const struct channel *channel, int fd, struct stat *status)
{
    char path[64] = "";
    struct text text = {path, 0, sizeof path - 1};
    int again;

    if (S_ISSOCK(status->st_mode) || S_ISREG(status->st_mode))
        return fd;
    text_put_string(&text, "/proc/self/fd/");
    text_put_number(&text, (uint64_t)fd, 10);
    again = sys_open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (again < 0 && errno == ENXIO) {
        sys_close(fd);
        errno = ENXIO;
        return -1;
    }
    if (again >= 0 && is_handed_over(channel, again, status)) {
        sys_close(fd);
        return again;
    }
    if (again >= 0)
        sys_close(again);
    if (has_room(fd))
        return fd;
    sys_close(fd);
    errno = EAGAIN;
    return -1;
}

/*
 * The engine may close the inherited descriptor and have its number again for a file of its
 * own, at any moment and in any thread. So the number is duplicated first and the duplicate,
 * which nobody else knows, is compared with the file that was handed over. Opening that file
 * again gives a file description of our own, which may be non-blocking without the launcher's
 * or the engine's becoming so.
 */
static int open_inherited(const struct channel *channel, struct stat *status)
{
    int fd = sys_duplicate(channel->fd);

    if (fd < 0)
        return -1;
    if (is_handed_over(channel, fd, status))
        return reopen(channel, fd, status);
    sys_close(fd);
    errno = EBADF;
    return -1;
}

static int open_fifo(const struct channel *channel, struct stat *status)
{
    int fd = sys_open(channel->path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 || (sys_fstat(fd, status) == 0 && S_ISFIFO(status->st_mode)))
        return fd;
    sys_close(fd);
    errno = EBADF;
    return -1;
}

/* The signal that a failed write(2) sends, 0 if none. */
static int signal_of(int error)
{
    return error == EPIPE ? SIGPIPE : error == EFBIG ? SIGXFSZ : 0;
}

/* ENXIO: no reader, perhaps not yet. EAGAIN: no room. Neither lasts where all is well. */
static enum outcome outcome_of(ssize_t result)
{
    if (result >= 0)
        return OVER;
    if (errno == ENXIO || errno == EAGAIN)
        return AGAIN;
    return signal_of(errno) != 0 ? SIGNALLED : OVER;
}

static enum outcome write_to(int fd, bool is_socket, const char *line, size_t length)
{
    if (!is_socket)
        return outcome_of(sys_write(fd, line, length));
    /* MSG_NOSIGNAL: EPIPE has sent no signal. */
    return outcome_of(sys_send(fd, line, length)) == AGAIN ? AGAIN : OVER;
}

static enum outcome attempt(const struct channel *channel, const char *line, size_t length)
{
    struct stat status;
    enum outcome outcome;
    int error,
        fd = channel->fd >= 0 ? open_inherited(channel, &status) : open_fifo(channel, &status);

    /* A FIFO that another host has too, by NFS say, has no reader here. */
    if (fd < 0)
        return channel->fd < 0 && channel->tcp.count > 0 ? ELSEWHERE : outcome_of(-1);
    outcome = write_to(fd, S_ISSOCK(status.st_mode), line, length);
    error = errno;
    sys_close(fd);
    errno = error;
    return outcome;
}

/*
 * A reader that went away between open and write, a file at its size limit: the signal was sent
 * to this thread and is taken back. If the engine had one pending before, it must have it
 * still: one of its own thread has been merged with ours and is sent again.
 */
static void take_back(int signal, sys_sigset before)
{
    const sys_sigset only = SYS_SIGNAL_BIT(signal);
    sys_sigset after = 0;

    sys_sigtake(&only);
    sys_sigpending(&after);
    if ((before & only) != 0 && (after & only) == 0)
        sys_sigraise(signal);
}

void channel_write(const struct channel *channel, const char *line, size_t length, bool patient)
{
    sys_sigset mask = sys_block_signals(), before = 0;
    int attempts = patient ? CHANNEL_PATIENCE / PAUSE : 0;
    enum outcome outcome;
    int signal;

    sys_sigpending(&before);
    while ((outcome = attempt(channel, line, length)) == AGAIN && attempts-- > 0)
        sys_sleep(PAUSE * 1000000L);
    if (outcome == ELSEWHERE)
        tcp_send(&channel->tcp, line, length, patient);
    signal = outcome == SIGNALLED ? signal_of(errno) : 0;
    if (signal != 0)
        take_back(signal, before);
    sys_restore_signals(mask);
}
