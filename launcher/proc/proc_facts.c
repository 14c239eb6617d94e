#include "launcher/proc/proc_facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/base/user.h"
#include "launcher/preload/program.h"
#include "launcher/proc/proc_tree.h"

enum { DIRECTORY = 64, FILE_PATH = DIRECTORY + 32 };

static const char our_library[] = PROC_LIBRARY;

static enum known known(bool yes)
{
    return yes ? YES : NO;
}

/*
 * /proc/PID; or /proc/PID/task/TID of a thread that lives if the first one has ended: its
 * directory is empty then, and the others' are not. False for a zombie.
 */
static bool find_directory(pid_t pid, char directory[DIRECTORY], bool *stopped)
{
    char tasks[DIRECTORY];
    pid_t parent;
    char state = 0;
    DIR *threads;
    struct dirent *thread;

    snprintf(directory, DIRECTORY, "/proc/%ld", (long)pid);
    state = proc_state(directory, &parent);
    *stopped = state == 'T';
    if (state != 'Z')
        return proc_lives(state);
    snprintf(tasks, sizeof tasks, "/proc/%ld/task", (long)pid);
    threads = opendir(tasks);
    if (threads == NULL)
        return false;
    while (!proc_lives(state) && (thread = readdir(threads)) != NULL)
        if (thread->d_name[0] != '.') {
            snprintf(directory, DIRECTORY, "/proc/%ld/task/%.20s", (long)pid, thread->d_name);
            state = proc_state(directory, &parent);
        }
    closedir(threads);
    return proc_lives(state);
}

static FILE *open_in(const char *directory, const char *name)
{
    char path[FILE_PATH];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return fopen(path, "re");
}

static void read_comm(const char *directory, char exe[NAME_SIZE])
{
    FILE *file = open_in(directory, "comm");

    exe[0] = '\0';
    if (file == NULL)
        return;
    if (fgets(exe, NAME_SIZE, file) == NULL)
        exe[0] = '\0';
    exe[strcspn(exe, "\n")] = '\0';
    fclose(file);
}

/* Not the owner of /proc/PID: of a process that may not be looked at that is root, proc(5). */
static bool read_uid(const char *directory, uid_t *uid)
{
    FILE *file = open_in(directory, "status");
    char line[256];
    bool found = false;

    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
        found = sscanf(line, "Uid: %*u %u", uid) == 1;
    if (file != NULL)
        fclose(file);
    return found;
}

/* A program that has been removed or replaced since is named "... (deleted)". */
static void read_exe(const char *directory, struct proc_facts *facts)
{
    if (!proc_exe(directory, facts->exe)) {
        facts->closed = errno == EACCES || errno == EPERM ? YES : NOT_KNOWN;
        read_comm(directory, facts->exe);
        return;
    }
    facts->closed = NO;
}

static bool is_shared_object(const char *name)
{
    const char *suffix = strstr(name, ".so");

    return suffix != NULL && (suffix[3] == '\0' || suffix[3] == '.' || suffix[3] == ' ');
}

/*
 * ld.so maps what LD_PRELOAD names before what the program needs: while only ld.so itself is
 * there the program has just been started, and nothing is known yet.
 */
static enum known find_library(const char *directory)
{
    FILE *maps = open_in(directory, "maps");
    char *line = NULL, *name;
    size_t size = 0;
    enum known found = NOT_KNOWN;

    if (maps == NULL)
        return NOT_KNOWN;
    while (found != YES && getline(&line, &size, maps) > 0) {
        name = strrchr(line, '/');
        if (name == NULL)
            continue;
        name[strcspn(name, "\n")] = '\0';
        name++;
        if (strncmp(name, our_library, strlen(our_library)) == 0)
            found = YES;
        else if (is_shared_object(name) && !program_is_linker(name))
            found = NO;
    }
    free(line);
    fclose(maps);
    return found;
}

static enum known read_secure(const char *directory)
{
    FILE *file = open_in(directory, "auxv");
    ElfW(auxv_t) entry;
    enum known secure = NOT_KNOWN;

    if (file == NULL)
        return NOT_KNOWN;
    while (fread(&entry, sizeof entry, 1, file) == 1)
        if (entry.a_type == AT_SECURE)
            secure = known(entry.a_un.a_val != 0);
    fclose(file);
    return secure;
}

enum known proc_has_own(const char *directory, const char *kind)
{
    char path[FILE_PATH], theirs[64] = "", ours[64] = "";

    snprintf(path, sizeof path, "%s/ns/%s", directory, kind);
    if (readlink(path, theirs, sizeof theirs - 1) <= 0)
        return NOT_KNOWN;
    snprintf(path, sizeof path, "/proc/self/ns/%s", kind);
    if (readlink(path, ours, sizeof ours - 1) <= 0)
        return NOT_KNOWN;
    return known(strcmp(theirs, ours) != 0);
}

static void judge_program(const char *directory, const struct proc_wanted *wanted,
                          struct proc_facts *facts)
{
    char path[FILE_PATH];
    int fd;

    facts->verdict = PREFLIGHT_UNREADABLE;
    snprintf(path, sizeof path, "%s/exe", directory);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (program_is_linker(facts->exe)) /* it runs another program, which is not named here */
        facts->verdict = PREFLIGHT_FINE;
    else
        facts->verdict = preflight_judge_elf(fd, wanted->library, facts->detail);
    close(fd);
    if (facts->verdict == PREFLIGHT_STATIC)
        facts->has_library = NO;
}

static void take_sight(struct proc_facts *facts, const struct proc_sight *sight)
{
    facts->preloads = sight->preloads;
    facts->has_channel = sight->has_channel;
    facts->by_tcp = sight->by_tcp;
    facts->sees_library = sight->sees_library;
    facts->sees_fifo = sight->sees_fifo;
    facts->elsewhere = sight->elsewhere;
}

static void read_ports(const char *directory, const struct proc_wanted *wanted,
                       struct proc_facts *facts)
{
    struct proc_sockets sockets;

    proc_sockets_read(directory, &sockets);
    facts->port_count =
        proc_sockets_ports(directory, &sockets, &wanted->inherited, facts->ports);
}

bool proc_facts_read(pid_t pid, const struct proc_wanted *wanted, struct proc_facts *facts)
{
    char directory[DIRECTORY];
    struct proc_sight sight;

    memset(facts, 0, sizeof *facts);
    facts->pid = pid;
    if (!find_directory(pid, directory, &facts->stopped) || !read_uid(directory, &facts->uid))
        return false;
    facts->library_gone = access(wanted->preload, F_OK) != 0 && errno == ENOENT;
    facts->may_report = known(facts->uid == user_id() || facts->uid == 0);
    read_exe(directory, facts);
    facts->has_library = find_library(directory);
    proc_sight_read(directory, wanted, &sight);
    take_sight(facts, &sight);
    facts->secure = read_secure(directory);
    facts->own_mounts = proc_has_own(directory, "mnt");
    facts->own_network = proc_has_own(directory, "net");
    judge_program(directory, wanted, facts);
    read_ports(directory, wanted, facts);
    return true;
}
