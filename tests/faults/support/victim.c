#include "tests/faults/support/victim.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/run/record.h"
#include "tests/support/process.h"

enum { MOST_CHILDREN = 16 };

enum kill_phase victim_phase(const struct leftover_child *launcher, const int *events)
{
    siginfo_t info = {.si_pid = 0};
    struct record record;

    if (launcher->ended ||
        (waitid(P_PID, (id_t)launcher->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid != 0))
        return OVER;
    if (events != NULL)
        return IN_STARTING + (enum kill_phase)(*events < 2 ? *events : 2);
    return record_read(launcher->pid, &record) ? IN_STARTING + (enum kill_phase)record.state
                                               : BEGINNING;
}

/* The engine is the first child until the record names it; the client is the other one. */
pid_t victim_find(pid_t launcher, enum victim victim)
{
    pid_t children[MOST_CHILDREN], engine, found = 0;
    int count = process_children(launcher, children, MOST_CHILDREN);
    struct record record;

    engine = record_read(launcher, &record) ? record.pid : count > 0 ? children[0] : 0;
    for (int i = 0; i < count; i++)
        if ((engine == children[i]) == (victim == THE_ENGINE))
            found = children[i];
    return found;
}

static bool is_ours(pid_t pid)
{
    pid_t parent = process_parent(pid);

    return parent == getpid() || (parent > 0 && process_parent(parent) == getpid());
}

/* By a descriptor: the number is another's once its parent has waited for it. */
bool victim_kill(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    char state = process_state(pid);
    bool killed = fd >= 0 && state != 0 && state != 'Z' && is_ours(pid) &&
                  syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0;

    if (fd >= 0)
        close(fd);
    return killed;
}
