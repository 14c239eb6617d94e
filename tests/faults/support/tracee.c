#include "tests/faults/support/tracee.h"

#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL,
    AT_SYSTEM_CALL = SIGTRAP | 0x80,
};

void tracee_offer(void)
{
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
}

static void go_on(pid_t pid, int signal)
{
    ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)signal);
}

static void let_go(pid_t pid)
{
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static bool is_entry(pid_t pid)
{
    struct __ptrace_syscall_info info = {.op = PTRACE_SYSCALL_INFO_NONE};

    return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 &&
           info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

/* A child is traced from its birth: the one that is wanted goes on so, another is let go. */
static void on_birth(struct tracee *tracee)
{
    unsigned long pid = 0;

    ptrace(PTRACE_GETEVENTMSG, tracee->launcher.pid, NULL, &pid);
    if (++tracee->births != tracee->which) {
        tracee->passed = (pid_t)pid;
        let_go(tracee->passed); /* if its first stop has been seen */
        go_on(tracee->launcher.pid, 0);
        return;
    }
    tracee->victim = (pid_t)pid;
    tracee->counts = true;
    go_on(tracee->victim, 0); /* if its first stop has been seen */
    let_go(tracee->launcher.pid);
}

/* True if it is where it shall be. */
static bool on_stop(struct tracee *tracee, pid_t pid, int wait_status)
{
    int signal = WSTOPSIG(wait_status), event = wait_status >> 16;

    if (pid == tracee->launcher.pid && event == PTRACE_EVENT_VFORK) {
        on_birth(tracee);
    } else if (pid != tracee->launcher.pid && pid != tracee->victim) {
        /* Its first stop may come before the launcher's word of its birth. */
        if (pid == tracee->passed || tracee->births == tracee->which)
            let_go(pid);
    } else if (signal == AT_SYSTEM_CALL) {
        if (pid == tracee->victim && tracee->counts && is_entry(pid) &&
            ++tracee->calls == tracee->step)
            return true;
        go_on(pid, 0);
    } else {
        tracee->counts |= pid == tracee->victim && event == PTRACE_EVENT_EXEC;
        go_on(pid, event != 0 || signal == SIGSTOP ? 0 : signal);
    }
    return false;
}

static bool begin(struct tracee *tracee)
{
    long options = OPTIONS | (tracee->which > 0 ? PTRACE_O_TRACEVFORK : 0);
    int status;

    tracee->births = 0;
    tracee->passed = 0;
    tracee->calls = 0;
    tracee->counts = false;
    tracee->victim = tracee->which == 0 ? tracee->launcher.pid : 0;
    if (waitpid(tracee->launcher.pid, &status, 0) != tracee->launcher.pid ||
        !WIFSTOPPED(status))
        return false;
    ptrace(PTRACE_SETOPTIONS, tracee->launcher.pid, NULL, (void *)options);
    go_on(tracee->launcher.pid, 0);
    return true;
}

bool tracee_run(struct tracee *tracee, int seconds)
{
    double end = leftover_now() + seconds * 1e3;
    int status;
    pid_t pid;

    if (!begin(tracee))
        return false;
    while (leftover_now() < end && !tracee->launcher.ended) {
        pid = leftover_next(&tracee->launcher, &status);
        if (pid < 0)
            break;
        if (pid > 0 && WIFSTOPPED(status) && on_stop(tracee, pid, status))
            return true;
        if (pid > 0 && pid == tracee->victim && !WIFSTOPPED(status))
            break;
    }
    tracee->victim = 0;
    return false;
}
