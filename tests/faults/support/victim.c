#include "tests/faults/support/victim.h"

#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/record.h"

enum phase victim_phase(const struct leftover_child *launcher, const int *events)
{
    siginfo_t info = {.si_pid = 0};
    struct record record;

    if (launcher->ended ||
        (waitid(P_PID, (id_t)launcher->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid != 0))
        return OVER;
    if (events != NULL)
        return IN_STARTING + (enum phase)(*events < 2 ? *events : 2);
    return record_read(launcher->pid, &record) ? IN_STARTING + (enum phase)record.state
                                               : BEGINNING;
}

/* The engine is the first child until the record names it; the client is the other one. */
pid_t victim_find(pid_t launcher, enum victim victim)
{
    char path[64];
    long next;
    pid_t engine = 0, found = 0;
    struct record record;
    FILE *children;

    if (record_read(launcher, &record))
        engine = record.pid;
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)launcher, (long)launcher);
    children = fopen(path, "re");
    while (children != NULL && fscanf(children, "%ld", &next) == 1) {
        if (engine == 0)
            engine = (pid_t)next;
        if ((engine == (pid_t)next) == (victim == THE_ENGINE))
            found = (pid_t)next;
    }
    if (children != NULL)
        fclose(children);
    return found;
}

/* R, S, Z ... and the parent, proc(5). */
static bool read_stat(pid_t pid, char *state, pid_t *parent)
{
    char path[64];
    long its_parent = 0;
    FILE *file;
    bool read;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    file = fopen(path, "re");
    read = file != NULL && fscanf(file, "%*d (%*[^)]) %c %ld", state, &its_parent) == 2;
    if (file != NULL)
        fclose(file);
    *parent = (pid_t)its_parent;
    return read;
}

static bool is_ours(pid_t parent)
{
    char state;

    return parent == getpid() || (read_stat(parent, &state, &parent) && parent == getpid());
}

/* By a descriptor: the number is another's once its parent has waited for it. */
bool victim_kill(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    pid_t parent;
    char state;
    bool killed = fd >= 0 && read_stat(pid, &state, &parent) && state != 'Z' &&
                  is_ours(parent) && syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0;

    if (fd >= 0)
        close(fd);
    return killed;
}
