#include "launcher/proc/proc_tree.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_SIZE = 64,
    PROCESSES = 4096, /* of a whole host, that the slow way looks at */
};

struct list {
    struct proc_node *nodes;
    size_t count, most;
};

/* Also at the end of a list, where a process that is being looked at may come up once more. */
static void add(struct list *list, pid_t pid, size_t parent)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->nodes[i].pid == pid)
            return;
    if (list->count < list->most)
        list->nodes[list->count++] = (struct proc_node){pid, parent};
}

/* The name stands in parentheses and may have some itself. */
static const char *read_stat(const char *directory, char *line, size_t size)
{
    char path[PATH_SIZE + sizeof((struct dirent *)0)->d_name + sizeof "/stat"], *end = NULL;
    FILE *file;

    snprintf(path, sizeof path, "%s/stat", directory);
    file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    if (fgets(line, (int)size, file) != NULL)
        end = strrchr(line, ')');
    fclose(file);
    return end;
}

char proc_state(const char *directory, pid_t *parent)
{
    char line[512], state = 0;
    const char *fields = read_stat(directory, line, sizeof line);
    int number = 0;

    if (fields == NULL || sscanf(fields, ") %c %d", &state, &number) != 2)
        state = 0;
    *parent = number;
    return state;
}

uint64_t proc_stat_number(const char *directory, int place)
{
    enum { NAME = 2 };
    char line[1024];
    const char *field = read_stat(directory, line, sizeof line);

    for (int i = NAME; field != NULL && i < place; i++)
        field = strchr(field + 1, ' ');
    return field != NULL ? strtoumax(field, NULL, 10) : 0;
}

bool proc_has_environment(const char *directory)
{
    enum { ENV_END = 51 };

    return proc_stat_number(directory, ENV_END) != 0;
}

/* PF_EXITING of include/linux/sched.h. The first thread may have ended, and the others go on. */
bool proc_is_exiting(pid_t pid)
{
    enum { FLAGS = 9, EXITING = 4 };
    char path[PATH_SIZE], directory[PATH_SIZE + sizeof((struct dirent *)0)->d_name];
    bool all = false;
    DIR *threads;
    struct dirent *thread;

    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    threads = opendir(path);
    while (threads != NULL && (thread = readdir(threads)) != NULL) {
        if (thread->d_name[0] == '.')
            continue;
        snprintf(directory, sizeof directory, "%s/%s", path, thread->d_name);
        all = (proc_stat_number(directory, FLAGS) & EXITING) != 0;
        if (!all)
            break;
    }
    if (threads != NULL)
        closedir(threads);
    return all;
}

static void add_listed(struct list *list, size_t parent, FILE *children)
{
    long pid;

    while (fscanf(children, "%ld", &pid) == 1)
        add(list, (pid_t)pid, parent);
}

/* A child is listed with the thread that started it. */
static void add_children(struct list *list, size_t parent)
{
    char path[PATH_SIZE], file[PATH_SIZE + sizeof((struct dirent *)0)->d_name + 16];
    DIR *threads;
    struct dirent *thread;

    snprintf(path, sizeof path, "/proc/%ld/task", (long)list->nodes[parent].pid);
    threads = opendir(path);
    if (threads == NULL)
        return;
    while (list->count < list->most && (thread = readdir(threads)) != NULL) {
        FILE *children;

        snprintf(file, sizeof file, "%s/%s/children", path, thread->d_name);
        children = thread->d_name[0] != '.' ? fopen(file, "re") : NULL;
        if (children == NULL)
            continue;
        add_listed(list, parent, children);
        fclose(children);
    }
    closedir(threads);
}

struct relation {
    pid_t pid, parent;
};

static size_t read_relations(struct relation *relations)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    size_t count = 0;

    if (processes == NULL)
        return 0;
    while (count < PROCESSES && (entry = readdir(processes)) != NULL) {
        struct relation *next = &relations[count];
        char path[PATH_SIZE];

        next->pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (next->pid <= 0)
            continue;
        snprintf(path, sizeof path, "/proc/%ld", (long)next->pid);
        count += proc_state(path, &next->parent) != 0;
    }
    closedir(processes);
    return count;
}

size_t proc_tree_by_parents(pid_t root, struct proc_node *nodes, size_t most)
{
    struct list list = {nodes, 0, most};
    struct relation *relations = malloc(PROCESSES * sizeof *relations);
    size_t count = relations != NULL ? read_relations(relations) : 0;

    add(&list, root, 0);
    for (size_t i = 0; i < list.count; i++)
        for (size_t j = 0; j < count; j++)
            if (relations[j].parent == list.nodes[i].pid)
                add(&list, relations[j].pid, i);
    free(relations);
    return list.count;
}

size_t proc_tree_below(pid_t root, struct proc_node *nodes, size_t most)
{
    struct list list = {nodes, 0, most};
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    if (access(path, R_OK) != 0)
        return proc_tree_by_parents(root, nodes, most);
    add(&list, root, 0);
    for (size_t i = 0; i < list.count; i++)
        add_children(&list, i);
    return list.count;
}

bool proc_exe(const char *directory, char exe[NAME_SIZE])
{
    static const char deleted[] = " (deleted)";
    char path[96], target[PATH_MAX];
    const char *name;
    ssize_t length;

    snprintf(path, sizeof path, "%s/exe", directory);
    length = readlink(path, target, sizeof target - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    if ((size_t)length > strlen(deleted) &&
        strcmp(target + length - strlen(deleted), deleted) == 0)
        target[(size_t)length - strlen(deleted)] = '\0';
    name = strrchr(target, '/');
    snprintf(exe, NAME_SIZE, "%.*s", NAME_SIZE - 1, name != NULL ? name + 1 : target);
    return true;
}
