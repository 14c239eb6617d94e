/* Memory that the engine passed: bad pointers are an error, as they are to the kernel. */
#include "shim/sys.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

/* Two pages, of which the second cannot be read. */
static char *page_before_a_bad_one(void)
{
    long size = sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * (size_t)size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(pages, MAP_FAILED);
    ck_assert_int_eq(mprotect(pages + size, (size_t)size, PROT_NONE), 0);
    return pages + size;
}

TEST(good_memory_is_copied)
{
    const char from[] = "an address";
    char to[sizeof from + 1] = "xxxxxxxxxxxx";

    to[sizeof from] = '!';
    ck_assert_int_eq(sys_copy(to, from, sizeof from), 0);
    ck_assert_str_eq(to, from);
    ck_assert_int_eq(to[sizeof from], '!');
}

static bool is_permitted(void)
{
    char from = 'x', to;
    const struct iovec local = {&to, 1}, remote = {&from, 1};

    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1 ||
           suite_skip("sys: bad pointers", "process_vm_readv(2) is not permitted here");
}

TEST(memory_that_cannot_be_read_is_an_error, .needs = is_permitted)
{
    char to[64], *bad = page_before_a_bad_one();

    ck_assert_int_eq(sys_copy(to, NULL, sizeof to), -1);
    ck_assert_int_eq(sys_copy(to, (const void *)(uintptr_t)1, sizeof to), -1);
    ck_assert_int_eq(sys_copy(to, (const void *)UINTPTR_MAX, sizeof to), -1);
    ck_assert_int_eq(sys_copy(to, bad, sizeof to), -1);
    munmap(bad, (size_t)sysconf(_SC_PAGESIZE));
    ck_assert_int_eq(sys_copy(to, bad, sizeof to), -1);
}

TEST(memory_that_can_be_read_in_part_is_an_error, .needs = is_permitted)
{
    char to[64], *bad = page_before_a_bad_one();

    errno = EPERM; /* of an earlier call: a short copy sets none */
    ck_assert_int_eq(sys_copy(to, bad - 63, sizeof to), -1);
    ck_assert_int_eq(sys_copy(to, bad - 64, sizeof to), 0);
}

static void copy_where_it_is_forbidden(const void *error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | *(const unsigned *)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof code / sizeof code[0], code};
    char to[8] = "";

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(100);
    _exit(sys_copy(to, "address", sizeof to) == 0 && strcmp(to, "address") == 0 ? 0 : 1);
}

TEST(where_a_sandbox_forbids_the_call_memory_is_copied_all_the_same)
{
    const unsigned errors[] = {EPERM, ENOSYS};

    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(apart(copy_where_it_is_forbidden, &errors[i]), 0);
}
