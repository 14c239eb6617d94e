/*
 * A preload that lets one system call of libimdshim's fail.
 *
 * The library makes its calls by syscall(2), which nothing else in a stand-in engine does: with
 * that interposed they are told exactly from the engine's own. tests/faults/support/failing.h
 * says which fails. At its end the process names its open descriptors and its signal mask on
 * standard error: what a failure has left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/faults/support/failing.h"

static long make(long number, const uint64_t a[6])
{
    long result;

#if defined __x86_64__
    register uint64_t r10 __asm__("r10") = a[3];
    register uint64_t r8 __asm__("r8") = a[4];
    register uint64_t r9 __asm__("r9") = a[5];

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
#elif defined __aarch64__
    register uint64_t x8 __asm__("x8") = (uint64_t)number;
    register uint64_t x0 __asm__("x0") = a[0];
    register uint64_t x1 __asm__("x1") = a[1];
    register uint64_t x2 __asm__("x2") = a[2];
    register uint64_t x3 __asm__("x3") = a[3];
    register uint64_t x4 __asm__("x4") = a[4];
    register uint64_t x5 __asm__("x5") = a[5];

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    result = (long)x0;
#endif
    return result;
}

/* NULL where there is none. Mapped by the first call, for that may come before a constructor.
 */
static struct failing *shared(void)
{
    static struct failing *mapped;
    const char *path = getenv("FAILING");
    void *memory = MAP_FAILED;
    int fd, error = errno;

    if (mapped != NULL || path == NULL)
        return mapped;
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        memory = mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    if (memory != MAP_FAILED)
        mapped = memory;
    errno = error;
    return mapped;
}

/* Is it this one? */
static int is_to_fail(struct failing *failing, long number, const uint64_t arguments[6])
{
    unsigned turn = __atomic_add_fetch(&failing->count, 1, __ATOMIC_SEQ_CST), time;

    if (number >= FAILING_NUMBERS)
        return 0;
    time = __atomic_add_fetch(&failing->times[number], 1, __ATOMIC_SEQ_CST);
    if (turn <= FAILING_CALLS) {
        failing->calls[turn - 1].number = number;
        failing->calls[turn - 1].time = time;
        for (int i = 0; i < 6; i++)
            failing->calls[turn - 1].arguments[i] = arguments[i];
    }
    if (number != failing->number || time != failing->fails)
        return 0;
    failing->hit = 1;
    return 1;
}

__attribute__((visibility("default"))) long syscall(long number, ...)
{
    struct failing *failing = shared();
    uint64_t arguments[6];
    va_list list;
    long result;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        arguments[i] = va_arg(list, uint64_t);
    va_end(list);
    if (failing != NULL && is_to_fail(failing, number, arguments)) {
        if (number == SYS_close) /* which closes even so, close(2) */
            make(number, arguments);
        result = -failing->error;
    } else {
        result = make(number, arguments);
    }
    if (result >= 0 || result < -4095)
        return result;
    errno = (int)-result;
    return -1;
}

__attribute__((destructor)) static void tell(void)
{
    uint64_t mask = 0;
    const uint64_t ask[6] = {SIG_BLOCK, 0, (uint64_t)(uintptr_t)&mask, sizeof mask, 0, 0};

    make(SYS_rt_sigprocmask, ask);
    dprintf(STDERR_FILENO, "blocked %lx open", (unsigned long)mask);
    for (int fd = 0; fd < 256; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            dprintf(STDERR_FILENO, " %d", fd);
    dprintf(STDERR_FILENO, "\n");
}
