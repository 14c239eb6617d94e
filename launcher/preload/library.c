#include "launcher/preload/library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "launcher/base/private_dir.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/libc/bsd.h"

static const char separators[] = " :";

/* What follows a '$' is expanded: $ORIGIN, $LIB, $PLATFORM. */
static const char awkward[] = " :$";

/* Cut the last component off. */
static void cut_component(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash != NULL)
        *slash = '\0';
}

void library_find(char path[PATH_MAX])
{
    static const char below[] = "/lib/imdshim/libimdshim.so";
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

    if (length < 0)
        die_error(STATUS_FAILED, errno,
                  "cannot find the library: /proc/self/exe (is /proc mounted?)");
    path[length] = '\0';
    cut_component(path);
    cut_component(path);
    if (strlcat(path, below, PATH_MAX) >= PATH_MAX)
        die(STATUS_FAILED, "cannot find the library: the path of this program is too long");
    if (access(path, R_OK) != 0)
        die_error(STATUS_FAILED, errno, "cannot read the library %s: install imdshim again",
                  path);
}

static bool link_points_to(const char *link, const char *target)
{
    char found[PATH_MAX];
    ssize_t length = readlink(link, found, sizeof found - 1);

    if (length < 0)
        return false;
    found[length] = '\0';
    return strcmp(found, target) == 0;
}

/* The link outlives this process: programs that the engine starts later are loaded through it.
 */
static void make_link(const char *library, const char *link)
{
    char temporary[PATH_MAX];

    if (link_points_to(link, library))
        return;
    if (snprintf(temporary, sizeof temporary, "%s.%ld", link, (long)getpid()) >= PATH_MAX)
        die(STATUS_FAILED, "%s: the path is too long", link);
    unlink(temporary); /* of a killed run that had our number */
    if (symlink(library, temporary) != 0 || rename(temporary, link) != 0)
        die_error(STATUS_FAILED, errno, "cannot make the link %s to the library", link);
}

void library_name_for_preload(const char *library, char name[PATH_MAX])
{
    char directory[PATH_MAX];
    struct stat status;

    if (strpbrk(library, awkward) == NULL) {
        strlcpy(name, library, PATH_MAX);
        return;
    }
    private_dir_make(directory);
    if (stat(library, &status) != 0)
        die_error(STATUS_FAILED, errno, "cannot look at the library %s: install imdshim again",
                  library);
    if (snprintf(name, PATH_MAX, "%s/lib.%llx.%llx.so", directory,
                 (unsigned long long)status.st_dev,
                 (unsigned long long)status.st_ino) >= PATH_MAX)
        die(STATUS_FAILED, "%s: the path is too long", directory);
    make_link(library, name);
}

/* Of the same size and not older: it is replaced whenever the library is. */
static bool is_copy_of(const char *path, const struct stat *library)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_size == library->st_size && status.st_mtime >= library->st_mtime;
}

static bool copy_bytes(const char *library, const char *path, off_t size)
{
    int from = open(library, O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0700);
    bool copied = from >= 0 && to >= 0;

    while (copied && size > 0) {
        ssize_t sent = sendfile(to, from, NULL, (size_t)size);

        copied = sent > 0;
        size -= sent;
    }
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return copied;
}

bool library_copy(const char *library, const char *path)
{
    char temporary[PATH_MAX];
    struct stat status;
    struct statvfs file_system;

    if (stat(library, &status) != 0 ||
        snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid()) >= PATH_MAX)
        return false;
    if (!is_copy_of(path, &status)) {
        unlink(temporary); /* of a killed run that had our number */
        if (!copy_bytes(library, temporary, status.st_size) || rename(temporary, path) != 0) {
            unlink(temporary);
            return false;
        }
    }
    errno = EACCES;
    return statvfs(path, &file_system) == 0 && (file_system.f_flag & ST_NOEXEC) == 0;
}

static bool list_contains(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (;;) {
        size_t item = strcspn(list, separators);

        if (item == length && strncmp(list, name, length) == 0)
            return true;
        if (list[item] == '\0')
            return false;
        list += item + 1;
    }
}

char *library_compose_preload(const char *existing, const char *name)
{
    char *value;

    if (name == NULL)
        value = strdup(existing != NULL ? existing : "");
    else if (existing == NULL || existing[0] == '\0')
        value = strdup(name);
    else if (list_contains(existing, name))
        value = strdup(existing);
    else if (asprintf(&value, "%s:%s", existing, name) < 0)
        value = NULL;
    if (value == NULL)
        die_error(STATUS_FAILED, errno, "LD_PRELOAD");
    return value;
}

char *library_compose_asan_options(const char *existing)
{
    static const char option[] = "verify_asan_link_order";
    char *value;

    if (existing != NULL && strstr(existing, option) != NULL)
        value = strdup(existing);
    else if (asprintf(&value, "%s%s%s=0", existing != NULL ? existing : "",
                      existing != NULL && existing[0] != '\0' ? ":" : "", option) < 0)
        value = NULL;
    if (value == NULL)
        die_error(STATUS_FAILED, errno, "ASAN_OPTIONS");
    return value;
}
