#include "shim/events/event_sink.h"

#include "shim/events/tcp.h"
#include "shim/wire/sys.h"

enum { PAUSE_MS = 5 }; /* between attempts */

enum write_result { DONE, RETRY, SIGNALLED, TRY_TCP };

static bool is_handed_over(const struct handover_fd *file, int fd, struct stat *status)
{
    return sys_fstat(fd, status) == 0 && status->st_dev == file->device &&
           status->st_ino == file->inode && (file->birth == 0 || sys_birth(fd) == file->birth);
}

/*
 * A socket cannot be opened again; sys_send() keeps it from blocking instead. A regular file
 * does not block, and its offset is to be shared: it may be the engine's log.
 *
 * What cannot be opened again, without /proc or the permission, is written to as it is if there
 * is room for PIPE_BUF.
 */
static int reopen(const struct handover_fd *file, int fd, struct stat *status)
{
    char path[64];
    struct text text = {path, 0, sizeof path - 1};
    int again;

    if (S_ISSOCK(status->st_mode) || S_ISREG(status->st_mode))
        return fd;
    text_put_string(&text, "/proc/self/fd/");
    text_put_number(&text, (uint64_t)fd);
    text_end(&text);
    again = sys_open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    /* Another file: /proc/self/fd is the main thread's, and this thread may have a table of its
     * own, unshare(2). */
    if (again >= 0 && !is_handed_over(file, again, status)) {
        sys_close(again);
        again = -1;
        errno = EBADF;
    }
    if (again < 0 && errno != ENXIO) {
        if ((sys_poll_now(fd, POLLOUT) & POLLOUT) != 0)
            return fd;
        errno = EAGAIN;
    }
    sys_close(fd);
    return again;
}

/*
 * The engine may close the inherited descriptor and have its number again for a file of its
 * own, at any moment and in any thread. So the number is duplicated first and the duplicate,
 * which nobody else knows, is compared with the file that was handed over. Opening that file
 * again gives a file description of our own, which may be non-blocking without the launcher's
 * or the engine's becoming so.
 */
static int open_inherited(const struct handover_fd *file, struct stat *status)
{
    int fd = sys_duplicate(file->fd);

    if (fd < 0)
        return -1;
    if (is_handed_over(file, fd, status))
        return reopen(file, fd, status);
    sys_close(fd);
    errno = EBADF;
    return -1;
}

static int open_fifo(const char *path, struct stat *status)
{
    int fd = sys_open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

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
static enum write_result result_of(ssize_t written)
{
    if (written >= 0)
        return DONE;
    if (errno == ENXIO || errno == EAGAIN)
        return RETRY;
    return signal_of(errno) != 0 ? SIGNALLED : DONE;
}

static enum write_result attempt(const struct event_sink *sink, const char *line, size_t length)
{
    bool inherited = sink->file.fd >= 0;
    struct stat status;
    enum write_result result;
    int fd = inherited ? open_inherited(&sink->file, &status) : open_fifo(sink->fifo, &status);

    /* A FIFO that another host has too, by NFS say, has no reader here. */
    if (fd < 0)
        return !inherited && sink->tcp.count > 0 ? TRY_TCP : result_of(-1);
    if (!S_ISSOCK(status.st_mode))
        result = result_of(sys_write(fd, line, length));
    else /* MSG_NOSIGNAL: EPIPE has sent no signal */
        result = result_of(sys_send(fd, line, length)) == RETRY ? RETRY : DONE;
    sys_close(fd);
    return result;
}

/*
 * A reader that went away between open and write, a file at its size limit: the signal was sent
 * to this thread and is taken back. If the engine had one pending before, it must have it
 * still: one of its own thread has been merged with ours and is sent again.
 */
static void take_back(int signal, sys_sigset before)
{
    const sys_sigset only = SYS_SIGNAL_BIT(signal);
    const struct timespec at_once = {0, 0};
    sys_sigset after = 0;

    syscall(SYS_rt_sigtimedwait, &only, NULL, &at_once, sizeof only);
    syscall(SYS_rt_sigpending, &after, sizeof after);
    if ((before & only) != 0 && (after & only) == 0)
        syscall(SYS_tgkill, sys_getpid(), sys_gettid(), signal);
}

void event_sink_tell(const struct event_sink *sink, const struct event *event,
                     enum event_weight weight)
{
    const struct timespec pause = {0, PAUSE_MS * 1000000};
    int attempts = weight == EVENT_REQUIRED ? EVENT_SINK_TIMEOUT_MS / PAUSE_MS : 0;
    char bytes[HANDOVER_SIGNATURE + EVENT_MAX + 1], *line = bytes + HANDOVER_SIGNATURE;
    size_t length = event_text_format(event, line);
    sys_sigset before = 0;
    enum write_result result;
    int signal;
    BLOCK_SIGNALS;

    syscall(SYS_rt_sigpending, &before, sizeof before);
    while ((result = attempt(sink, line, length)) == RETRY && attempts-- > 0)
        syscall(SYS_nanosleep, &pause, NULL);
    if (result == TRY_TCP)
        tcp_send(&sink->tcp, line, length, weight == EVENT_REQUIRED);
    signal = result == SIGNALLED ? signal_of(errno) : 0;
    if (signal != 0)
        take_back(signal, before);
}
