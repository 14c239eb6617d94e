#include "shim/sys.h"

#include <errno.h>
#include <string.h>

int sys_copy(void *to, const void *from, size_t size)
{
    const struct iovec local = {to, size};
    const struct iovec remote = {(void *)(uintptr_t)from, size};
    long copied = syscall(SYS_process_vm_readv, sys_getpid(), &local, 1UL, &remote, 1UL, 0UL);

    if (copied == (long)size)
        return 0;
    if (copied >= 0 || (errno != EPERM && errno != ENOSYS))
        return -1;
    memcpy(to, from, size);
    return 0;
}
