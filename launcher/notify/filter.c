#include "launcher/notify/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define OUR_MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define OUR_MACHINE AUDIT_ARCH_AARCH64
#endif

/* linux/seccomp.h */
enum { SET_MODE_FILTER = 1 };
enum { SPEC_ALLOW = 1 << 2, NEW_LISTENER = 1 << 3, WAIT_KILLABLE = 1 << 5 };
#define RET_USER_NOTIF 0x7fc00000U
#define RET_ALLOW 0x7fff0000U
#define FLAG_CONTINUE 1U

struct answer {
    uint64_t id;
    int64_t value;
    int32_t error; /* negative */
    uint32_t flags;
};

_Static_assert(sizeof(struct notification) == 80 && sizeof(struct answer) == 24,
               "struct seccomp_notif and seccomp_notif_resp");

#define RECEIVE _IOWR('!', 0, struct notification)
#define SEND _IOWR('!', 1, struct answer)
#define ID_VALID _IOW('!', 2, uint64_t)

/* struct seccomp_data begins with the call's number, then the machine: as in the notification. */
enum { AT_CALL = 0, AT_MACHINE = 4 };

#ifdef OUR_MACHINE
/*
 * The number of an x32 call has bit 30 set, so it is none of the two. What depends on number and
 * machine alone the kernel keeps in a bitmap (Linux 5.11): other calls cost next to nothing.
 */
static const struct sock_filter instructions[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_MACHINE),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_MACHINE, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_CALL),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bind, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_listen, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, RET_USER_NOTIF),
};

const struct sock_fprog *filter_program(void)
{
    static const struct sock_fprog program = {
        .len = sizeof instructions / sizeof instructions[0],
        .filter = (struct sock_filter *)instructions,
    };

    return &program;
}
#else
const struct sock_fprog *filter_program(void)
{
    return NULL;
}
#endif

/*
 * SPEC_ALLOW: before Linux 5.16 a filter would slow the program by the mitigations against
 * speculation. WAIT_KILLABLE, since 5.19: a signal does not interrupt a call that is being
 * answered; Go sends itself signals all the time.
 */
int filter_enter(void)
{
    const struct sock_fprog *program = filter_program();
    int fd;

    if (program == NULL) {
        errno = ENOSYS;
        return -1;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    fd = (int)syscall(SYS_seccomp, SET_MODE_FILTER, NEW_LISTENER | SPEC_ALLOW | WAIT_KILLABLE,
                      program);
    if (fd < 0 && errno == EINVAL)
        fd = (int)syscall(SYS_seccomp, SET_MODE_FILTER, NEW_LISTENER | SPEC_ALLOW, program);
    return fd;
}

/* The kernel wants the structure zeroed. */
bool filter_receive(int fd, struct notification *call)
{
    memset(call, 0, NOTIFICATION_ROOM);
    return ioctl(fd, RECEIVE, call) == 0;
}

bool filter_still_waits(int fd, uint64_t id)
{
    return ioctl(fd, ID_VALID, &id) == 0;
}

static bool send_answer(int fd, const struct answer *answer)
{
    char room[NOTIFICATION_ROOM] = {0};

    memcpy(room, answer, sizeof *answer);
    return ioctl(fd, SEND, room) == 0;
}

bool filter_let_through(int fd, uint64_t id)
{
    return send_answer(fd, &(struct answer){.id = id, .flags = FLAG_CONTINUE});
}

bool filter_answer(int fd, uint64_t id, int error)
{
    return send_answer(fd, &(struct answer){.id = id, .error = -error});
}
