/* Programs that change who we are: the kernel then has ld.so ignore LD_PRELOAD. */
#include "launcher/preload/preflight.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

enum { NOBODY = 65534, SOMEBODY = 65533 };

/* An engine of somebody's, in a place that nobody can reach. */
static void enter(void)
{
    int from = open("/bin/true", O_RDONLY | O_CLOEXEC), to;
    struct stat status;

    sandbox_enter();
    ck_assert_int_eq(chmod(".", 0755), 0);
    to = open("engine", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    ck_assert_int_eq(fstat(from, &status), 0);
    ck_assert_int_eq(sendfile(to, from, NULL, (size_t)status.st_size), status.st_size);
    close(from);
    close(to);
}

static void set(uid_t user, gid_t group, mode_t mode)
{
    ck_assert_int_eq(chown("engine", user, group), 0);
    ck_assert_int_eq(chmod("engine", mode), 0);
}

struct judgement {
    const char *engine;
    uid_t user;
    gid_t group;
    bool no_new_privileges;
};

/* The verdict is the exit status. */
static void judge(const void *how)
{
    const struct judgement *judgement = how;
    struct preflight preflight;

    if (judgement->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        _exit(100);
    if (setgid(judgement->group) != 0 || setuid(judgement->user) != 0)
        _exit(101);
    preflight_examine((const char *const[]){judgement->engine, NULL}, "/bin/true", &preflight);
    _exit(preflight.verdict);
}

static int judged_by(uid_t user, gid_t group)
{
    return apart(judge, &(struct judgement){"./engine", user, group, false});
}

static bool can_give_privileges(void)
{
    if (geteuid() != 0)
        return suite_skip("preflight: privileges", "only root can give them");
    return sandbox_honours_privileges() ||
           suite_skip("preflight: privileges", "/tmp is nosuid, or no_new_privs is set");
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120,
             .needs = can_give_privileges);

TEST(a_set_user_id_program_of_another_user_is_refused)
{
    set(0, 0, 04755);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_SET_ID);
    set(SOMEBODY, 0, 04755);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_SET_ID);
    ck_assert_int_eq(judged_by(0, 0), PREFLIGHT_SET_ID);
}

TEST(a_set_group_id_program_of_another_group_is_refused)
{
    set(0, 0, 02755);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_SET_ID);
    set(NOBODY, SOMEBODY, 02755);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_SET_ID);
    ck_assert_int_eq(judged_by(0, 0), PREFLIGHT_SET_ID);
}

TEST(a_set_id_program_of_ones_own_changes_nothing)
{
    set(NOBODY, SOMEBODY, 04755);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_FINE);
    set(SOMEBODY, NOBODY, 02755);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_FINE);
    set(0, 0, 06755);
    ck_assert_int_eq(judged_by(0, 0), PREFLIGHT_FINE);
}

/* It once meant mandatory locking. */
TEST(set_group_id_without_execution_by_the_group_changes_nothing)
{
    set(0, 0, 02745);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_FINE);
}

TEST(without_set_id_bits_the_owner_does_not_matter)
{
    set(0, 0, 0755);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_FINE);
    set(SOMEBODY, SOMEBODY, 01755);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_FINE);
}

TEST(where_no_new_privileges_are_given_set_id_changes_nothing)
{
    set(0, 0, 06755);
    ck_assert_int_eq(apart(judge, &(struct judgement){"./engine", NOBODY, NOBODY, true}),
                     PREFLIGHT_FINE);
}

static void write_script(const char *interpreter, mode_t mode)
{
    FILE *script = fopen("script", "we");

    fprintf(script, "#!%s\n", interpreter);
    fclose(script);
    ck_assert_int_eq(chmod("script", mode), 0);
}

TEST(the_set_id_bits_of_a_script_do_nothing_its_interpreters_count)
{
    const struct judgement judgement = {"./script", NOBODY, NOBODY, false};
    char path[PATH_MAX];

    write_script("/bin/true", 06755);
    ck_assert_int_eq(apart(judge, &judgement), PREFLIGHT_FINE);
    snprintf(path, sizeof path, "%s/engine", getenv("TMPDIR"));
    set(0, 0, 04755);
    write_script(path, 0755);
    ck_assert_int_eq(apart(judge, &judgement), PREFLIGHT_SET_ID);
}

/* One that may be executed but not read. */
TEST(of_a_program_that_may_not_be_read_nothing_is_known)
{
    set(0, 0, 0711);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_UNREADABLE);
    set(0, 0, 0700);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_NOT_EXECUTABLE);
}

/* cap_net_bind_service, as setcap(8) gives it. */
static bool give_capability(const char *path)
{
    const struct vfs_cap_data capability = {
        .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
        .data = {{.permitted = 1 << CAP_NET_BIND_SERVICE}},
    };

    return setxattr(path, "security.capability", &capability, sizeof capability, 0) == 0;
}

static bool capabilities_can_be_given(void)
{
    char path[] = "/tmp/imdshim-test.XXXXXX";
    int fd = mkstemp(path);
    bool given = fd >= 0 && give_capability(path);

    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    return given || suite_skip("preflight: capabilities", "/tmp has no extended attributes");
}

TEST(a_program_with_capabilities_is_refused_but_by_root, .needs = capabilities_can_be_given)
{
    set(0, 0, 0755);
    ck_assert(give_capability("engine"));
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_CAPABILITIES);
    ck_assert_int_eq(judged_by(0, 0), PREFLIGHT_FINE);
    ck_assert_int_eq(removexattr("engine", "security.capability"), 0);
    ck_assert_int_eq(judged_by(NOBODY, NOBODY), PREFLIGHT_FINE);
}
