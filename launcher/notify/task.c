#include "launcher/notify/task.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "launcher/proc/proc_tree.h"

#ifndef SYS_pidfd_open /* since Linux 5.3 */
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd /* since Linux 5.6 */
#define SYS_pidfd_getfd 438
#endif
enum { OF_THREAD = O_EXCL }; /* PIDFD_THREAD, since Linux 6.9 */

enum { PATH_SIZE = 96 };

pid_t task_process(pid_t thread)
{
    char path[PATH_SIZE], line[256];
    FILE *file;
    int process = 0;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)thread);
    file = fopen(path, "re");
    while (file != NULL && process == 0 && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "Tgid: %d", &process);
    if (file != NULL)
        fclose(file);
    return process;
}

/* By the thread itself where that can be: the first thread of the process may have ended. */
int task_copy_descriptor(pid_t thread, pid_t process, int fd)
{
    int pidfd = (int)syscall(SYS_pidfd_open, thread, OF_THREAD), copy, error;

    if (pidfd < 0)
        pidfd = (int)syscall(SYS_pidfd_open, process, 0);
    if (pidfd < 0)
        return -1;
    copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
    error = errno;
    close(pidfd);
    errno = error;
    return copy;
}

bool task_read(pid_t process, uint64_t address, void *to, size_t size)
{
    struct iovec ours = {.iov_base = to, .iov_len = size};
    struct iovec theirs = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};

    return process_vm_readv(process, &ours, 1, &theirs, 1, 0) == (ssize_t)size;
}

/* A link of proc(5): its target, "" if it cannot be read or is too long. */
static void read_link(const char *path, char *target, size_t size)
{
    ssize_t length = readlink(path, target, size);

    target[length > 0 && (size_t)length < size ? length : 0] = '\0';
}

uint64_t task_socket(pid_t process, int fd)
{
    char path[PATH_SIZE], target[64];
    uint64_t inode;

    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)process, fd);
    read_link(path, target, sizeof target);
    return sscanf(target, "socket:[%" SCNu64 "]", &inode) == 1 ? inode : 0;
}

void task_exe(pid_t process, char exe[NAME_SIZE])
{
    char directory[PATH_SIZE];

    snprintf(directory, sizeof directory, "/proc/%ld", (long)process);
    if (!proc_exe(directory, exe))
        exe[0] = '\0';
}

unsigned task_netns(pid_t process)
{
    char path[PATH_SIZE];
    struct stat status;

    snprintf(path, sizeof path, "/proc/%ld/ns/net", (long)process);
    return stat(path, &status) == 0 ? (unsigned)status.st_ino : 0;
}

void task_blocked_call(pid_t process, pid_t thread, char *text, size_t size)
{
    char path[PATH_SIZE];
    ssize_t length;
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/task/%ld/syscall", (long)process, (long)thread);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    length = fd >= 0 ? read(fd, text, size - 1) : 0;
    text[length > 0 ? length : 0] = '\0';
    if (fd >= 0)
        close(fd);
}
