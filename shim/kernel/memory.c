#include "shim/kernel/memory.h"

#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

#include "shim/wire/sys.h"

static bool under_valgrind;

enum { WORD = sizeof(sys_sigset), SMALLEST_PAGE = 4096 };

/*
 * rt_sigprocmask(2) reads the set, EFAULT, before it looks at what is to be done with it, EINVAL:
 * nothing is. No sandbox forbids it, unlike process_vm_readv(2).
 */
static int word_is_readable(uintptr_t word)
{
    const int nothing = -1;

    return word != 0 && syscall(SYS_rt_sigprocmask, nothing, word, NULL, (size_t)WORD) != 0 &&
           errno == EINVAL;
}

void memory_is_under_valgrind(void)
{
    under_valgrind = true;
}

/* A sandbox may forbid it: false. */
static bool copy_by_kernel(void *to, const void *from, size_t size, int *result)
{
    struct iovec here = {to, size}, there = {(void *)(uintptr_t)from, size};
    ssize_t copied = syscall(SYS_process_vm_readv, sys_getpid(), &here, 1UL, &there, 1UL, 0UL);

    *result = copied == (ssize_t)size ? 0 : -1;
    return copied >= 0 || errno == EFAULT;
}

int memory_copy(void *to, const void *from, size_t size)
{
    uintptr_t at = (uintptr_t)from, end = at + size;
    int result;
    KEEP_ERRNO;

    if (size == 0)
        return 0;
    if (at > end)
        return -1;
    if (under_valgrind && copy_by_kernel(to, from, size, &result))
        return result;
    for (uintptr_t page = at; page < end; page = (page | (SMALLEST_PAGE - 1)) + 1)
        if (!word_is_readable(page & ~(uintptr_t)(WORD - 1)))
            return -1;
    memcpy(to, from, size);
    return 0;
}
