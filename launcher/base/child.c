#include "launcher/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A parent that died before prctl() has left no signal behind: so it is looked for afterwards.
 * SIGTERM is what engines answer with a checkpoint.
 */
static void die_with(pid_t parent)
{
    pid_t now;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    now = getppid();
    if (now != parent && now != 0) /* 0: in another PID namespace, unshare(1) --pid */
        _exit(1);
}

static void close_input(void)
{
    int fd = open("/dev/null", O_RDONLY);

    if (fd > STDIN_FILENO) {
        dup2(fd, STDIN_FILENO);
        close(fd);
    }
}

/* A failed exec is told through the pipe, which a successful one closes. */
_Noreturn static void become(const struct child_plan *plan, const struct signals *signals,
                             pid_t parent, int report)
{
    int error;

    die_with(parent);
    if (plan->without_input)
        close_input();
    signals_restore(signals);
    execvpe(plan->argv[0], (char *const *)plan->argv, plan->environment);
    error = errno;
    if (write(report, &error, sizeof error) < 0)
        _exit(2);
    _exit(1);
}

/* 0 if the pipe was closed by a successful exec. */
static int hear(int pipe)
{
    int error = 0;
    ssize_t length;

    do
        length = read(pipe, &error, sizeof error);
    while (length < 0 && errno == EINTR);
    close(pipe);
    return length == (ssize_t)sizeof error ? error : 0;
}

int child_start(struct child *child, const struct child_plan *plan,
                const struct signals *signals)
{
    pid_t parent = getpid(), pid;
    int report[2], error;

    memset(child, 0, sizeof *child);
    if (pipe2(report, O_CLOEXEC) != 0)
        return -errno;
    /* Our memory is the child's until it is another program: become() changes none of ours. */
    pid = vfork();
    if (pid == 0)
        become(plan, signals, parent, report[1]);
    error = errno;
    child->pid = pid;
    close(report[1]);
    if (child->pid < 0) {
        close(report[0]);
        return -error;
    }
    error = hear(report[0]);
    if (error == 0)
        child->state = CHILD_RUNS;
    else
        waitpid(child->pid, NULL, 0);
    return error;
}

void child_read_comm(pid_t pid, char comm[COMM_SIZE])
{
    char path[64];
    int fd;
    ssize_t length;

    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    length = fd >= 0 ? read(fd, comm, COMM_SIZE - 1) : 0;
    comm[length > 0 ? length : 0] = '\0';
    comm[strcspn(comm, "\n")] = '\0';
    for (char *at = comm; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    if (fd >= 0)
        close(fd);
}

/* The next change of state; 0 if there is none. An end is left for waitpid(2) to take. */
static int next_change(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};

    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0)
        return info.si_code;
    if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WCONTINUED | WNOHANG) == 0 &&
        info.si_pid != 0)
        return info.si_code;
    return 0;
}

void child_look(struct child *child)
{
    int change;

    while (child->state == CHILD_RUNS && (change = next_change(child->pid)) != 0)
        if (change == CLD_STOPPED || change == CLD_CONTINUED) {
            child->stopped = change == CLD_STOPPED;
        } else {
            child_read_comm(child->pid, child->comm);
            if (waitpid(child->pid, &child->wait_status, 0) == child->pid)
                child->state = CHILD_ENDED;
        }
}

void child_signal(const struct child *child, int signal)
{
    if (child->state == CHILD_RUNS)
        kill(child->pid, signal);
}
