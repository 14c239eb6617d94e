#include "launcher/run/orphans.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/proc/proc_left.h"
#include "launcher/proc/proc_tree.h"

enum { PROCESSES = 4096 /* below us, that a look can see */ };

void orphans_begin(struct orphans *orphans, bool with_client)
{
    siginfo_t info;
    bool childless =
        waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;

    memset(orphans, 0, sizeof *orphans);
    orphans->others = with_client || !childless;
}

void orphans_adopt(struct orphans *orphans, const struct child *engine,
                   const struct child *client, const char *fifo)
{
    orphans->engine = engine;
    orphans->client = client;
    orphans->fifo = fifo;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    orphans_look(orphans);
}

/* ---- what proc(5) says of a process ---- */

/* 0 if there is no such process. */
static uint64_t read_start(pid_t pid)
{
    enum { START = 22 };
    char directory[64];

    snprintf(directory, sizeof directory, "/proc/%ld", (long)pid);
    return proc_stat_number(directory, START);
}

/* ---- the engine's descendants ---- */

static struct descendant *find(const struct orphans *orphans, pid_t pid, uint64_t start)
{
    for (size_t i = 0; i < orphans->count; i++)
        if (orphans->descendants[i].pid == pid && orphans->descendants[i].start == start)
            return &orphans->descendants[i];
    return NULL;
}

/* NULL if there is no memory. */
static struct descendant *add(struct orphans *orphans, pid_t pid, uint64_t start)
{
    if (orphans->count == orphans->room) {
        size_t room = orphans->room > 0 ? 2 * orphans->room : 64;
        struct descendant *more = realloc(orphans->descendants, room * sizeof *more);

        if (more == NULL)
            return NULL;
        orphans->descendants = more;
        orphans->room = room;
    }
    orphans->descendants[orphans->count] = (struct descendant){.pid = pid, .start = start};
    return &orphans->descendants[orphans->count++];
}

static bool is_running(const struct child *child, pid_t pid)
{
    return child->state == CHILD_RUNS && child->pid == pid;
}

/* Of a child of ours: is it the engine, or did it descend from it? */
static bool is_of_engine(const struct orphans *orphans, pid_t pid, uint64_t start)
{
    if (is_running(orphans->engine, pid))
        return true;
    if (is_running(orphans->client, pid) ||
        (orphans->spared != NULL && is_running(orphans->spared, pid)))
        return false;
    return find(orphans, pid, start) != NULL || !orphans->others ||
           proc_has_fifo(pid, orphans->fifo);
}

/* The tree below us, from the top: what is below a process of the engine's is the engine's. */
void orphans_look(struct orphans *orphans)
{
    struct proc_node *nodes = malloc(PROCESSES * sizeof *nodes);
    bool *of_engine = calloc(PROCESSES, sizeof *of_engine);
    size_t count =
        nodes != NULL && of_engine != NULL ? proc_tree_below(getpid(), nodes, PROCESSES) : 0;

    for (size_t i = 1; i < count; i++) {
        pid_t pid = nodes[i].pid;
        uint64_t start = read_start(pid);

        of_engine[i] = nodes[i].parent == 0 ? is_of_engine(orphans, pid, start)
                                            : of_engine[nodes[i].parent];
        if (of_engine[i] && start != 0 && find(orphans, pid, start) == NULL)
            add(orphans, pid, start);
    }
    free(nodes);
    free(of_engine);
}

/* ---- their end ---- */

/* False if it cannot be ended, because it is another user's. */
static bool end_one(const struct orphans *orphans, struct descendant *orphan)
{
    int signal = orphans->kill ? SIGKILL : SIGTERM;

    if (orphan->terminated && !orphans->kill)
        return true;
    orphan->terminated = true;
    return kill(orphan->pid, signal) == 0;
}

/*
 * Those that are our children by now: the number of a child that has not been reaped is no other
 * process's. One that waitpid(2) knows nothing of is still another's child, or gone.
 */
bool orphans_end(struct orphans *orphans)
{
    bool left = false;

    orphans_look(orphans);
    for (size_t i = 0; i < orphans->count; i++) {
        struct descendant *orphan = &orphans->descendants[i];

        if (read_start(orphan->pid) == orphan->start &&
            waitpid(orphan->pid, NULL, WNOHANG) == 0 && end_one(orphans, orphan))
            left = true;
    }
    return left;
}

void orphans_close(struct orphans *orphans)
{
    free(orphans->descendants);
    orphans->descendants = NULL;
    orphans->count = orphans->room = 0;
}
