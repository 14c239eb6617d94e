/*
 * System calls as the kernel has them, for use inside an engine's bind() and listen().
 *
 * glibc's open, read, write and close are cancellation points, and other preloaded libraries
 * wrap them: a bind() that goes through them could be cancelled, or counted as the engine's own
 * file access. syscall(2) is neither. Results and errno are those of the manual pages.
 */
#ifndef IMDSHIM_SHIM_WIRE_SYS_H
#define IMDSHIM_SHIM_WIRE_SYS_H

#include <fcntl.h>
#include <signal.h>
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

static inline int sys_open(const char *path, int flags)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

static inline int sys_close(int fd)
{
    return (int)syscall(SYS_close, fd);
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

/* An option of type int; -1 if it cannot be had. */
static inline int sys_getsockopt(int fd, int level, int option)
{
    int value = 0;
    socklen_t length = sizeof value;

    return syscall(SYS_getsockopt, fd, level, option, &value, &length) == 0 ? value : -1;
}

static inline int sys_socket(int domain, int type)
{
    return (int)syscall(SYS_socket, domain, type, 0);
}

static inline int sys_setsockopt(int fd, int level, int option, int value)
{
    return (int)syscall(SYS_setsockopt, fd, level, option, &value, sizeof value);
}

static inline ssize_t sys_sendmsg(int fd, const struct msghdr *message)
{
    return syscall(SYS_sendmsg, fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
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

static inline void sys_restore_signals(sys_sigset mask)
{
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof mask);
}

static inline int sys_sigpending(sys_sigset *set)
{
    return (int)syscall(SYS_rt_sigpending, set, sizeof *set);
}

/* Take one pending signal of the set, if there is one. */
static inline int sys_sigtake(const sys_sigset *set)
{
    const struct timespec at_once = {0, 0};

    return (int)syscall(SYS_rt_sigtimedwait, set, NULL, &at_once, sizeof *set);
}

/* To this thread. */
static inline int sys_sigraise(int signal)
{
    return (int)syscall(SYS_tgkill, sys_getpid(), sys_gettid(), signal);
}

/* Milliseconds of CLOCK_MONOTONIC. */
static inline int64_t sys_now(void)
{
    struct timespec now = {0, 0};

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void sys_sleep(long nanoseconds)
{
    const struct timespec time = {0, nanoseconds};

    syscall(SYS_nanosleep, &time, NULL);
}

/*
 * Copy memory that the engine passed to a call; -1 where the kernel would say EFAULT: a plain
 * read of a bad pointer would end the engine.
 */
int sys_copy(void *to, const void *from, size_t size);

#endif
