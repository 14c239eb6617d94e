/* What a blocked thread waits on, by the text of proc(5). */
#include "launcher/notify/blocked_call.h"

#include <stdio.h>
#include <sys/syscall.h>

#include "tests/support/suite.h"

#define REST " 0x0 0x0 0x0 0x7ffc5fe0 0x7f1234\n"

static const char *const unreadable[] = {
    "",
    "running\n",
    "-1 0x7ffd1 0x7f2\n",
    "43\n",
    "43 0x3 0x0 0x0\n",
    "43 0x3 0x0 0x0 zero 0x0 0x0 0x7ffc5fe0 0x7f1234\n",
    "43 0x3 0x0 0x0 0x0 0x0 0x0",
    "43 0x99999999999999999999 0x0 0x0 0x0 0x0 0x0 0x7ffc5fe0 0x7f1234\n",
};

LOOP_TEST(who_is_in_no_call_waits_for_nothing, COUNT(unreadable))
{
    struct blocked_call call;

    ck_assert(!blocked_call_parse(unreadable[_i], &call));
}

static const struct {
    long number;
    int kind, fd;
    uint64_t address, count;
} calls[] = {
    {SYS_accept, WAIT_FD, 0x12, 0, 0},
    {SYS_accept4, WAIT_FD, 0x12, 0, 0},
    {SYS_pselect6, WAIT_SET, 0, 0x7ffc0010, 0x12},
    {SYS_ppoll, WAIT_ARRAY, 0, 0x12, 0x7ffc0010},
    {SYS_epoll_pwait, WAIT_EPOLL, 0x12, 0, 0},
    {SYS_clock_nanosleep, WAIT_SLEEP, 0, 0, 0},
    {SYS_nanosleep, WAIT_SLEEP, 0, 0, 0},
    {SYS_futex, WAIT_NONE, 0, 0, 0},
    {SYS_read, WAIT_NONE, 0, 0, 0},
    {SYS_connect, WAIT_NONE, 0, 0, 0},
};

LOOP_TEST(a_wait_is_told_by_its_call_and_arguments, COUNT(calls))
{
    struct blocked_call call;
    struct wait wait;
    char text[128];

    snprintf(text, sizeof text, "%ld 0x12 0x7ffc0010 0x0" REST, calls[_i].number);
    ck_assert(blocked_call_parse(text, &call));
    ck_assert_uint_eq(call.stack, 0x7ffc5fe0);
    wait = blocked_call_wait(&call);
    ck_assert_int_eq((int)wait.kind, calls[_i].kind);
    ck_assert_int_eq(wait.fd, calls[_i].fd);
    ck_assert_uint_eq(wait.address, calls[_i].address);
    ck_assert_uint_eq(wait.count, calls[_i].count);
}

#ifdef __x86_64__
/* As the kernel has written it: GROMACS 2022.5 asleep, LAMMPS of 29Sep2021 in select(2). */
static const struct {
    const char *text;
    int kind;
} seen[] = {
    {"230 0x0 0x0 0x7ffe48fa3390 0x7ffe48fa3390 0x7 0x559d3d2ee200 0x7ffe48fa3378 "
     "0x7eff2caed503\n",
     WAIT_SLEEP},
    {"270 0x15 0x7ffe1af7ee60 0x0 0x0 0x7ffe1af7edf0 0x0 0x7ffe1af7ede0 0x7f368151c9ec\n",
     WAIT_SET},
};

LOOP_TEST(the_waits_of_real_engines_are_known, COUNT(seen))
{
    struct blocked_call call;

    ck_assert(blocked_call_parse(seen[_i].text, &call));
    ck_assert_int_eq((int)blocked_call_wait(&call).kind, seen[_i].kind);
}
#endif
