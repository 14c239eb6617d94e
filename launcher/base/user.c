#include "launcher/base/user.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

uid_t user_id(void)
{
#ifdef SYS_geteuid32
    return (uid_t)syscall(SYS_geteuid32);
#else
    return (uid_t)syscall(SYS_geteuid);
#endif
}

/* On 64-bit machines the kernel's struct stat is libc's. */
static int stat_link(const char *path, struct stat *status)
{
#if defined SYS_newfstatat && __SIZEOF_LONG__ == 8
    return (int)syscall(SYS_newfstatat, AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
#else
    return lstat(path, status);
#endif
}

enum { OVERFLOW_UID = 65534 }; /* /proc/sys/kernel/overflowuid */

/*
 * In a user namespace every user that it does not know has one number, and that may be ours: of
 * a directory with mode 0700 the kernel knows better who may write to it.
 */
bool user_has_alone(const char *path)
{
    struct stat status;

    errno = 0;
    if (stat_link(path, &status) != 0)
        return false;
    errno = 0;
    if (!S_ISDIR(status.st_mode) || status.st_uid != user_id() || (status.st_mode & 077) != 0)
        return false;
    if (status.st_uid != OVERFLOW_UID || access(path, W_OK | X_OK) == 0)
        return true;
    errno = errno != EACCES ? errno : 0; /* it is a stranger's */
    return false;
}
