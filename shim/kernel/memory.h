/*
 * Memory that an engine passes to a call, read without a risk.
 */
#ifndef IMDSHIM_SHIM_KERNEL_MEMORY_H
#define IMDSHIM_SHIM_KERNEL_MEMORY_H

#include <stddef.h>

/*
 * Copy it; -1 where the kernel would say EFAULT: a plain read of a bad pointer would end the
 * engine. Safe in a signal handler; errno is kept.
 */
int memory_copy(void *to, const void *from, size_t size);

/*
 * valgrind says of each system call whether it reads bytes that were never written, and counts
 * them as the engine's errors: from now on, copy by a call of which it does not.
 */
void memory_is_under_valgrind(void);

#endif
