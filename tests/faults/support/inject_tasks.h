/*
 * Of inject_run(): who asks. The program, its children until they are another program, and
 * others, whose calls are not counted.
 */
#ifndef IMDSHIM_TESTS_FAULTS_INJECT_TASKS_H
#define IMDSHIM_TESTS_FAULTS_INJECT_TASKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/faults/support/inject.h"

enum { INJECT_TASKS = 64 };

/* A process that we have been asked about. */
struct inject_task {
    pid_t pid;
    bool execs;    /* its last call was execve(2): is it another program now? */
    bool is_other; /* its calls are none of those that are counted */
    enum inject_role role;
};

struct inject_tasks {
    pid_t program;    /* its process, */
    const char *path; /* and its file */
    int count, children;
    struct inject_task tasks[INJECT_TASKS];
};

void inject_tasks_begin(struct inject_tasks *tasks, pid_t program, const char *path);

/* The task that asks; NULL where there are too many. */
struct inject_task *inject_task_find(struct inject_tasks *tasks, pid_t pid);

/* It asks about this call. True if it has become another program since it asked before. */
bool inject_task_follow(const struct inject_tasks *tasks, struct inject_task *task,
                        long number);

#endif
