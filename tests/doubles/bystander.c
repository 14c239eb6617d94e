/*
 * A program that has no IMD socket, and puts itself into a sandbox in which the kernel ends it
 * for every system call but the one that it makes.
 *
 * usage: bystander poll|ppoll|select|pselect|accept|accept4|epoll_ctl|epoll_wait|sleep|socket|
 *                  getsockname|nothing|close|strict|fork
 *
 * The call is made three times, then main() returns. close: it makes one that is not permitted.
 * strict: the kernel's own sandbox, seccomp(2), which permits read, write and exit. fork: a
 * child does nothing in its sandbox, and main() returns.
 */
#include <err.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMES = 3 };

static int fd, epoll; /* a socket that is not bound, and in that epoll */

static void call_poll(void)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};

    poll(&set, 1, 0);
}

static void call_ppoll(void)
{
    const struct timespec at_once = {0, 0};
    struct pollfd set = {.fd = fd, .events = POLLIN};

    ppoll(&set, 1, &at_once, NULL);
}

static void call_select(void)
{
    struct timeval at_once = {0, 0};
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    select(fd + 1, &set, NULL, NULL, &at_once);
}

static void call_pselect(void)
{
    const struct timespec at_once = {0, 0};
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    pselect(fd + 1, &set, NULL, NULL, &at_once, NULL);
}

static void call_accept(void)
{
    accept(fd, NULL, NULL);
}

static void call_accept4(void)
{
    accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

static void call_epoll_ctl(void)
{
    struct epoll_event event = {.events = EPOLLIN};

    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

static void call_epoll_wait(void)
{
    struct epoll_event event;

    epoll_wait(epoll, &event, 1, 0);
}

static void call_sleep(void)
{
    sleep(0);
}

static void call_socket(void)
{
    socket(AF_INET, SOCK_STREAM, 0);
}

static void call_getsockname(void)
{
    getsockname(fd, NULL, NULL);
}

static void call_nothing(void)
{
}

static void call_close(void)
{
    close(fd);
}

/* The C library makes the newer of two calls where the kernel has both: either is permitted. */
static const struct step {
    const char *name;
    void (*call)(void);
    long numbers[2];
} steps[] = {
#if defined SYS_poll
    {"poll", call_poll, {SYS_poll, SYS_poll}},
    {"select", call_select, {SYS_select, SYS_pselect6}},
    {"epoll_wait", call_epoll_wait, {SYS_epoll_wait, SYS_epoll_pwait}},
#else
    {"poll", call_poll, {SYS_ppoll, SYS_ppoll}},
    {"select", call_select, {SYS_pselect6, SYS_pselect6}},
    {"epoll_wait", call_epoll_wait, {SYS_epoll_pwait, SYS_epoll_pwait}},
#endif
    {"ppoll", call_ppoll, {SYS_ppoll, SYS_ppoll}},
    {"pselect", call_pselect, {SYS_pselect6, SYS_pselect6}},
    {"accept", call_accept, {SYS_accept, SYS_accept}},
    {"accept4", call_accept4, {SYS_accept4, SYS_accept4}},
    {"epoll_ctl", call_epoll_ctl, {SYS_epoll_ctl, SYS_epoll_ctl}},
    {"sleep", call_sleep, {SYS_clock_nanosleep, SYS_nanosleep}},
    {"socket", call_socket, {SYS_socket, SYS_socket}},
    {"getsockname", call_getsockname, {SYS_getsockname, SYS_getsockname}},
    {"nothing", call_nothing, {SYS_exit_group, SYS_exit_group}},
    {"close", call_close, {SYS_exit_group, SYS_exit_group}},
};

static const struct step *find_step(const char *name)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (strcmp(steps[i].name, name) == 0)
            return &steps[i];
    errx(3, "no such call: %s", name);
}

static void enter_sandbox(const long numbers[2])
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)numbers[0], 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)numbers[1], 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        err(3, "seccomp");
}

static void be_strict(void)
{
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        err(3, "seccomp");
    if (write(STDERR_FILENO, "strict\n", 7) != 7)
        syscall(SYS_exit, 4);
    syscall(SYS_exit, 0);
}

static int do_nothing_in_a_child(void)
{
    const struct step *nothing = find_step("nothing");
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        enter_sandbox(nothing->numbers);
        exit(0);
    }
    waitpid(child, &status, 0);
    return status != 0;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    struct epoll_event event = {.events = EPOLLIN};
    const struct step *step;

    fd = socket(AF_INET, SOCK_STREAM, 0);
    epoll = epoll_create1(0);
    if (fd < 0 || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        err(3, "epoll");
    if (strcmp(name, "strict") == 0)
        be_strict();
    if (strcmp(name, "fork") == 0)
        return do_nothing_in_a_child();
    step = find_step(name);
    enter_sandbox(step->numbers);
    for (int i = 0; i < TIMES; i++)
        step->call();
    return 0;
}
