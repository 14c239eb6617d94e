/*
 * System calls as the kernel has them, for use inside an engine's bind() and listen().
 *
 * glibc's open, read, write and close are cancellation points, and other preloaded libraries
 * wrap them: a bind() that goes through them could be cancelled, or counted as the engine's own
 * file access. syscall(2) is neither. Results and errno are those of the manual pages.
 */
#ifndef IMDSHIM_SHIM_WIRE_SYS_H
#define IMDSHIM_SHIM_WIRE_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* The kernel's own signal set, not glibc's: SIGCANCEL and SIGSETXID can be blocked with it. */
typedef uint64_t sys_sigset;
#define SYS_SIGNAL_BIT(signal) ((sys_sigset)1 << ((signal)-1))

static inline void sys_restore_errno(const int *kept)
{
    errno = *kept;
}

/* A declaration: at the end of its block errno is what it was here. */
#define KEEP_ERRNO                                                                             \
    __attribute__((cleanup(sys_restore_errno), unused)) const int kept_errno = errno

/*
 * Every signal, where a handler must not come between: one that left by longjmp(3) would leave
 * a descriptor of ours open. Returns the mask that was, to be restored.
 */
static inline sys_sigset sys_block_signals(void)
{
    const sys_sigset all = ~(sys_sigset)0;
    sys_sigset mask = 0;

    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &mask, sizeof mask);
    return mask;
}

static inline void sys_restore_signals(const sys_sigset *mask)
{
    KEEP_ERRNO;

    syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, sizeof *mask);
}

/* A declaration: to the end of its block every signal is blocked. */
#define BLOCK_SIGNALS                                                                          \
    __attribute__((cleanup(sys_restore_signals), unused)) const sys_sigset kept_signals =      \
        sys_block_signals()

static inline int sys_open(const char *path, int flags)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

/* errno is kept: a descriptor is closed after what it was for has failed. */
static inline void sys_close(int fd)
{
    KEEP_ERRNO;

    syscall(SYS_close, fd);
}

static inline int sys_duplicate(int fd)
{
    return (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

static inline ssize_t sys_read(int fd, void *to, size_t size)
{
    return syscall(SYS_read, fd, to, size);
}

static inline ssize_t sys_write(int fd, const void *from, size_t size)
{
    return syscall(SYS_write, fd, from, size);
}

static inline ssize_t sys_send(int fd, const void *from, size_t size)
{
    return syscall(SYS_sendto, fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
}

static inline int sys_socket(int domain, int type, int protocol)
{
    return (int)syscall(SYS_socket, domain, type, protocol);
}

/* An option of type int; -1 if it cannot be had. */
static inline int sys_getsockopt(int fd, int level, int option)
{
    int value = 0;
    socklen_t length = sizeof value;

    return syscall(SYS_getsockopt, fd, level, option, &value, &length) == 0 ? value : -1;
}

static inline int sys_setsockopt(int fd, int level, int option, int value)
{
    return (int)syscall(SYS_setsockopt, fd, level, option, &value, sizeof value);
}

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262 /* since glibc 2.32 */
#endif

/* MPTCP counts as TCP. */
static inline bool sys_is_tcp(int fd)
{
    int protocol = sys_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL);

    return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
}

/* ppoll(2) without a mask. */
static inline int sys_poll(struct pollfd *fds, nfds_t count, struct timespec timeout)
{
    return (int)syscall(SYS_ppoll, fds, count, &timeout, NULL, sizeof(sys_sigset));
}

/* What poll(2) says of one descriptor now; 0: nothing, or that cannot be asked. */
static inline int sys_poll_now(int fd, short events)
{
    struct pollfd now = {.fd = fd, .events = events};

    return sys_poll(&now, 1, (struct timespec){0, 0}) == 1 ? now.revents : 0;
}

/* glibc exports fstat only since 2.33; the kernel's struct is glibc's on 64-bit Linux. */
static inline int sys_fstat(int fd, struct stat *status)
{
    return (int)syscall(SYS_fstat, fd, status);
}

/*
 * When the file was made, in nanoseconds since 1970: a new file may have the inode number of
 * one that was removed. 0 where the file system does not say, or before Linux 4.11 and
 * glibc 2.28.
 */
static inline uint64_t sys_birth(int fd)
{
#if defined SYS_statx && defined STATX_BTIME
    struct statx status;

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BTIME, &status) == 0 &&
        (status.stx_mask & STATX_BTIME) != 0)
        return (uint64_t)status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec;
#endif
    (void)fd;
    return 0;
}

static inline ssize_t sys_readlink(const char *path, char *to, size_t size)
{
    return syscall(SYS_readlinkat, AT_FDCWD, path, to, size);
}

/* glibc before 2.25 caches getpid(), wrongly after a raw clone(2). */
static inline pid_t sys_getpid(void)
{
    return (pid_t)syscall(SYS_getpid);
}

static inline pid_t sys_gettid(void)
{
    return (pid_t)syscall(SYS_gettid);
}

/* The kernel's answer, with which SO_PEERCRED agrees: fakeroot(1) says 0 in geteuid(). */
static inline uid_t sys_geteuid(void)
{
    return (uid_t)syscall(SYS_geteuid);
}

/* Milliseconds of CLOCK_MONOTONIC. */
static inline int64_t sys_now(void)
{
    struct timespec now = {0, 0};

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
