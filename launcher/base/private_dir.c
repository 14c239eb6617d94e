#include "launcher/base/private_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/base/user.h"

enum { NAME_LENGTH = 32 }; /* imdshim-UID */

/*
 * LD_PRELOAD parts its words at a space or colon and expands what follows a '$', ld.so(8). The
 * engine may change its directory.
 */
static const char *temporary_directory(void)
{
    const char *named = getenv("TMPDIR");

    return named != NULL && named[0] == '/' && strpbrk(named, " :$") == NULL ? named : "/tmp";
}

static void make_name(char name[NAME_LENGTH])
{
    snprintf(name, NAME_LENGTH, "imdshim-%lu", (unsigned long)user_id());
}

/* False if it is too long. */
static bool join(char path[PATH_MAX], const char *directory, const char *name)
{
    return snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX;
}

/* imdshim-UID, or imdshim-UID.RANDOM. */
static bool is_named_so(const char *file, const char *name)
{
    size_t length = strlen(name);

    return strncmp(file, name, length) == 0 && (file[length] == '\0' || file[length] == '.');
}

/* A file that was removed meanwhile is none. */
static void visit_one(const char *name, void (*visit)(const char *path, void *with), void *with,
                      int *error)
{
    char path[PATH_MAX];

    if (!join(path, temporary_directory(), name))
        return;
    if (user_has_alone(path))
        visit(path, with);
    else if (errno != 0 && errno != ENOENT)
        *error = errno;
}

bool private_dir_visit(void (*visit)(const char *path, void *with), void *with)
{
    char name[NAME_LENGTH];
    DIR *directory = opendir(temporary_directory());
    struct dirent *entry;
    int error = 0;

    if (directory == NULL)
        return false;
    make_name(name);
    while (errno = 0, (entry = readdir(directory)) != NULL)
        if (is_named_so(entry->d_name, name))
            visit_one(entry->d_name, visit, with, &error);
    if (errno != 0)
        error = errno;
    closedir(directory);
    errno = error;
    return error == 0;
}

/* Runs share one as long as they can: the first by name. */
static void keep_first(const char *path, void *first)
{
    char *kept = first;

    if (kept[0] == '\0' || strcmp(path, kept) < 0)
        memcpy(kept, path, strlen(path) + 1);
}

/* The name is somebody else's: one that we have made before, or that nobody can foresee. */
static bool make_another(char path[PATH_MAX], const char *name)
{
    path[0] = '\0';
    private_dir_visit(keep_first, path);
    if (path[0] != '\0')
        return true;
    return snprintf(path, PATH_MAX, "%s/%s.XXXXXX", temporary_directory(), name) < PATH_MAX &&
           mkdtemp(path) != NULL;
}

void private_dir_make(char path[PATH_MAX])
{
    char name[NAME_LENGTH];

    make_name(name);
    if (!join(path, temporary_directory(), name))
        die(STATUS_FAILED, "TMPDIR is too long");
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        die_error(STATUS_FAILED, errno,
                  "cannot make %s: set TMPDIR to a directory that can be written", path);
    if (user_has_alone(path))
        return;
    if (errno != 0)
        die_error(STATUS_FAILED, errno, "cannot look at %s: set TMPDIR to another directory",
                  path);
    if (!make_another(path, name))
        die_error(STATUS_FAILED, errno,
                  "%s/%s is not a directory of yours alone (mode 0700), and no other can be "
                  "made: remove it or set TMPDIR",
                  temporary_directory(), name);
}
