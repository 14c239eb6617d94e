/* What is seen of a process, from files that look like those of proc(5). */
#include "launcher/proc/proc_sight.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

static const struct proc_wanted wanted = {
    .library = "/lib/libimdshim.so", .preload = "/lib/libimdshim.so", .fifo = "/run/fifo"};

static void write_file(const char *name, const char *bytes, size_t length)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

/* The fields behind the name are numbered from 3 on. */
static void write_stat(const char *name, unsigned long env_end)
{
    char line[1024];
    int length = snprintf(line, sizeof line, "4711 (%s) S", name);

    for (int field = 4; field <= 52; field++)
        length += snprintf(line + length, sizeof line - (size_t)length, " %lu",
                           field == 51 ? env_end : 1UL);
    write_file("stat", line, (size_t)length);
}

TEST_OPTIONS(IN_SANDBOX);

static const char *const names[] = {"lmp", "a b) S 1 (c"};

LOOP_TEST(an_environment_that_is_empty_has_lost_our_variables, COUNT(names))
{
    struct proc_sight sight;

    write_file("environ", "", 0);
    write_stat(names[_i], 140723412341234);
    proc_sight_read(".", &wanted, &sight);
    ck_assert_int_eq(sight.preloads, NO);
    ck_assert_int_eq(sight.has_channel, NO);
}

/* It executes another program, or has ended: nothing was lost. */
LOOP_TEST(of_a_process_without_an_environment_nothing_is_known, COUNT(names))
{
    struct proc_sight sight;

    write_file("environ", "", 0);
    write_stat(names[_i], 0);
    proc_sight_read(".", &wanted, &sight);
    ck_assert_int_eq(sight.preloads, NOT_KNOWN);
    ck_assert_int_eq(sight.has_channel, NOT_KNOWN);
    ck_assert_int_eq(sight.by_tcp, NOT_KNOWN);
}

static const char *const cut[] = {"", "4711 (lmp) S 1 1", "4711"};

LOOP_TEST(a_damaged_line_says_nothing, COUNT(cut))
{
    struct proc_sight sight;

    write_file("environ", "", 0);
    write_file("stat", cut[_i], strlen(cut[_i]));
    proc_sight_read(".", &wanted, &sight);
    ck_assert_int_eq(sight.has_channel, NOT_KNOWN);
}

TEST(variables_are_read_whatever_else_is_there)
{
    static const char environ_of_it[] =
        "A=b\0LD_PRELOAD=/x.so:/lib/libimdshim.so\0IMDSHIM_FIFO=/run/fifo";
    struct proc_sight sight;

    write_file("environ", environ_of_it, sizeof environ_of_it);
    proc_sight_read(".", &wanted, &sight);
    ck_assert_int_eq(sight.preloads, YES);
    ck_assert_int_eq(sight.has_channel, YES);
}
