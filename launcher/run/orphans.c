#include "launcher/run/orphans.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void orphans_adopt(struct orphans *orphans, pid_t engine, pid_t client)
{
    orphans->known[0] = engine;
    orphans->known[1] = client;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static bool is_known(const struct orphans *orphans, pid_t pid)
{
    return pid == orphans->known[0] || pid == orphans->known[1];
}

/* proc(5): /proc/PID/task/TID/children, "for debugging", exact where none is being reaped: by
 * us. */
static FILE *open_children(void)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    return fopen(path, "re");
}

static bool next_orphan(const struct orphans *orphans, FILE *children, pid_t *orphan)
{
    long pid;

    while (fscanf(children, "%ld", &pid) == 1)
        if (!is_known(orphans, (pid_t)pid)) {
            *orphan = (pid_t)pid;
            return true;
        }
    return false;
}

static bool got_sigterm(const struct orphans *orphans, pid_t pid)
{
    for (int i = 0; i < orphans->terminated_count; i++)
        if (orphans->terminated[i] == pid)
            return true;
    return false;
}

static void end_one(struct orphans *orphans, pid_t pid)
{
    if (orphans->kill) {
        kill(pid, SIGKILL);
    } else if (!got_sigterm(orphans, pid) && orphans->terminated_count < ORPHANS_MOST) {
        orphans->terminated[orphans->terminated_count++] = pid;
        kill(pid, SIGTERM);
    }
}

bool orphans_end(struct orphans *orphans)
{
    FILE *children = open_children();
    bool left = false;
    pid_t pid;

    if (children == NULL)
        return false;
    while (next_orphan(orphans, children, &pid))
        if (waitpid(pid, NULL, WNOHANG) == 0) {
            end_one(orphans, pid);
            left = true;
        }
    fclose(children);
    return left;
}
