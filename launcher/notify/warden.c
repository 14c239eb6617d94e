#include "launcher/notify/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/libc/bsd.h"
#include "launcher/libc/mask.h"
#include "launcher/notify/listener.h"
#include "launcher/notify/task.h"
#include "shim/wire/local_address.h"

/* ---- the descriptor's way ---- */

/* A message of one byte with room for a descriptor, unix(7). */
struct parcel {
    char byte;
    struct iovec data;
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message;
};

static void make_parcel(struct parcel *parcel)
{
    memset(parcel, 0, sizeof *parcel);
    parcel->data = (struct iovec){.iov_base = &parcel->byte, .iov_len = 1};
    parcel->message.msg_iov = &parcel->data;
    parcel->message.msg_iovlen = 1;
    parcel->message.msg_control = parcel->control;
    parcel->message.msg_controllen = sizeof parcel->control;
}

bool warden_entrust(const struct warden *warden, int fd)
{
    struct parcel parcel;
    struct cmsghdr *header;

    make_parcel(&parcel);
    header = CMSG_FIRSTHDR(&parcel.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(warden->fd, &parcel.message, MSG_NOSIGNAL) == 1;
}

/* -1: the launcher is gone, and no engine was started. */
static int receive_descriptor(int socket)
{
    struct parcel parcel;
    int fd = -1;

    make_parcel(&parcel);
    if (recvmsg(socket, &parcel.message, MSG_CMSG_CLOEXEC) == 1 &&
        CMSG_FIRSTHDR(&parcel.message) != NULL)
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&parcel.message)), sizeof fd);
    return fd;
}

/* ---- the warden ---- */

/*
 * The launcher may have been killed between its bind(2) on the copy and its answer: the kernel
 * would say EINVAL then, for the socket is bound.
 */
static bool is_done(const struct notification *call)
{
    pid_t process = task_process((pid_t)call->thread);
    int copy = call->call == SYS_bind && process != 0
                   ? task_copy_descriptor((pid_t)call->thread, process, (int)call->arguments[0])
                   : -1;
    union address address;
    bool done;

    if (copy < 0)
        return false;
    done = listener_tcp_inode(copy) != 0 && address_of_socket(&address, copy) &&
           address_port(&address) != 0;
    close(copy);
    return done;
}

static void answer_all(int fd, struct notification *last)
{
    struct pollfd calls = {.fd = fd, .events = POLLIN};

    if (filter_still_waits(fd, last->id)) {
        if (is_done(last))
            filter_answer(fd, last->id, 0);
        else
            filter_let_through(fd, last->id);
    }
    while (poll(&calls, 1, -1) == 1 && (calls.revents & POLLIN) != 0)
        if (filter_receive(fd, last))
            filter_let_through(fd, last->id);
}

/* Until the launcher is gone, or no program is under the filter. */
static void watch(int launcher, int fd, struct notification *last)
{
    struct pollfd fds[] = {{.fd = launcher, .events = POLLIN}, {.fd = fd, .events = 0}};

    while (poll(fds, 2, -1) > 0 && fds[0].revents == 0 && fds[1].revents == 0)
        continue;
    if (fds[1].revents == 0)
        answer_all(fd, last);
}

/*
 * With every signal blocked. Only what was handed over stays open: the files of launcher and
 * engine are to have their end.
 */
_Noreturn static void be_warden(int socket, struct notification *last)
{
    enum { OURS = STDERR_FILENO + 1 };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

    setsid();
    prctl(PR_SET_NAME, "imdshim-warden");
    for (int standard = 0; standard < OURS; standard++)
        dup2(null, standard);
    if (chdir("/") != 0 || dup2(socket, OURS) < 0)
        _exit(1);
    closefrom(OURS + 1);
    fd = receive_descriptor(OURS);
    if (fd >= 0)
        watch(OURS, fd, last);
    _exit(0);
}

static bool share_page(struct warden *warden)
{
    warden->received = mmap(NULL, NOTIFICATION_ROOM, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return warden->received != MAP_FAILED;
}

/* Signals are blocked from its first moment on. */
bool warden_start(struct warden *warden)
{
    int sockets[2], error;
    sigset_t all, before;

    *warden = (struct warden){.fd = -1};
    if (!share_page(warden) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        return false;
    mask_fill(&all);
    mask_change(SIG_SETMASK, &all, &before);
    warden->pid = fork();
    if (warden->pid == 0) {
        close(sockets[0]);
        be_warden(sockets[1], warden->received);
    }
    error = errno;
    mask_change(SIG_SETMASK, &before, NULL);
    close(sockets[1]);
    warden->fd = sockets[0];
    errno = error;
    return warden->pid > 0;
}

/* It has been reaped already if it was the first to see the end. */
void warden_leave(struct warden *warden, bool all_ended)
{
    close(warden->fd);
    if (warden->pid > 0 && all_ended)
        while (waitpid(warden->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    munmap(warden->received, NOTIFICATION_ROOM);
}
