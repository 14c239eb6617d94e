#include "launcher/notify/trial.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/notify/filter.h"
#include "launcher/notify/task.h"

struct report {
    int fd, error;
};

static const char *why_no_filter(int error)
{
    switch (error) {
    case ENOSYS:
    case EINVAL:
        return "this kernel has no seccomp user notification, which is there from Linux 5.9 on";
    case EBUSY:
        return "a program above this one watches it by seccomp user notification already";
    case EPERM:
    case EACCES:
        return "seccomp(2) is forbidden here, by a container for example";
    }
    return "the kernel refuses the seccomp filter";
}

static const char *why_no_copy(int error)
{
    if (error == ENOSYS)
        return "this kernel has no pidfd_getfd(2), which is there from Linux 5.6 on";
    return "the kernel does not let a process look into another one (Yama, "
           "/proc/sys/kernel/yama/ptrace_scope; or a container's rules)";
}

/* The filter is on, until the other end is closed. */
_Noreturn static void be_tried(int socket)
{
    struct report report = {.fd = filter_enter()};
    char byte;

    report.error = report.fd < 0 ? errno : 0;
    if (write(socket, &report, sizeof report) == sizeof report && read(socket, &byte, 1) != 0)
        _exit(1);
    _exit(0);
}

/* Is it told when nobody is under the filter any more? */
static bool has_hung_up(int fd)
{
    struct pollfd end = {.fd = fd};

    return poll(&end, 1, 0) == 1 && (end.revents & POLLHUP) != 0;
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static const char *judge(pid_t pid, int socket)
{
    struct report report = {.error = EPROTO};
    const char *reason = NULL;
    int copy = -1;

    if (read(socket, &report, sizeof report) == sizeof report && report.error == 0) {
        copy = task_copy_descriptor(pid, pid, report.fd);
        if (copy < 0)
            reason = why_no_copy(errno);
    } else {
        reason = why_no_filter(report.error);
    }
    close(socket);
    reap(pid);
    if (copy >= 0 && !has_hung_up(copy))
        reason = why_no_filter(ENOSYS);
    if (copy >= 0)
        close(copy);
    return reason;
}

const char *trial_obstacle(void)
{
    static const char no_process[] = "no process or descriptor is left to try it";
    int sockets[2];
    pid_t pid;

    if (filter_program() == NULL)
        return "it is there for x86-64 and aarch64 only";
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        return no_process;
    pid = fork();
    if (pid == 0) {
        close(sockets[0]);
        be_tried(sockets[1]);
    }
    close(sockets[1]);
    if (pid > 0)
        return judge(pid, sockets[0]);
    close(sockets[0]);
    return no_process;
}
