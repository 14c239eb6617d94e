#include "launcher/proc/proc_left.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/proc/proc_facts.h"
#include "launcher/proc/proc_tree.h"

bool proc_has_fifo(pid_t pid, const char *fifo)
{
    static const char name[] = WIRE_FIFO "=";
    char path[64], *entry = NULL;
    size_t size = 0;
    bool found = false;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/environ", (long)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    while (!found && getdelim(&entry, &size, '\0', file) > 0)
        found =
            strncmp(entry, name, strlen(name)) == 0 && strcmp(entry + strlen(name), fifo) == 0;
    free(entry);
    fclose(file);
    return found;
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

pid_t proc_left(const char *fifo, bool (*may_be_engine)(const char *exe), char exe[NAME_SIZE])
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    pid_t left = 0;

    while (processes != NULL && left == 0 && (entry = readdir(processes)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 0 && proc_has_fifo(pid, fifo) && runs(pid, exe) && may_be_engine(exe))
            left = pid;
    }
    if (processes != NULL)
        closedir(processes);
    return left;
}
