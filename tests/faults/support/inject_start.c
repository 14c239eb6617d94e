#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/faults/support/inject.h"
#include "tests/support/process.h"

enum {
    HANDOVER = 200,  /* the number of the socket by which the filter's descriptor comes */
    PATIENCE = 3000, /* milliseconds for it to come */
};

/* A signal that comes while we answer would have the call made, and asked about, once more. */
static int set_filter(const struct sock_fprog *program)
{
    int fd = -1;

#ifdef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
    fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                      SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                      program);
#endif
    return fd >= 0 ? fd
                   : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                  SECCOMP_FILTER_FLAG_NEW_LISTENER, program);
}

/* Sending the filter's own descriptor is not asked about: nobody could answer yet. */
static int install_filter(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HANDOVER, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};

    /* Root needs no such promise, and without it preloading is judged as ever. */
    if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return set_filter(&program);
}

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static bool send_descriptor(int fd)
{
    union control control;
    struct iovec byte = {(char[]){""}, 1};
    struct msghdr message = {.msg_iov = &byte,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};

    memset(&control, 0, sizeof control);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    return sendmsg(HANDOVER, &message, 0) == 1;
}

/* Ours are all closed on exec, the filter's too, but for the one that is passed. */
_Noreturn static void become(const struct inject_plan *plan, int socket)
{
    int listener, null = open("/dev/null", O_RDWR | O_CLOEXEC);

    process_default_signals();
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(plan->out, STDOUT_FILENO) < 0 ||
        dup2(plan->err, STDERR_FILENO) < 0 || dup3(socket, HANDOVER, O_CLOEXEC) < 0 ||
        (plan->pass >= 0 && dup2(plan->pass, plan->pass_as) < 0) || chdir(plan->directory) != 0)
        _exit(99);
    listener = install_filter();
    if (listener < 0 || !send_descriptor(listener))
        _exit(99);
    execv(plan->command[0], (char *const *)plan->command);
    _exit(99);
}

static int receive_descriptor(int socket)
{
    union control control;
    char byte;
    struct iovec room = {&byte, 1};
    struct msghdr message = {.msg_iov = &room,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct pollfd fd = {.fd = socket, .events = POLLIN};
    int listener = -1;

    if (poll(&fd, 1, PATIENCE) == 1 && recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 &&
        message.msg_controllen >= CMSG_LEN(sizeof listener))
        memcpy(&listener, CMSG_DATA(&control.header), sizeof listener);
    return listener;
}

pid_t inject_start(const struct inject_plan *plan, int *listener)
{
    int sockets[2];
    pid_t pid;

    *listener = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        return -1;
    pid = fork();
    if (pid == 0)
        become(plan, sockets[1]);
    close(sockets[1]);
    if (pid > 0)
        *listener = receive_descriptor(sockets[0]);
    close(sockets[0]);
    return pid;
}
