/*
 * Seccomp user notification as the kernel has it, seccomp_unotify(2): the filter that stops
 * bind(2) and listen(2) of a program until somebody has answered, and the calls to answer.
 *
 * The filter lets all else through, calls of other machines (a 32-bit program, x32) included.
 * Programs inherit it and cannot take it off; with it come no_new_privs, prctl(2): set-user-ID
 * programs and file capabilities give nothing below.
 *
 * The kernel's structures are written down here, for <linux/seccomp.h> has them only since Linux
 * 5.0. Used are also SECCOMP_USER_NOTIF_FLAG_CONTINUE (5.5) and pidfd_getfd(2) (5.6).
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_FILTER_H
#define IMDSHIM_LAUNCHER_NOTIFY_FILTER_H

#include <stdbool.h>
#include <stdint.h>

struct sock_fprog;

/* A call that waits for its answer: struct seccomp_notif. */
struct notification {
    uint64_t id;
    uint32_t thread; /* as our PID namespace has it; 0: it is not in it */
    uint32_t flags;
    int32_t call; /* SYS_bind or SYS_listen */
    uint32_t machine;
    uint64_t instruction;
    uint64_t arguments[6];
};

enum { NOTIFICATION_ROOM = 1024 }; /* newer kernels may write more */

/* The program, for seccomp(2); NULL: none for this machine. */
const struct sock_fprog *filter_program(void);

/*
 * Put this process and what it becomes under the filter. Returns the descriptor on which its
 * calls arrive, or -1 and errno: EBUSY if there is such a filter already. System calls only.
 */
int filter_enter(void);

/* The next call; never waits after poll(2) has said POLLIN. False: it has gone meanwhile. */
bool filter_receive(int fd, struct notification *call);

/* Does it still wait? If so, what was learned of its thread meanwhile was of that thread. */
bool filter_still_waits(int fd, uint64_t id);

/* Let the kernel do it. False: the call has gone, a signal has interrupted it. */
bool filter_let_through(int fd, uint64_t id);

/* It was done for the program: the result is 0, or an errno. */
bool filter_answer(int fd, uint64_t id, int error);

#endif
