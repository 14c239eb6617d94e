#include "tests/faults/support/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct kind {
    const char *name;
    long number;
    int path;
    int errors[ERRORS_MOST];
};

#define CALL(name) #name, SYS_##name
#define WITH_PATH(argument) ((argument) + 1)
#define NONE 0

static const struct kind kinds[] = {
    /* files */
    {CALL(openat), WITH_PATH(1), {EINTR, EMFILE, ENFILE, ENOMEM, ENOSPC, EACCES, EIO}},
    {CALL(close), NONE, {EINTR, ENOSPC, EIO}},
    {CALL(read), NONE, {EINTR, EAGAIN, EIO}},
    {CALL(pread64), NONE, {EINTR, EIO}},
    {CALL(write), NONE, {EINTR, EAGAIN, ENOSPC, EIO}},
    {CALL(pwrite64), NONE, {EINTR, ENOSPC, EIO}},
    {CALL(newfstatat), WITH_PATH(1), {ENOMEM, EACCES, EIO}},
    {CALL(fstat), NONE, {ENOMEM, EIO}},
    {CALL(statx), WITH_PATH(1), {ENOMEM, EACCES, EIO}},
    {CALL(statfs), WITH_PATH(0), {EINTR, ENOMEM, EACCES, EIO}},
    {CALL(fstatfs), NONE, {EINTR, ENOMEM, EIO}},
    {CALL(faccessat), WITH_PATH(1), {ENOMEM, EACCES, EIO}},
    {CALL(readlinkat), WITH_PATH(1), {ENOMEM, EACCES, EIO}},
    {CALL(mkdirat), WITH_PATH(1), {ENOMEM, ENOSPC, EACCES, EIO}},
    {CALL(mknodat), WITH_PATH(1), {ENOMEM, ENOSPC, EACCES, EIO}},
    {CALL(symlinkat), WITH_PATH(2), {ENOMEM, ENOSPC, EACCES, EIO}},
    {CALL(linkat), WITH_PATH(1), {ENOMEM, ENOSPC, EACCES, EIO}},
    {CALL(renameat), WITH_PATH(1), {ENOMEM, ENOSPC, EACCES, EIO}},
    {CALL(unlinkat), WITH_PATH(1), {ENOMEM, EACCES, EIO}},
    {CALL(fchmod), NONE, {EPERM, EIO}},
    {CALL(getdents64), NONE, {ENOMEM, EIO}},
    {CALL(getcwd), NONE, {ENOMEM, EACCES}},
    {CALL(fgetxattr), NONE, {ENOMEM, EACCES, EIO}},
    {CALL(ioctl), NONE, {EIO}},
    {CALL(fcntl), NONE, {EMFILE}},
    {CALL(dup3), NONE, {EINTR, EMFILE}},
    {CALL(pipe2), NONE, {EMFILE, ENFILE}},
    {CALL(socketpair), NONE, {EMFILE, ENFILE, ENOBUFS, ENOMEM}},
    {CALL(pidfd_open), NONE, {EMFILE, ENFILE, ENOMEM, ENOSYS, EPERM}},
    {CALL(memfd_create), NONE, {EMFILE, ENFILE, ENOMEM}},
    {CALL(ftruncate), NONE, {EINTR, EIO}},
#ifdef SYS_access /* aarch64 has none of these */
    {CALL(access), WITH_PATH(0), {ENOMEM, EACCES, EIO}},
    {CALL(readlink), WITH_PATH(0), {ENOMEM, EACCES, EIO}},
    {CALL(mkdir), WITH_PATH(0), {ENOMEM, ENOSPC, EACCES, EIO}},
    {CALL(symlink), WITH_PATH(1), {ENOMEM, ENOSPC, EACCES, EIO}},
    {CALL(rename), WITH_PATH(0), {ENOMEM, ENOSPC, EACCES, EIO}},
    {CALL(unlink), WITH_PATH(0), {ENOMEM, EACCES, EIO}},
    {CALL(dup2), NONE, {EINTR, EMFILE}},
    {CALL(poll), NONE, {EINTR, ENOMEM}},
    {CALL(select), NONE, {EINTR, ENOMEM}},
    {CALL(fork), NONE, {EAGAIN, ENOMEM}},
    {CALL(vfork), NONE, {EAGAIN, ENOMEM}},
    {CALL(epoll_wait), NONE, {EINTR}},
    {CALL(arch_prctl), NONE, {0}},
#endif
    /* processes and signals */
    {CALL(clone), NONE, {EAGAIN, ENOMEM}},
    {CALL(execve), WITH_PATH(0), {EAGAIN, EMFILE, ENFILE, ENOMEM, EACCES, EIO}},
    {CALL(wait4), NONE, {EINTR}},
    {CALL(waitid), NONE, {EINTR}},
    {CALL(kill), NONE, {EPERM}},
    {CALL(tgkill), NONE, {EAGAIN}},
    {CALL(signalfd4), NONE, {EMFILE, ENFILE, ENOMEM}},
    {CALL(rt_sigtimedwait), NONE, {EINTR, EAGAIN}},
    {CALL(nanosleep), NONE, {EINTR}},
    {CALL(clock_nanosleep), NONE, {EINTR}},
    {CALL(prlimit64), NONE, {EPERM}},
    {CALL(ppoll), NONE, {EINTR, ENOMEM}},
    {CALL(pselect6), NONE, {EINTR, ENOMEM}},
    {CALL(epoll_create1), NONE, {EMFILE, ENFILE, ENOMEM}},
    {CALL(epoll_ctl), NONE, {ENOMEM, ENOSPC}},
    {CALL(epoll_pwait), NONE, {EINTR}},
    {CALL(timerfd_create), NONE, {EMFILE, ENFILE, ENOMEM}},
    /* sockets */
    {CALL(socket), NONE, {EMFILE, ENFILE, ENOMEM, EACCES}},
    {CALL(bind), NONE, {ENOMEM, EACCES, EADDRINUSE}},
    {CALL(listen), NONE, {EADDRINUSE}},
    {CALL(connect), NONE, {EINTR, EAGAIN, EACCES}},
    {CALL(accept), NONE, {EINTR, EAGAIN, EMFILE, ENFILE, ENOMEM}},
    {CALL(accept4), NONE, {EINTR, EAGAIN, EMFILE, ENFILE, ENOMEM}},
    {CALL(sendto), NONE, {EINTR, EAGAIN, ENOMEM, ENOBUFS}},
    {CALL(sendmsg), NONE, {EINTR, EAGAIN, ENOMEM, ENOBUFS}},
    {CALL(recvfrom), NONE, {EINTR, EAGAIN, ENOMEM}},
    {CALL(recvmsg), NONE, {EINTR, EAGAIN, ENOMEM}},
    {CALL(getsockname), NONE, {ENOBUFS}},
    {CALL(getsockopt), NONE, {0}},
    {CALL(setsockopt), NONE, {ENOMEM}},
    /* memory */
    {CALL(mmap), NONE, {EAGAIN, ENFILE, ENOMEM, EACCES}},
    {CALL(mprotect), NONE, {ENOMEM, EACCES}},
    {CALL(munmap), NONE, {ENOMEM}},
    {CALL(mremap), NONE, {EAGAIN, ENOMEM}},
    {CALL(madvise), NONE, {EAGAIN, ENOMEM}},
    {CALL(getrandom), NONE, {EINTR, EAGAIN}},
    /* Which only a mistake, or the process's own end, could make fail. brk(2) has no errors:
     * it returns what is, and malloc(3) turns to mmap(2). */
    {CALL(brk), NONE, {0}},
    {CALL(set_tid_address), NONE, {0}},
    {CALL(set_robust_list), NONE, {0}},
#ifdef SYS_rseq
    {CALL(rseq), NONE, {0}},
#endif
    {CALL(rt_sigaction), NONE, {0}},
    {CALL(rt_sigprocmask), NONE, {0}},
    {CALL(rt_sigpending), NONE, {0}},
    {CALL(rt_sigreturn), NONE, {0}},
    {CALL(restart_syscall), NONE, {0}},
    {CALL(prctl), NONE, {0}},
    {CALL(umask), NONE, {0}},
    {CALL(uname), NONE, {0}},
    {CALL(lseek), NONE, {0}},
    {CALL(getpid), NONE, {0}},
    {CALL(getppid), NONE, {0}},
    {CALL(gettid), NONE, {0}},
    {CALL(getsid), NONE, {0}},
    {CALL(getuid), NONE, {0}},
    {CALL(geteuid), NONE, {0}},
    {CALL(getgid), NONE, {0}},
    {CALL(getegid), NONE, {0}},
    {CALL(clock_gettime), NONE, {0}},
    {CALL(timerfd_settime), NONE, {0}},
    {CALL(sched_yield), NONE, {0}},
    {CALL(sigaltstack), NONE, {0}},
    {CALL(sysinfo), NONE, {0}},
    {CALL(exit), NONE, {0}},
    {CALL(exit_group), NONE, {0}},
};

static const struct kind *find(long number)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].number == number)
            return &kinds[i];
    return NULL;
}

bool errors_know(long number)
{
    return find(number) != NULL;
}

const char *errors_name(long number)
{
    static char unknown[32];
    const struct kind *kind = find(number);

    if (kind != NULL)
        return kind->name;
    snprintf(unknown, sizeof unknown, "call %ld", number);
    return unknown;
}

int errors_path(long number)
{
    const struct kind *kind = find(number);

    return kind != NULL ? kind->path - 1 : -1;
}

/* What its arguments rule out: that a call which does not wait is interrupted, say. */
static bool is_ruled_out(long number, const uint64_t arguments[ARGUMENTS], int error)
{
    switch (number) {
    case SYS_openat:
        return error == ENOSPC && (arguments[2] & O_CREAT) == 0;
    case SYS_fcntl:
        return arguments[1] != F_DUPFD && arguments[1] != F_DUPFD_CLOEXEC;
    case SYS_wait4:
        return (arguments[2] & WNOHANG) != 0;
    case SYS_waitid:
        return (arguments[3] & WNOHANG) != 0;
    case SYS_getrandom:
        return error == ((arguments[2] & GRND_NONBLOCK) != 0 ? EINTR : EAGAIN);
    default:
        return false;
    }
}

int errors_of(long number, const uint64_t arguments[ARGUMENTS], int errors[ERRORS_MOST])
{
    const struct kind *kind = find(number);
    int count = 0;

    for (int i = 0; kind != NULL && i < ERRORS_MOST && kind->errors[i] != 0; i++)
        if (!is_ruled_out(number, arguments, kind->errors[i]))
            errors[count++] = kind->errors[i];
    return count;
}
