/* Which calls wait for an answer, and what an answer does: in a child under the filter. */
#include "launcher/notify/filter.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/unit/notify/watched.h"

static const struct sockaddr_in loopback = {.sin_family = AF_INET};

TEST_OPTIONS(.needs = has_notification, .timeout = 60);

static int bind_and_listen(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    getppid();
    if (bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) != 0)
        return errno;
    return listen(fd, 7) != 0 ? errno : 0;
}

TEST(bind_and_listen_wait_for_an_answer_and_nothing_else_does)
{
    int fd;
    pid_t pid = watch_child(bind_and_listen, &fd);

    ck_assert(next_call(fd));
    ck_assert_int_eq(last.call.call, SYS_bind);
    ck_assert_uint_eq(last.call.thread, (unsigned)pid);
    ck_assert(filter_still_waits(fd, last.call.id));
    ck_assert(filter_let_through(fd, last.call.id));
    ck_assert(next_call(fd));
    ck_assert_int_eq(last.call.call, SYS_listen);
    ck_assert_uint_eq(last.call.arguments[1], 7);
    ck_assert(filter_let_through(fd, last.call.id));
    ck_assert(!next_call(fd));
    ck_assert_int_eq(status_of(pid), 0);
}

TEST(what_was_answered_is_the_result)
{
    int fd;
    pid_t pid = watch_child(bind_and_listen, &fd);

    ck_assert(next_call(fd));
    ck_assert(filter_answer(fd, last.call.id, EADDRINUSE));
    ck_assert(!filter_still_waits(fd, last.call.id));
    ck_assert(!filter_answer(fd, last.call.id, 0));
    ck_assert(!next_call(fd));
    ck_assert_int_eq(status_of(pid), EADDRINUSE);
}

static int listen_on_nothing(void)
{
    return listen(-1, 1) == 0 ? 0 : 1;
}

TEST(an_answer_of_success_is_believed_without_a_call)
{
    int fd;
    pid_t pid = watch_child(listen_on_nothing, &fd);

    ck_assert(next_call(fd));
    ck_assert(filter_answer(fd, last.call.id, 0));
    ck_assert_int_eq(status_of(pid), 0);
}

#ifdef __x86_64__
/* bind(2) of i386, by its gate, and of x32: on no descriptor. */
static int call_as_another_machine(void)
{
    long result;

    __asm__ volatile("int $0x80" : "=a"(result) : "a"(361L), "b"(-1L), "c"(0L), "d"(0L));
    if (result != -EBADF && result != -ENOSYS)
        return 1;
    errno = 0;
    if (syscall(0x40000000L | SYS_bind, -1, NULL, 0) != -1)
        return 2;
    return errno == EBADF || errno == ENOSYS ? 0 : 3;
}

TEST(calls_of_other_machines_are_let_through)
{
    int fd;
    pid_t pid = watch_child(call_as_another_machine, &fd);

    ck_assert(!next_call(fd));
    ck_assert_int_eq(status_of(pid), 0);
}
#endif

static int enter_again(void)
{
    return filter_enter() < 0 ? errno : 0;
}

TEST(below_a_program_that_watches_there_is_no_second_one)
{
    int fd;

    ck_assert_int_eq(status_of(watch_child(enter_again, &fd)), EBUSY);
}

static int has_no_new_privileges(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

TEST(an_ordinary_user_may_for_no_privilege_can_be_had_below)
{
    int fd;

    ck_assert_int_eq(status_of(watch_child(has_no_new_privileges, &fd)), 1);
}
