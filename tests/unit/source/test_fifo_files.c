/* The launcher's FIFO as a file: whose it is, and what becomes of those that runs have left. */
#include "launcher/source/fifo.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/source/fifos.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

static struct fifo fifo;

static void enter(void)
{
    sandbox_enter();
    fifo_open(&fifo);
}

static void leave(void)
{
    source_close(&fifo.source);
    sandbox_leave();
}

TEST_OPTIONS(.setup = enter, .teardown = leave, .timeout = 120);

/* Everyone may send a signal by a name that everyone may know: so nobody else may write. */
TEST(only_the_user_can_reach_the_fifo)
{
    struct stat status;
    char directory[PATH_MAX];

    ck_assert_int_eq(lstat(fifo.path, &status), 0);
    ck_assert(S_ISFIFO(status.st_mode));
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    strcpy(directory, fifo.path);
    *strrchr(directory, '/') = '\0';
    ck_assert_int_eq(lstat(directory, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0700);
    ck_assert_int_ne(fcntl(fifo.source.fd, F_GETFD) & FD_CLOEXEC, 0);
}

TEST(a_fifo_that_is_closed_is_gone)
{
    struct fifo other;

    fifo_open(&other);
    ck_assert_str_ne(other.path, fifo.path);
    source_close(&other.source);
    ck_assert_int_ne(access(other.path, F_OK), 0);
    ck_assert_int_eq(access(fifo.path, F_OK), 0);
    ck_assert_int_eq(fcntl(other.source.fd, F_GETFD), -1);
}

/* A FIFO beside the other, as HOST.PID.NUMBER. */
static void leave_fifo(char path[PATH_MAX], const char *host, long pid, const char *number)
{
    const char *slash = strrchr(fifo.path, '/');

    snprintf(path, PATH_MAX, "%.*s/%s.%ld.%s", (int)(slash - fifo.path), fifo.path, host, pid,
             number);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static const char *this_host(void)
{
    static char host[HOST_SIZE];

    gethostname(host, sizeof host - 1);
    return host;
}

/* The number of a process that is gone. */
static pid_t dead_pid(void)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    return pid;
}

TEST(the_fifo_of_a_run_that_was_killed_is_removed)
{
    char path[PATH_MAX];

    leave_fifo(path, this_host(), dead_pid(), "7");
    fifo_sweep_others(&fifo);
    ck_assert_int_ne(access(path, F_OK), 0);
}

static void leave_fifo_being_made(char path[PATH_MAX], pid_t pid)
{
    char name[HOST_SIZE + 16];

    snprintf(name, sizeof name, ".making.%s", this_host());
    leave_fifo(path, name, (long)pid, "7");
}

TEST(of_runs_that_were_killed_by_the_hundred_none_is_left)
{
    char number[12], paths[200][PATH_MAX];
    pid_t pid = dead_pid();

    for (int i = 0; i < 200; i++) {
        snprintf(number, sizeof number, "%d", i);
        leave_fifo(paths[i], this_host(), pid, number);
    }
    fifo_sweep_others(&fifo);
    for (int i = 0; i < 200; i++)
        ck_assert_int_ne(access(paths[i], F_OK), 0);
}

TEST(a_fifo_that_is_being_made_is_kept)
{
    char path[PATH_MAX];

    leave_fifo_being_made(path, getpid());
    fifo_sweep_others(&fifo);
    ck_assert_int_eq(access(path, F_OK), 0);
    unlink(path);
}

TEST(the_fifo_of_a_run_that_was_killed_while_making_it_is_removed)
{
    char path[PATH_MAX];

    leave_fifo_being_made(path, dead_pid());
    fifo_sweep_others(&fifo);
    ck_assert_int_ne(access(path, F_OK), 0);
}

TEST(the_fifo_of_a_run_that_lives_is_kept)
{
    char path[PATH_MAX];

    struct fifo other;

    fifo_open(&other);
    snprintf(path, sizeof path, "%s", other.path);
    fifo_sweep_others(&fifo);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(access(fifo.path, F_OK), 0);
    source_close(&other.source);
}

/* Its process is gone, but who reads it still? A run in another PID namespace, say. */
TEST(a_fifo_that_is_read_is_kept)
{
    char path[PATH_MAX];
    int reader;

    leave_fifo(path, this_host(), dead_pid(), "7");
    reader = open(path, O_RDONLY | O_NONBLOCK);
    fifo_sweep_others(&fifo);
    ck_assert_int_eq(access(path, F_OK), 0);
    close(reader);
    unlink(path);
}

/* In containers every run may have the same number. */
TEST(the_fifos_of_killed_runs_that_had_our_number_are_no_obstacle)
{
    char paths[20][PATH_MAX], number[16];
    struct fifo other;

    for (int i = 0; i < 20; i++) {
        snprintf(number, sizeof number, "%d", i + 1);
        leave_fifo(paths[i], this_host(), (long)getpid(), number);
    }
    fifo_open(&other);
    fifo_sweep_others(&other);
    for (int i = 0; i < 20; i++)
        if (strcmp(paths[i], other.path) != 0)
            ck_assert_int_ne(access(paths[i], F_OK), 0);
    ck_assert_int_eq(access(other.path, F_OK), 0);
    source_close(&other.source);
}

TEST(the_fifos_of_other_hosts_are_kept)
{
    char longer[HOST_SIZE + 16], paths[5][PATH_MAX];
    pid_t dead = dead_pid();

    snprintf(longer, sizeof longer, "%s2", this_host());
    leave_fifo(paths[0], "another-node", dead, "7");
    leave_fifo(paths[1], longer, dead, "7");
    snprintf(longer, sizeof longer, "%s.org", this_host());
    leave_fifo(paths[2], longer, dead, "7");
    /* The number in its name may be that of a process here that is gone. */
    snprintf(longer, sizeof longer, "%s.%ld", this_host(), (long)dead);
    leave_fifo(paths[3], longer, dead, "7");
    snprintf(longer, sizeof longer, "%s.%ld", this_host(), (long)getpid());
    leave_fifo(paths[4], longer, dead, "7");
    fifo_sweep_others(&fifo);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(access(paths[i], F_OK), 0);
        unlink(paths[i]);
    }
}

/* What follows the host. The last two, cut to 32 bits, would be -1 and 1. */
static const char *const no_pids[] = {"",
                                      ".",
                                      ".7",
                                      "..7",
                                      ".7x.7",
                                      ". 7.7",
                                      ".+7.7",
                                      ".-7.7",
                                      ".0.7",
                                      ".99999999999999999999.7",
                                      ".4294967295.7",
                                      ".4294967297.7",
                                      ".7.7.7",
                                      ".7.7."};

LOOP_TEST(a_name_without_a_pid_is_no_runs, COUNT(no_pids))
{
    char directory[PATH_MAX], path[2 * PATH_MAX];
    DIR *runs;

    strcpy(directory, fifo.path);
    *strrchr(directory, '/') = '\0';
    snprintf(path, sizeof path, "%s/%s%s", directory, this_host(), no_pids[_i]);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    fifo_sweep_others(&fifo);
    ck_assert_int_eq(access(path, F_OK), 0);
    unlink(fifo.path);
    runs = opendir(directory);
    ck_assert_int_eq(fifos_next(runs), 0);
    closedir(runs);
    unlink(path);
}

TEST(what_is_no_fifo_is_kept)
{
    char path[PATH_MAX];

    leave_fifo(path, this_host(), dead_pid(), "7");
    unlink(path);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    fifo_sweep_others(&fifo);
    ck_assert_int_eq(access(path, F_OK), 0);
    unlink(path);
    ck_assert_int_eq(symlink("/dev/null", path), 0);
    fifo_sweep_others(&fifo);
    ck_assert_int_eq(readlink(path, &(char){0}, 1), 1);
}
