#include "launcher/port_file.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/status.h"

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
        errx(STATUS_FAILED,
             "cannot write the port file '%s', it is no regular file: choose another name",
             path);
    fd = make_temporary(path, temporary);
    if (fd < 0)
        err(STATUS_FAILED, "cannot write the port file '%s': choose another directory", path);
    close(fd);
    unlink(temporary);
    if (unlink(path) != 0 && errno != ENOENT)
        err(STATUS_FAILED, "cannot replace the port file '%s': choose another name", path);
}

int port_file_write(const char *path, const char *host, unsigned port)
{
    char temporary[PATH_MAX];
    int fd = make_temporary(path, temporary), error;

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
