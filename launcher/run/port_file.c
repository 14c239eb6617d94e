#include "launcher/run/port_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/libc/bsd.h"

/*
 * A file without a name where path is to be: nothing is left of it if we are killed. -1 where
 * the file system has none such.
 */
static int make_nameless(const char *path)
{
    char directory[PATH_MAX];
    size_t length = strlcpy(directory, path, sizeof directory);

    if (length == 0 || length >= sizeof directory || path[length - 1] == '/')
        return -1;
#ifdef O_TMPFILE /* glibc 2.19 */
    return open(dirname(directory), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
#else
    return -1;
#endif
}

/* False too where there is no /proc, or a file of that name. */
static bool give_name(int fd, const char *path)
{
    char nameless[32];

    snprintf(nameless, sizeof nameless, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, nameless, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

static bool write_nameless(const char *path, const char *host, unsigned port)
{
    int fd = make_nameless(path);
    bool named = fd >= 0 && dprintf(fd, "%s:%u\n", host, port) > 0 && give_name(fd, path);

    if (fd >= 0)
        close(fd);
    return named;
}

/* A new file beside path, with the mode that open(2) would have given it; -1 and errno. */
static int make_temporary(const char *path, char temporary[PATH_MAX])
{
    mode_t mask = umask(0);
    int fd;

    umask(mask);
    if (path[0] == '\0') {
        errno = ENOENT;
        return -1;
    }
    if (snprintf(temporary, PATH_MAX, "%s.XXXXXX", path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd >= 0)
        fchmod(fd, 0666 & ~mask);
    return fd;
}

void port_file_prepare(const char *path)
{
    char temporary[PATH_MAX];
    struct stat status;
    int fd;

    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
        die(STATUS_FAILED,
            "cannot write the port file '%s', it is no regular file: choose another name",
            path);
    fd = make_nameless(path);
    if (fd < 0) {
        fd = make_temporary(path, temporary);
        if (fd < 0)
            die_error(STATUS_FAILED, errno,
                      "cannot write the port file '%s': choose another directory", path);
        unlink(temporary);
    }
    close(fd);
    if (unlink(path) != 0 && errno != ENOENT)
        die_error(STATUS_FAILED, errno,
                  "cannot replace the port file '%s': choose another name", path);
}

int port_file_write(const char *path, const char *host, unsigned port)
{
    char temporary[PATH_MAX];
    int fd, error;

    if (write_nameless(path, host, port))
        return 0;
    fd = make_temporary(path, temporary);
    if (fd < 0)
        return -1;
    error = dprintf(fd, "%s:%u\n", host, port) < 0 ? errno : 0;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0 && rename(temporary, path) == 0)
        return 0;
    if (error == 0)
        error = errno;
    unlink(temporary);
    errno = error;
    return -1;
}
