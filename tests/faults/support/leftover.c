#include "tests/faults/support/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launcher/base/child.h"
#include "tests/support/process.h"

enum { MOST_CHILDREN = 512, MOST_CONNECTIONS = 4096 };

static void set_of_sigchld(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
}

void leftover_watch(void)
{
    sigset_t set;

    set_of_sigchld(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

double leftover_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

pid_t leftover_next(struct leftover_child *child, int *wait_status)
{
    const struct timespec moment = {0, 20000000};
    sigset_t set;
    pid_t pid = waitpid(-1, wait_status, WNOHANG | __WALL);

    if (pid == 0) {
        set_of_sigchld(&set);
        sigtimedwait(&set, NULL, &moment);
        pid = waitpid(-1, wait_status, WNOHANG | __WALL);
    }
    if (pid > 0 && pid == child->pid &&
        (WIFEXITED(*wait_status) || WIFSIGNALED(*wait_status))) {
        child->ended = true;
        child->wait_status = *wait_status;
    }
    return pid;
}

bool leftover_wait(struct leftover_child *child, int seconds)
{
    double end = leftover_now() + seconds * 1e3;
    int status;

    while (!child->ended && leftover_now() < end)
        leftover_next(child, &status);
    return child->ended;
}

/* They are children of ours, or their descendants, which come to us one after the other. */
static int kill_all(struct leftover_child *child, char *names, size_t size)
{
    pid_t children[MOST_CHILDREN];
    char comm[COMM_SIZE];
    size_t length = 0;
    int killed = 0, status, count;

    while (leftover_next(child, &status) >= 0) {
        count = process_children(getpid(), children, MOST_CHILDREN);
        for (int i = 0; i < count; i++, killed++) {
            child_read_comm(children[i], comm);
            if (length < size)
                length += (size_t)snprintf(names + length, size - length, " %s", comm);
            kill(children[i], SIGKILL);
        }
    }
    return killed > 0 ? killed : 1;
}

bool leftover_end(struct leftover_child *child, int seconds)
{
    double end = leftover_now() + seconds * 1e3;
    int status;

    while (leftover_now() < end)
        if (leftover_next(child, &status) < 0)
            return true;
    return false;
}

int leftover_processes(struct leftover_child *child, int seconds, char *names, size_t size)
{
    names[0] = '\0';
    return leftover_end(child, seconds) ? 0 : kill_all(child, names, size);
}

int leftover_entries(const char *directory, const char *prefix)
{
    DIR *names = opendir(directory);
    struct dirent *entry;
    int count = 0;

    while (names != NULL && (entry = readdir(names)) != NULL)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                 strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    if (names != NULL)
        closedir(names);
    return count;
}

int leftover_clear(const char *prefix)
{
    int count = leftover_entries(".", prefix);
    struct dirent *entry;
    DIR *names = opendir(".");

    while (names != NULL && (entry = readdir(names)) != NULL)
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            unlink(entry->d_name);
    if (names != NULL)
        closedir(names);
    return count;
}

void leftover_note_sockets(pid_t pid, struct leftover_sockets *sockets)
{
    char path[64], target[64];
    struct dirent *entry;
    ssize_t length;
    DIR *names;

    sockets->count = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    names = opendir(path);
    while (names != NULL && (entry = readdir(names)) != NULL) {
        length = readlinkat(dirfd(names), entry->d_name, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (sockets->count < LEFTOVER_SOCKETS &&
            sscanf(target, "socket:[%lu]", &sockets->inodes[sockets->count]) == 1)
            sockets->count++;
    }
    if (names != NULL)
        closedir(names);
}

static bool is_one_of(const struct leftover_sockets *sockets, unsigned long inode)
{
    for (int i = 0; i < sockets->count; i++)
        if (sockets->inodes[i] == inode)
            return true;
    return false;
}

/* The kernel deals the numbers out one after the other: they are not soon dealt again. */
int leftover_named_sockets(const struct leftover_sockets *sockets)
{
    char line[512], name[256];
    unsigned long inode;
    int found = 0;
    FILE *file = sockets->count > 0 ? fopen("/proc/net/unix", "re") : NULL;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%*s %*s %*s %*s %*s %*s %lu %255s", &inode, name) == 2 &&
            strncmp(name, "@imdshim-", 9) == 0)
            found += is_one_of(sockets, inode);
    if (file != NULL)
        fclose(file);
    return found;
}

struct connection {
    unsigned local, remote; /* ports */
    unsigned long inode;
};

static int read_connections(struct connection *connections, int most)
{
    enum { ESTABLISHED = 1 }; /* of net/tcp_states.h */
    FILE *file = fopen("/proc/net/tcp", "re");
    unsigned state;
    char line[512];
    int count = 0;

    while (file != NULL && count < most && fgets(line, sizeof line, file) != NULL) {
        struct connection *one = &connections[count];

        count += sscanf(line, " %*u: %*x:%4x %*x:%4x %2x %*s %*s %*s %*s %*s %lu", &one->local,
                        &one->remote, &state, &one->inode) == 4 &&
                 state == ESTABLISHED;
    }
    if (file != NULL)
        fclose(file);
    return count;
}

bool leftover_half_connection(const struct leftover_sockets *sockets)
{
    static struct connection all[MOST_CONNECTIONS];
    int count = read_connections(all, MOST_CONNECTIONS);

    for (int i = 0; i < count; i++) {
        bool has_end = false;

        for (int j = 0; j < count; j++)
            has_end |= all[j].local == all[i].remote && all[j].remote == all[i].local;
        if (!has_end && is_one_of(sockets, all[i].inode))
            return true;
    }
    return false;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void leftover_remove(const char *directory)
{
    nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
