/* The private directory: one that somebody else could write is not used. */
#include "launcher/base/private_dir.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/status.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

enum { NOBODY = 65534, UNUSED_UID = 64997 };

/* Where it has to be, below the sandbox. */
static const char *private_dir(void)
{
    static char path[64];

    snprintf(path, sizeof path, "imdshim-%lu", (unsigned long)geteuid());
    return path;
}

static void make(const void *unused)
{
    char path[PATH_MAX];
    int null = open("/dev/null", O_WRONLY);

    (void)unused;
    dup2(null, STDERR_FILENO);
    private_dir_make(path);
}

static void assert_refused(void)
{
    ck_assert_int_eq(apart(make, NULL), STATUS_FAILED);
}

static void assert_private(const char *path)
{
    struct stat status;

    ck_assert_int_eq(lstat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode, S_IFDIR | 0700);
    ck_assert_uint_eq(status.st_uid, geteuid());
}

/* Another is, each time the same. */
static void assert_not_used(void)
{
    char path[PATH_MAX], again[PATH_MAX], named[PATH_MAX + 64];

    private_dir_make(path);
    snprintf(named, sizeof named, "%s/%s", getenv("TMPDIR"), private_dir());
    ck_assert_str_ne(path, named);
    ck_assert_ptr_eq(strstr(path, named), path);
    assert_private(path);
    private_dir_make(again);
    ck_assert_str_eq(path, again);
    ck_assert_int_eq(rmdir(path), 0);
}

static bool is_root(void)
{
    return geteuid() == 0 ||
           suite_skip("private directory: other users", "only root can be another user");
}

TEST_OPTIONS(IN_SANDBOX);

TEST(it_is_made_for_the_user_alone)
{
    char path[PATH_MAX], expected[PATH_MAX + 64];
    struct stat status;
    mode_t mask = umask(0);

    private_dir_make(path);
    umask(mask);
    snprintf(expected, sizeof expected, "%s/%s", getenv("TMPDIR"), private_dir());
    ck_assert_str_eq(path, expected);
    ck_assert_int_eq(lstat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode, S_IFDIR | 0700);
    ck_assert_uint_eq(status.st_uid, geteuid());
}

TEST(it_is_used_again)
{
    char first[PATH_MAX], second[PATH_MAX];

    private_dir_make(first);
    private_dir_make(second);
    ck_assert_str_eq(first, second);
}

static const mode_t open_modes[] = {0701, 0702, 0704, 0710, 0720, 0740, 0755, 0777, 01777};

LOOP_TEST(one_that_is_open_to_others_is_not_used, COUNT(open_modes))
{
    ck_assert_int_eq(mkdir(private_dir(), 0700), 0);
    ck_assert_int_eq(chmod(private_dir(), open_modes[_i]), 0);
    assert_not_used();
}

/* Its target may be fine, but whoever made the link may change it. */
TEST(a_symbolic_link_is_not_used)
{
    ck_assert_int_eq(mkdir("fine", 0700), 0);
    ck_assert_int_eq(symlink("fine", private_dir()), 0);
    assert_not_used();
    ck_assert_int_eq(rmdir("fine"), 0);
    assert_not_used();
}

TEST(what_is_no_directory_is_not_used)
{
    close(open(private_dir(), O_WRONLY | O_CREAT, 0600));
    assert_not_used();
    ck_assert_int_eq(unlink(private_dir()), 0);
    ck_assert_int_eq(mkfifo(private_dir(), 0700), 0);
    assert_not_used();
    unlink(private_dir());
}

TEST(one_of_another_user_is_not_used, .needs = is_root)
{
    ck_assert_int_eq(mkdir(private_dir(), 0700), 0);
    ck_assert_int_eq(chown(private_dir(), NOBODY, (gid_t)-1), 0);
    assert_not_used();
}

/* Whoever has made the first may make as many as he likes. */
TEST(directories_of_others_of_such_names_are_not_used, .needs = is_root)
{
    char other[80];

    ck_assert_int_eq(mkdir(private_dir(), 0755), 0);
    snprintf(other, sizeof other, "%s.aaaaaa", private_dir());
    ck_assert_int_eq(mkdir(other, 0700), 0);
    ck_assert_int_eq(chown(other, NOBODY, (gid_t)-1), 0);
    assert_not_used();
}

static void count(const char *path, void *counter)
{
    assert_private(path);
    ++*(int *)counter;
}

TEST(all_private_directories_are_visited_and_no_others, .needs = is_root)
{
    char path[PATH_MAX], other[80];
    int visits = 0;

    private_dir_visit(count, &visits);
    ck_assert_int_eq(visits, 0);
    private_dir_make(path);
    private_dir_visit(count, &visits);
    ck_assert_int_eq(visits, 1);
    ck_assert_int_eq(chmod(path, 0755), 0);
    private_dir_make(path);
    ck_assert_int_eq(chmod(private_dir(), 0700), 0);
    snprintf(other, sizeof other, "%s0", private_dir());
    ck_assert_int_eq(mkdir(other, 0700), 0);
    snprintf(other, sizeof other, "%s.link", private_dir());
    ck_assert_int_eq(symlink(private_dir(), other), 0);
    visits = 0;
    private_dir_visit(count, &visits);
    ck_assert_int_eq(visits, 2);
}

static bool enter_own_tmp(void)
{
    return unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmp", "/tmp", "tmpfs", 0, "mode=1777") == 0;
}

static bool has_own_tmp(void)
{
    return suite_has(is_root) &&
           (system("unshare -m mount -t tmpfs tmp /tmp 2>/dev/null") == 0 ||
            suite_skip("private directory: a stranger's in /tmp", "no mount namespace here"));
}

/* A number that stands for every user that the namespace does not know is ours too, there. */
static void expect_not_used_in_user_namespace(const void *unused)
{
    char path[PATH_MAX];

    (void)unused;
    setenv("TMPDIR", "/tmp", 1);
    if (!enter_own_tmp() || mkdir("/tmp/imdshim-65534", 0700) != 0 ||
        chown("/tmp/imdshim-65534", UNUSED_UID + 1, (gid_t)-1) != 0)
        _exit(99);
    if (setgid(UNUSED_UID) != 0 || setuid(UNUSED_UID) != 0 || unshare(CLONE_NEWUSER) != 0)
        _exit(100);
    if (geteuid() != NOBODY)
        _exit(101);
    private_dir_make(path);
    _exit(strncmp(path, "/tmp/imdshim-65534.", 19) != 0);
}

TEST(one_of_a_stranger_who_has_our_number_in_a_namespace_is_not_used, .needs = has_own_tmp)
{
    ck_assert_int_eq(apart(expect_not_used_in_user_namespace, NULL), 0);
}

TEST(without_a_place_for_it_the_launcher_fails, .needs = is_root)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/nowhere", getenv("TMPDIR"));
    setenv("TMPDIR", path, 1);
    assert_refused();
    path[0] = '/';
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    setenv("TMPDIR", path, 1);
    assert_refused();
}

static void expect_in_tmp(const void *tmpdir)
{
    char path[PATH_MAX], expected[64];

    if (tmpdir != NULL)
        setenv("TMPDIR", tmpdir, 1);
    else
        unsetenv("TMPDIR");
    if (seteuid(UNUSED_UID) != 0)
        _exit(100);
    snprintf(expected, sizeof expected, "/tmp/imdshim-%d", UNUSED_UID);
    private_dir_make(path);
    rmdir(path);
    _exit(strcmp(path, expected) == 0 ? 0 : 1);
}

/* LD_PRELOAD cannot hold a space, colon or dollar, and the engine may change its directory. */
TEST(a_tmpdir_that_a_path_cannot_start_with_is_not_used, .needs = is_root)
{
    const char *const unusable[] = {NULL, "", ".", "tmp", "/my tmp", "/my:tmp", "/my$LIB"};

    for (size_t i = 0; i < sizeof unusable / sizeof unusable[0]; i++)
        ck_assert_int_eq(apart(expect_in_tmp, unusable[i]), 0);
}
