#include "launcher/proc/proc_left.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "launcher/proc/proc_facts.h"
#include "launcher/proc/proc_tree.h"

enum {
    FEW = 256,         /* numbers that are tried sooner than /proc is listed */
    EXEC_MOMENTS = 50, /* of a millisecond, for an execve(2) */
};

enum environ_look { HAS_ENTRY, LACKS_ENTRY, IS_EMPTY };

/* As it is read, without stdio and memory of the heap: proc_left() asks of a whole host. */
static enum environ_look read_environ(int fd, const char *entry)
{
    char piece[4096];
    size_t same = 0;
    bool differs = false, any = false;
    ssize_t length;

    for (; (length = read(fd, piece, sizeof piece)) > 0; any = true)
        for (ssize_t i = 0; i < length; i++) {
            differs |= piece[i] != entry[same];
            if (piece[i] != '\0') {
                same += !differs;
                continue;
            }
            if (!differs)
                return HAS_ENTRY;
            same = 0;
            differs = false;
        }
    return any ? LACKS_ENTRY : IS_EMPTY;
}

static enum environ_look look_at_environ(pid_t pid, const char *entry)
{
    enum environ_look look;
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/environ", (long)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return LACKS_ENTRY;
    look = read_environ(fd, entry);
    close(fd);
    return look;
}

/* What has no program is a kernel's thread or a zombie, and never gets an environment. */
bool proc_has_fifo(pid_t pid, const char *fifo)
{
    const struct timespec moment = {0, 1000000};
    char directory[64], exe[NAME_SIZE], entry[PATH_MAX + 32];
    bool was_complete = false;

    snprintf(directory, sizeof directory, "/proc/%ld", (long)pid);
    snprintf(entry, sizeof entry, WIRE_FIFO "=%s", fifo);
    for (int attempts = EXEC_MOMENTS; attempts > 0; attempts--) {
        enum environ_look look = look_at_environ(pid, entry);

        if (look != IS_EMPTY || was_complete || !proc_exe(directory, exe))
            return look == HAS_ENTRY;
        was_complete = proc_has_environment(directory);
        if (!was_complete)
            nanosleep(&moment, NULL);
    }
    return false;
}

/* In a process namespace of its own it is being killed: that ends with its first process. */
static bool runs(pid_t pid, char exe[NAME_SIZE])
{
    char directory[64];
    pid_t parent;

    snprintf(directory, sizeof directory, "/proc/%ld", (long)pid);
    return proc_lives(proc_state(directory, &parent)) &&
           proc_has_own(directory, "pid") != YES && proc_exe(directory, exe);
}

static bool is_left(pid_t pid, const char *fifo, bool (*may_be_engine)(const char *exe),
                    char exe[NAME_SIZE])
{
    return proc_has_fifo(pid, fifo) && runs(pid, exe) && may_be_engine(exe);
}

/*
 * The last field of proc(5), loadavg; 0 if it is not known, or if /proc has the numbers of another
 * PID namespace.
 */
static pid_t last_number(void)
{
    char text[128], *field;
    ssize_t length;
    int fd;

    snprintf(text, sizeof text, "/proc/self/task/%ld", (long)getpid());
    fd = access(text, F_OK) == 0 ? open("/proc/loadavg", O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    field = strrchr(text, ' ');
    return field != NULL ? (pid_t)strtol(field, NULL, 10) : 0;
}

pid_t proc_left(const char *fifo, pid_t since, bool (*may_be_engine)(const char *exe),
                char exe[NAME_SIZE])
{
    pid_t last = since > 0 ? last_number() : 0, left = 0;
    DIR *processes;
    struct dirent *entry;

    if (since > 0 && last >= since && last - since <= FEW) {
        for (pid_t pid = since + 1; pid <= last; pid++)
            if (is_left(pid, fifo, may_be_engine, exe))
                return pid;
        return 0;
    }
    processes = opendir("/proc");
    while (processes != NULL && left == 0 && (entry = readdir(processes)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 0 && is_left(pid, fifo, may_be_engine, exe))
            left = pid;
    }
    if (processes != NULL)
        closedir(processes);
    return left;
}
