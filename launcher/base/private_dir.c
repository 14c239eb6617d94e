#include "launcher/base/private_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"

/* A space or colon would be a separator in LD_PRELOAD. The engine may change its directory. */
static const char *temporary_directory(void)
{
    const char *named = getenv("TMPDIR");

    return named != NULL && named[0] == '/' && strpbrk(named, " :") == NULL ? named : "/tmp";
}

void private_dir_make(char path[PATH_MAX])
{
    struct stat status;
    uid_t user = geteuid();

    if (snprintf(path, PATH_MAX, "%s/imdshim-%lu", temporary_directory(),
                 (unsigned long)user) >= PATH_MAX)
        die(STATUS_FAILED, "TMPDIR is too long");
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        die_error(STATUS_FAILED, errno,
                  "cannot make %s: set TMPDIR to a directory that can be written", path);
    if (lstat(path, &status) != 0)
        die_error(STATUS_FAILED, errno, "cannot look at %s: set TMPDIR to another directory",
                  path);
    if (!S_ISDIR(status.st_mode) || status.st_uid != user || (status.st_mode & 077) != 0)
        die(STATUS_FAILED,
            "%s is not a directory of yours alone (mode 0700): remove it or set TMPDIR", path);
}
