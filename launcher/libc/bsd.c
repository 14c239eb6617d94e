#include "launcher/libc/bsd.h"

#include <errno.h>
#include <limits.h>

#ifdef BSD_WITHOUT_STRLCPY
size_t strlcpy(char *to, const char *from, size_t size)
{
    size_t length = strlen(from);

    if (size > 0) {
        size_t fits = length < size ? length : size - 1;

        memcpy(to, from, fits);
        to[fits] = '\0';
    }
    return length;
}

size_t strlcat(char *to, const char *from, size_t size)
{
    size_t length = strnlen(to, size);

    return length + strlcpy(to + length, from, size - length);
}
#endif

#ifdef BSD_WITHOUT_CLOSEFROM
#include <dirent.h>
#include <sys/syscall.h>

/* One by one, if the kernel is older than close_range(2), Linux 5.9. */
static void close_those_open(int least)
{
    DIR *open = opendir("/proc/self/fd");
    const struct dirent *entry;

    while (open != NULL && (entry = readdir(open)) != NULL) {
        int fd = atoi(entry->d_name); /* "." and ".." are 0 */

        if (fd >= least && fd != dirfd(open) && entry->d_name[0] != '.')
            close(fd);
    }
    if (open != NULL)
        closedir(open);
}

void closefrom(int least)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)least, UINT_MAX, 0) == 0)
        return;
#endif
    close_those_open(least);
}
#endif

long long strtonum(const char *text, long long least, long long most, const char **reason)
{
    int before = errno;
    long long number;
    char *end;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (least > most || end == text || *end != '\0') {
        errno = EINVAL;
        *reason = "invalid";
    } else if (number < least) {
        errno = ERANGE;
        *reason = "too small";
    } else if (number > most || errno == ERANGE) {
        errno = ERANGE;
        *reason = "too large";
    } else {
        errno = before;
        *reason = NULL;
    }
    return *reason == NULL ? number : 0;
}
