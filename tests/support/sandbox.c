#include "tests/support/sandbox.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/process.h"

enum { MOST_CHILDREN = 512 };

static char directory[PATH_MAX];

const char *sandbox_launcher(void)
{
    return getenv("IMDSHIM");
}

const char *sandbox_library(void)
{
    return getenv("LIBIMDSHIM");
}

const char *sandbox_doubles(void)
{
    return getenv("DOUBLES");
}

bool sandbox_honours_privileges(void)
{
    struct statvfs file_system;

    return statvfs("/tmp", &file_system) == 0 && (file_system.f_flag & ST_NOSUID) == 0 &&
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

void sandbox_enter(void)
{
    const char *above = getenv("TMPDIR");

    snprintf(directory, sizeof directory, "%s/imdshim-test.XXXXXX", above ? above : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
    setenv("TMPDIR", directory, 1);
    ck_assert_msg(sandbox_launcher() != NULL && sandbox_library() != NULL &&
                      sandbox_doubles() != NULL,
                  "IMDSHIM, LIBIMDSHIM and DOUBLES must be set: use make check");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Processes that are ending get two seconds for it; what stays is killed and counted. */
static int count_processes_left(void)
{
    const struct timespec pause = {0, 10000000};
    pid_t children[MOST_CHILDREN];
    siginfo_t info;
    int left;

    for (int i = 0; i < 200; i++) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD)
            return 0;
        nanosleep(&pause, NULL);
    }
    left = process_children(getpid(), children, MOST_CHILDREN);
    for (int i = 0; i < left; i++)
        kill(children[i], SIGKILL);
    return left > 0 ? left : 1;
}

static int fifos_left;

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)type;
    (void)walk;
    if (S_ISFIFO(status->st_mode) && strstr(path, "/imdshim-") != NULL &&
        strstr(path + strlen(directory), "/imdshim-") != NULL)
        fifos_left++;
    return remove(path);
}

void sandbox_leave(void)
{
    int processes_left = count_processes_left();

    ck_assert_int_eq(chdir("/"), 0);
    fifos_left = 0;
    nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    ck_assert_msg(processes_left == 0, "the test has left %d processes", processes_left);
    ck_assert_msg(fifos_left == 0, "the test has left %d FIFOs of imdshim's", fifos_left);
    ck_assert_msg(access(directory, F_OK) != 0, "%s could not be removed", directory);
}
