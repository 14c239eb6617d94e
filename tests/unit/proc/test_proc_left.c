/* What has the FIFO in its environment, wherever it is there, and is still running. */
#include "launcher/proc/proc_left.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"
#include "tests/unit/proc/proc_child.h"

#define FIFO "/tmp/imdshim-0/host.1.2345abcd"

/* Bytes before the entry: at most a part of it, and its whole, in one read(2) of 4096. */
static const int before[] = {2, 4070, 4090, 4096, 9000};

/* It stops when it has its environment: not all of that is there as soon as exec(2) is done. */
static void start_with(const char *entry, int bytes_before)
{
    char filler[10000], *environment[] = {filler, (char *)entry, NULL};
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)"kill -STOP $$", NULL};
    int status;

    memset(filler, 'x', sizeof filler);
    filler[bytes_before - 1] = '\0';
    child = fork();
    if (child == 0) {
        execve("/bin/sh", argv, environment);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    ck_assert(WIFSTOPPED(status));
}

static bool any(const char *exe)
{
    return exe[0] != '\0';
}

TEST_OPTIONS(.setup = begin_children, .teardown = end_children);

LOOP_TEST(an_entry_is_found_wherever_it_stands, COUNT(before))
{
    start_with(WIRE_FIFO "=" FIFO, before[_i]);
    ck_assert(proc_has_fifo(child, FIFO));
}

static const char *const others[] = {WIRE_FIFO "=" FIFO "0", WIRE_FIFO "=/tmp",
                                     "X" WIRE_FIFO "=" FIFO, WIRE_FIFO "X=" FIFO};

LOOP_TEST(a_longer_or_a_shorter_entry_is_another, COUNT(others))
{
    start_with(others[_i], 2);
    ck_assert(!proc_has_fifo(child, FIFO));
}

LOOP_TEST(what_is_left_is_found_among_all_and_among_the_latest, 2)
{
    char exe[NAME_SIZE];

    start_with(WIRE_FIFO "=" FIFO, 2);
    ck_assert_int_eq(proc_left(FIFO, _i == 0 ? 0 : getpid(), any, exe), child);
}

/* Many processes may start meanwhile, and then all are looked at: not every time. */
TEST(what_was_there_before_is_not_looked_at)
{
    char exe[NAME_SIZE];
    int turns = 64;

    start_with(WIRE_FIFO "=" FIFO, 2);
    while (proc_left(FIFO, child, any, exe) != 0 && turns > 0)
        turns--;
    ck_assert_int_gt(turns, 0);
}
