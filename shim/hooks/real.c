#include "shim/hooks/real.h"

#include <dlfcn.h>

#include "shim/wire/sys.h"

/*
 * dlsym moved from libdl to libc in glibc 2.34. The oldest version of it is in both; the
 * reference is weak, because a process with an older glibc and no libdl has no dlsym at all,
 * and a library that cannot be loaded would end it. Needing libdl.so.2 instead would cost each
 * start 6 %. musl, which can load this library too, heeds no versions.
 */
extern __typeof__(dlsym) oldest_dlsym __attribute__((weak));
#if !defined __GLIBC__
#define oldest_dlsym dlsym
#elif defined __x86_64__
__asm__(".symver oldest_dlsym, dlsym@GLIBC_2.2.5");
#elif defined __aarch64__ || (defined __powerpc64__ && _CALL_ELF == 2)
__asm__(".symver oldest_dlsym, dlsym@GLIBC_2.17");
#elif defined __riscv
__asm__(".symver oldest_dlsym, dlsym@GLIBC_2.27");
#else
#error "name this architecture's oldest version of dlsym: objdump -T libdl.so.2"
#endif

struct real_calls real;

/* Without dlsym: what the C library would have done, but for thread cancellation. */

#define KERNEL_CALL(name, parameters, ...)                                                     \
    static int kernel_##name parameters                                                        \
    {                                                                                          \
        return (int)syscall(SYS_##name, __VA_ARGS__);                                          \
    }

KERNEL_CALL(bind, (int fd, const struct sockaddr *address, socklen_t length), fd, address,
            length)
KERNEL_CALL(listen, (int fd, int backlog), fd, backlog)
KERNEL_CALL(connect, (int fd, const struct sockaddr *address, socklen_t length), fd, address,
            length)
KERNEL_CALL(accept4, (int fd, struct sockaddr *address, socklen_t *length, int flags), fd,
            address, length, flags)
KERNEL_CALL(epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event), epoll,
            operation, fd, event)

static unsigned kernel_sleep(unsigned seconds)
{
    struct timespec left = {seconds, 0};

    return syscall(SYS_nanosleep, &left, &left) == 0 ? 0 : (unsigned)left.tv_sec;
}

static int kernel_accept(int fd, struct sockaddr *address, socklen_t *length)
{
    return kernel_accept4(fd, address, length, 0);
}

/* The kernel writes the time left into its argument; POSIX says that it stays as it was. */
static int kernel_pselect(int n, fd_set *in, fd_set *out, fd_set *except,
                          const struct timespec *timeout, const sigset_t *mask)
{
    struct {
        const sigset_t *mask;
        size_t size;
    } sixth = {mask, sizeof(sys_sigset)};
    struct timespec left = timeout != NULL ? *timeout : (struct timespec){0, 0};

    return (int)syscall(SYS_pselect6, n, in, out, except, timeout != NULL ? &left : NULL,
                        &sixth);
}

static int kernel_select(int n, fd_set *in, fd_set *out, fd_set *except,
                         struct timeval *timeout)
{
    struct timespec left = {0, 0};
    int result;

    if (timeout == NULL)
        return kernel_pselect(n, in, out, except, NULL, NULL);
    left.tv_sec = timeout->tv_sec;
    left.tv_nsec = timeout->tv_usec * 1000;
    result = (int)syscall(SYS_pselect6, n, in, out, except, &left, NULL);
    timeout->tv_sec = left.tv_sec;
    timeout->tv_usec = left.tv_nsec / 1000;
    return result;
}

static int kernel_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                        const sigset_t *mask)
{
    struct timespec left = timeout != NULL ? *timeout : (struct timespec){0, 0};

    return (int)syscall(SYS_ppoll, fds, count, timeout != NULL ? &left : NULL, mask,
                        sizeof(sys_sigset));
}

static int kernel_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

    return kernel_ppoll(fds, count, milliseconds >= 0 ? &timeout : NULL, NULL);
}

static int kernel_poll_chk(struct pollfd *fds, nfds_t count, int milliseconds, size_t size)
{
    (void)size;
    return kernel_poll(fds, count, milliseconds);
}

static int kernel_ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                            const sigset_t *mask, size_t size)
{
    (void)size;
    return kernel_ppoll(fds, count, timeout, mask);
}

/* The store is one pointer, and every thread would store the same one. */
#define RESOLVE(result, member, symbol, parameters)                                            \
    do {                                                                                       \
        void *found = oldest_dlsym != NULL ? oldest_dlsym(RTLD_NEXT, symbol) : NULL;           \
        __typeof__(real.member) call = kernel_##member;                                        \
        if (found != NULL)                                                                     \
            __builtin_memcpy(&call, &found, sizeof call);                                      \
        __atomic_store_n(&real.member, call, __ATOMIC_RELAXED);                                \
    } while (0);

void real_resolve(void)
{
    REAL_CALLS(RESOLVE)
}
