/* Memory that the engine passed: bad pointers are an error, as they are to the kernel. */
#include "shim/kernel/memory.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* Without valgrind and as under it. */
LOOP_TEST(good_memory_is_copied, 2)
{
    const char from[] = "an address";
    char to[sizeof from + 1] = "xxxxxxxxxxxx";

    if (_i > 0)
        memory_is_under_valgrind();
    to[sizeof from] = '!';
    errno = EDOM;
    ck_assert_int_eq(memory_copy(to, from, sizeof from), 0);
    ck_assert_int_eq(errno, EDOM);
    ck_assert_str_eq(to, from);
    ck_assert_int_eq(to[sizeof from], '!');
}

LOOP_TEST(memory_that_cannot_be_read_is_an_error, 2)
{
    char to[64], *bad = page_before_a_bad_one();

    if (_i > 0)
        memory_is_under_valgrind();
    ck_assert_int_eq(memory_copy(to, NULL, sizeof to), -1);
    ck_assert_int_eq(memory_copy(to, (const void *)(uintptr_t)1, sizeof to), -1);
    ck_assert_int_eq(memory_copy(to, (const void *)UINTPTR_MAX, sizeof to), -1);
    ck_assert_int_eq(memory_copy(to, bad, sizeof to), -1);
    ck_assert_int_eq(memory_copy(to, bad, 1), -1);
    munmap(bad, (size_t)sysconf(_SC_PAGESIZE));
    ck_assert_int_eq(memory_copy(to, bad, sizeof to), -1);
}

LOOP_TEST(memory_that_can_be_read_in_part_is_an_error, 2)
{
    char to[64], *bad = page_before_a_bad_one();

    if (_i > 0)
        memory_is_under_valgrind();
    ck_assert_int_eq(memory_copy(to, bad - 63, sizeof to), -1);
    ck_assert_int_eq(memory_copy(to, bad - 64, sizeof to), 0);
}

/* What is asked of the kernel is eight bytes at their own address, wherever the copy begins. */
TEST(memory_up_to_the_last_byte_of_a_page_is_copied_whatever_its_address)
{
    char to[64], *bad = page_before_a_bad_one();

    for (int i = 1; i <= 64; i++)
        bad[-i] = (char)i;
    for (size_t size = 1; size <= 64; size++) {
        ck_assert_int_eq(memory_copy(to, bad - size, size), 0);
        ck_assert_mem_eq(to, bad - size, size);
        ck_assert_int_eq(memory_copy(to, bad - size, size + 1), -1);
    }
}

TEST(memory_behind_a_bad_page_is_copied_to_its_first_byte)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char to[64], *good = page_before_a_bad_one();

    ck_assert_int_eq(mprotect(good - page, page, PROT_NONE), 0);
    ck_assert_int_eq(mprotect(good, page, PROT_READ), 0);
    for (size_t size = 1; size <= 64; size++) {
        ck_assert_int_eq(memory_copy(to, good, size), 0);
        ck_assert_int_eq(memory_copy(to, good - 1, size), -1);
    }
}

/* A set of descriptors, a long poll set: a hole in the midst of it is no less bad. */
TEST(memory_of_several_pages_is_copied_if_all_of_them_can_be_read)
{
    enum { PAGES = 5 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = PAGES * page;
    char *from = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *to = malloc(size);

    ck_assert_ptr_ne(from, MAP_FAILED);
    for (size_t i = 0; i < size; i++)
        from[i] = (char)(i * 7);
    ck_assert_int_eq(memory_copy(to, from, size), 0);
    ck_assert_mem_eq(to, from, size);
    for (int hole = 0; hole < PAGES; hole++) {
        char *at = from + (size_t)hole * page;

        ck_assert_int_eq(mprotect(at, page, PROT_NONE), 0);
        ck_assert_int_eq(memory_copy(to, from, size), -1);
        ck_assert_int_eq(mprotect(at, page, PROT_READ), 0);
    }
    free(to);
}

TEST(nothing_is_copied_from_anywhere)
{
    char to = 'x';

    ck_assert_int_eq(memory_copy(&to, &to, 0), 0);
    ck_assert_int_eq(memory_copy(&to, NULL, 0), 0);
    ck_assert_int_eq(memory_copy(&to, page_before_a_bad_one(), 0), 0);
    ck_assert_int_eq(to, 'x');
}

/* The question to the kernel is one about signals. */
TEST(the_signals_stay_as_they_were)
{
    sigset_t mask, before, after;
    char to[8], *bad = page_before_a_bad_one();

    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    memset(bad - sizeof to, 0xff, sizeof to); /* it would block all if it were taken */
    sigprocmask(SIG_SETMASK, &mask, NULL);
    sigprocmask(SIG_BLOCK, NULL, &before);
    memory_copy(to, bad - sizeof to, sizeof to);
    memory_copy(to, bad, sizeof to);
    sigprocmask(SIG_BLOCK, NULL, &after);
    for (int signal = 1; signal < NSIG; signal++)
        ck_assert_int_eq(sigismember(&before, signal), sigismember(&after, signal));
}

/*
 * Only what a program needs to go on: no process_vm_readv(2), no pipe(2), no open(2). Nor one that
 * could block or unblock a signal for a moment.
 */
static void copy_in_a_sandbox(const void *unused)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SIG_SETMASK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
    };
    const struct sock_fprog program = {sizeof code / sizeof code[0], code};
    char to[8] = "", *bad = page_before_a_bad_one();
    bool copied, refused;

    (void)unused;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(100);
    copied = memory_copy(to, "address", sizeof to) == 0 && strcmp(to, "address") == 0;
    refused = memory_copy(to, bad, sizeof to) == -1;
    syscall(SYS_exit_group, copied && refused ? 0 : 1); /* a sanitizer does more in _exit(2) */
}

TEST(a_sandbox_that_permits_signals_permits_the_copy)
{
    ck_assert_int_eq(apart(copy_in_a_sandbox, NULL), 0);
}
