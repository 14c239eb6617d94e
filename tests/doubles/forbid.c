/*
 * A sandbox: a system call fails with the error given, for the command and all that it starts.
 *
 * usage: forbid process_vm_readv|bind|sendto|memfd_create|getrandom ERRNO COMMAND [ARG...]
 */
#include <err.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static long number_of(const char *name)
{
    static const struct {
        const char *name;
        long number;
    } calls[] = {
        {"process_vm_readv", SYS_process_vm_readv},
        {"bind", SYS_bind},
        {"sendto", SYS_sendto},
        {"memfd_create", SYS_memfd_create},
        {"getrandom", SYS_getrandom},
    };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(name, calls[i].name) == 0)
            return calls[i].number;
    errx(3, "%s is not known here", name);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        errx(3, "usage: forbid CALL ERRNO COMMAND...");

    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number_of(argv[1]), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)atoi(argv[2])),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        err(3, "seccomp");
    execv(argv[3], argv + 3);
    err(3, "%s", argv[3]);
}
