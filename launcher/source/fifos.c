#include "launcher/source/fifos.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shim/wire/text.h"
#include "shim/wire/wire.h"

enum {
    STALE = 60,  /* seconds after which a FIFO that was being made is not any more */
    LOOKS = 256, /* names that a sweep keeps before it ends */
    DOUBTS = 8,  /* those of them that are looked at although their process lives */
};

/*
 * PID of HOST.PID.RANDOM, 0 if it is not a name of this host's. From the right: a host's name
 * may have dots and numbers of its own, and another's may begin as ours.
 */
static pid_t pid_in_name(const char *name, const char *host)
{
    const char *random = strrchr(name, '.'), *dot, *behind;
    uint64_t pid;

    if (random == NULL || (dot = memrchr(name, '.', (size_t)(random - name))) == NULL)
        return 0;
    behind = text_take_number(dot + 1, INT_MAX, &pid);
    if (behind != random || strlen(host) != (size_t)(dot - name) ||
        strncmp(name, host, strlen(host)) != 0)
        return 0;
    return (pid_t)pid;
}

/* Asked of the kernel: to open for writing fails with ENXIO, fifo(7). */
static bool nobody_reads(int directory, const char *name)
{
    int fd = openat(directory, name, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == ENXIO;
}

static bool is_old(int directory, const char *name)
{
    struct stat status;

    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           time(NULL) - status.st_ctime > STALE;
}

/*
 * A FIFO has its name once it is read: if nobody reads it, its run was killed. One that was
 * being made goes with its process, or its age where another process has that number now.
 */
static bool is_abandoned(int directory, const char *name, const char *host, bool doubt)
{
    bool half_made = strncmp(name, FIFO_MAKING, strlen(FIFO_MAKING)) == 0, gone;
    pid_t pid = pid_in_name(half_made ? name + strlen(FIFO_MAKING) : name, host);

    if (pid == 0)
        return false;
    gone = kill(pid, 0) != 0 && errno == ESRCH;
    if (half_made)
        return gone || is_old(directory, name);
    return (gone || doubt) && nobody_reads(directory, name);
}

/*
 * Not all that there is: each of a thousand runs that begin at once would open the FIFOs of
 * all, and to close one wakes its reader. What is not come to goes when there are fewer.
 */
void fifos_sweep(const char *path, const char *own)
{
    char host[HOST_SIZE] = "";
    DIR *directory = opendir(path);
    const struct dirent *entry;
    bool all = own == NULL;
    int kept = 0;

    if (directory == NULL)
        return;
    gethostname(host, sizeof host - 1);
    while ((all || kept < LOOKS) && (entry = readdir(directory)) != NULL)
        if ((all || strcmp(entry->d_name, own) != 0) &&
            is_abandoned(dirfd(directory), entry->d_name, host, all || kept < DOUBTS))
            unlinkat(dirfd(directory), entry->d_name, 0);
        else
            kept++;
    closedir(directory);
}

pid_t fifos_next(DIR *directory)
{
    char host[HOST_SIZE] = "";
    struct dirent *entry;
    pid_t pid;

    gethostname(host, sizeof host - 1);
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        pid = pid_in_name(entry->d_name, host);
        if (pid != 0)
            return pid;
    }
    return 0;
}
