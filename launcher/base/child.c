#include "launcher/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/base/status.h"
#include "launcher/libc/exec.h"

#ifndef SYS_pidfd_open /* since Linux 5.3 */
#define SYS_pidfd_open 434
#endif

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

static void close_output(void)
{
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
}

/* What goes through the socket: an errno, negative before exec, or 0 with a descriptor. */
union control {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int))];
};

static void send_report(int socket, int error, int fd)
{
    struct iovec data = {.iov_base = &error, .iov_len = sizeof error};
    union control control = {.bytes = {0}};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

    if (fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
        _exit(2);
}

/* In the child, whose memory is ours until it is another program: it changes none of ours. */
_Noreturn static void exec_child(const struct child_plan *plan, const struct signals *signals,
                                 pid_t parent, int socket)
{
    int fd = -1;

    die_with(parent);
    if (plan->without_input)
        close_input();
    if (plan->without_output)
        close_output();
    if (plan->enter != NULL) {
        fd = plan->enter(plan->context);
        send_report(socket, fd < 0 ? -errno : 0, fd);
        if (fd < 0)
            _exit(1);
        close(fd);
    }
    signals_restore(signals);
    exec_program(plan->argv, plan->environment);
    send_report(socket, errno, -1);
    _exit(1);
}

/* False at the end of the socket, which a successful exec closes. */
static bool read_report(int socket, int *error, int *received)
{
    struct iovec data = {.iov_base = error, .iov_len = sizeof *error};
    union control control = {.bytes = {0}};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t length;

    do
        length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length == (ssize_t)sizeof *error && CMSG_FIRSTHDR(&message) != NULL)
        memcpy(received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof *received);
    return length == (ssize_t)sizeof *error;
}

static int read_exec_error(int socket, int *received)
{
    int error = 0, next;

    *received = -1;
    while (error == 0 && read_report(socket, &next, received))
        error = next;
    close(socket);
    return error;
}

/* Nobody else can have the child's number before we have reaped it. */
static int open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* As waitpid(2), of a child that has ended. */
static pid_t reap(pid_t pid, int *wait_status)
{
    pid_t reaped;

    do
        reaped = waitpid(pid, wait_status, 0);
    while (reaped < 0 && errno == EINTR);
    return reaped;
}

int child_start(struct child *child, const struct child_plan *plan,
                const struct signals *signals)
{
    pid_t parent = getpid();
    int sockets[2], error;

    memset(child, 0, sizeof *child);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        return -errno;
    child->pid = vfork();
    if (child->pid == 0)
        exec_child(plan, signals, parent, sockets[1]);
    error = errno;
    close(sockets[1]);
    if (child->pid < 0) {
        close(sockets[0]);
        return -error;
    }
    error = read_exec_error(sockets[0], &child->received);
    if (error != 0) {
        reap(child->pid, NULL);
        return error;
    }
    child->state = CHILD_RUNS;
    child->pidfd = open_pidfd(child->pid);
    return 0;
}

int child_fd(const struct child *child)
{
    return child->state == CHILD_RUNS ? child->pidfd : -1;
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

/* A child that another thread of ours has reaped has ended too, nobody knows how. */
bool child_poll(struct child *child)
{
    siginfo_t info = {.si_pid = 0};
    bool lost;

    if (child->state != CHILD_RUNS)
        return false;
    lost = waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0;
    if (!lost && info.si_pid == 0)
        return false;
    child_read_comm(child->pid, child->comm);
    if (lost || reap(child->pid, &child->wait_status) != child->pid)
        child->wait_status = STATUS_FAILED << 8; /* as of exit(STATUS_FAILED) */
    child->state = CHILD_ENDED;
    if (child->pidfd >= 0)
        close(child->pidfd);
    return true;
}

/* The kernel keeps the stop as news (WNOWAIT) until the child goes on. */
bool child_is_stopped(const struct child *child)
{
    siginfo_t info = {.si_pid = 0};

    return child->state == CHILD_RUNS &&
           waitid(P_PID, (id_t)child->pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

static bool is_child(const struct child *child, pid_t pid)
{
    return child->state == CHILD_RUNS && child->pid == pid;
}

/* If one of the two has ended meanwhile, it is the first again until child_poll() sees it. */
void child_reap_others(const struct child *engine, const struct child *client)
{
    siginfo_t info = {.si_pid = 0};

    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0 &&
           !is_child(engine, info.si_pid) && !is_child(client, info.si_pid)) {
        waitpid(info.si_pid, NULL, WNOHANG);
        info.si_pid = 0;
    }
}

void child_signal(const struct child *child, int signal)
{
    if (child->state == CHILD_RUNS)
        kill(child->pid, signal);
}
