#include "tests/faults/support/inject_tasks.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/process.h"

void inject_tasks_begin(struct inject_tasks *tasks, pid_t program, const char *path)
{
    memset(tasks, 0, sizeof *tasks);
    tasks->program = program;
    tasks->path = path;
}

static bool is_program(const struct inject_tasks *tasks, pid_t pid)
{
    char path[64], exe[PATH_MAX];
    ssize_t length;

    snprintf(path, sizeof path, "/proc/%ld/exe", (long)pid);
    length = readlink(path, exe, sizeof exe - 1);
    exe[length > 0 ? length : 0] = '\0';
    return strcmp(exe, tasks->path) == 0;
}

/* Our own execve(2) is asked about as well. */
static void begin_task(struct inject_tasks *tasks, struct inject_task *task, pid_t pid)
{
    *task = (struct inject_task){.pid = pid, .is_other = true};
    if (pid == tasks->program) {
        task->role = INJECT_PROGRAM;
    } else if (process_parent(pid) == tasks->program && tasks->children < INJECT_ROLES - 1) {
        task->role = (enum inject_role)(INJECT_CHILD_1 + tasks->children++);
        task->is_other = false;
    }
}

struct inject_task *inject_task_find(struct inject_tasks *tasks, pid_t pid)
{
    for (int i = 0; i < tasks->count; i++)
        if (tasks->tasks[i].pid == pid)
            return &tasks->tasks[i];
    if (tasks->count == INJECT_TASKS)
        return NULL;
    begin_task(tasks, &tasks->tasks[tasks->count], pid);
    return &tasks->tasks[tasks->count++];
}

bool inject_task_follow(const struct inject_tasks *tasks, struct inject_task *task, long number)
{
    bool was_other = task->is_other;

    if (task->execs)
        task->is_other = !is_program(tasks, task->pid);
    task->execs = number == SYS_execve && (task->pid == tasks->program || !task->is_other);
    return task->is_other && !was_other;
}
