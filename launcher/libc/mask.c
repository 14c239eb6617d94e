#include "launcher/libc/mask.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In bytes. A sigset_t begins with a set as the kernel has it, and is longer. */
enum { KERNEL_SET = 64 / 8 };

enum { FIRST_OF_PROGRAMS = 34 };

void mask_add(sigset_t *mask, int signal)
{
#ifdef __GLIBC__
    sigaddset(mask, signal);
#else
    mask->__bits[0] |= 1UL << (signal - 1);
#endif
}

void mask_fill(sigset_t *mask)
{
    sigfillset(mask);
    mask_add(mask, FIRST_OF_PROGRAMS);
}

void mask_change(int how, const sigset_t *mask, sigset_t *before)
{
    if (before != NULL)
        sigemptyset(before);
    syscall(SYS_rt_sigprocmask, how, mask, before, KERNEL_SET);
}
