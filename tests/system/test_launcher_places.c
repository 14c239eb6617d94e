/*
 * Where a run has its files, and who it is: places that others have made, users that are not.
 */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

/*
 * In a shared TMPDIR, also of another user: anyone may have made the file that we would make.
 */
static const char *const squatters[] = {
    "mkdir -m 755 $d",
    ": >$d",
    "ln -s /nowhere $d",
    "mkdir -m 700 x; ln -s x $d",
    "mkdir -m 777 $d",
    "mkdir -m 750 $d",
    "mkdir -m 700 $d; chown 12345 $d",
    "mkdir -m 700 $d; chown 12345 $d; mkdir -m 700 $d.aaaaaa; chown 12345 $d.aaaaaa",
};

static bool works(const char *command)
{
    return system(command) == 0;
}

static bool has_fakeroot(void)
{
    return works("fakeroot true 2>/dev/null") ||
           suite_skip("launcher: fakeroot", "there is no fakeroot");
}

static bool has_user_namespaces(void)
{
    return (geteuid() == 0 && works("setpriv --reuid 65534 --regid 65534 --clear-groups "
                                    "unshare -r true 2>/dev/null")) ||
           suite_skip("launcher: user namespaces",
                      "they need root, and a kernel that allows them");
}

#define MOUNTS "unshare -m $([ $(id -u) = 0 ] || echo -r) "

static bool has_mounts(void)
{
    return works(MOUNTS "mount -t tmpfs none /tmp 2>/dev/null") ||
           suite_skip("launcher: mounts", "the kernel does not allow a mount namespace");
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(a_squatter_on_our_directory_denies_nobody_a_run,
          geteuid() == 0 ? COUNT(squatters) : 3)
{
    struct shell shell;

    shell_run(&shell, "d=imdshim-$(id -u); %s", squatters[_i]);
    shell_run(&shell, "exec $IMDSHIM run -o port -- " LISTENER);
    assert_heard(&shell);
    shell_run(&shell, "rm -rf imdshim-* x");
}

/*
 * $LIB and $ORIGIN are expanded in LD_PRELOAD, and the link to the library would stand there.
 */
static const char *const places[] = {"with$LIB", "${ORIGIN}", "with space", "with:colon"};

LOOP_TEST(neither_a_tmpdir_nor_a_tree_needs_a_name_that_preload_can_hold, COUNT(places))
{
    struct shell shell;

    shell_run(&shell,
              TREE
              "mkdir '%s'; export TMPDIR=\"$PWD/%s\"; tree \"$TMPDIR/tree\";"
              "$with \"$TMPDIR/tree/bin/imdshim\" run -- sh -c 'echo $IMDSHIM_FIFO; " ENGINE
              " listen=127.0.0.1'",
              places[_i], _i < 2 ? _i == 0 ? "with\\$LIB" : "\\${ORIGIN}" : places[_i]);
    ck_assert_ptr_eq(strstr(shell.out, "/tmp/imdshim-"), shell.out);
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on "), 1);
}

/* Kernels before 3.17, and some sandboxes. */
TEST(a_run_without_getrandom_has_random_bytes_all_the_same, .needs = launcher_is_bare)
{
    struct shell shell;

    shell_run(&shell,
              "cp " ENGINE " srun; exec $DOUBLES/forbid getrandom 38 $IMDSHIM run -v -o "
              "port -- ./srun listen=127.0.0.1 exit=4");
    ck_assert_int_eq(shell_status(&shell), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, "receives events from other hosts by TCP"),
                     1);
}

/* geteuid(2) says 0 there, and the kernel says who connects. */
TEST(under_fakeroot_a_run_has_its_own_place_and_its_client_is_let_in, .needs = has_fakeroot)
{
    struct shell shell;

    shell_run(&shell,
              AS_NOBODY "install -m 755 \"$DOUBLES/gate-client\" "
                        "\"$DOUBLES/gate-engine\" tree; as_nobody fakeroot "
                        "$IMDSHIM run -p 8888 -c 'tree/gate-client plain 127.0.0.1 8888'"
                        " -- tree/gate-engine 0.0.0.0 8888 listen serve=1");
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    shell_run(&shell, "ls -d own/imdshim-65534");
    ck_assert_int_eq(shell_status(&shell), geteuid() == 0 ? 0 : 2);
}

/* Root of a user namespace has the number of another, whose directory may be there. */
TEST(the_root_of_a_user_namespace_has_a_place_beside_that_of_root, .needs = has_user_namespaces)
{
    struct shell shell;

    shell_run(&shell, "mkdir -m 700 own-root; chmod 1777 .; mkdir -m 700 imdshim-0;" AS_NOBODY
                      "export TMPDIR=$PWD; as_nobody unshare -r $IMDSHIM run -o own/port -- "
                      "tree/engine listen=127.0.0.1 exit=4");
    ck_assert_msg(shell_status(&shell) == 4, "%s", shell.err);
    ck_assert(exists("own/port"));
    shell_run(&shell, "rm -r imdshim-0.*; ls -A imdshim-0 | wc -l");
    ck_assert_str_eq(shell.out, "0\n");
}

/* No program can map the library from there. */
#define NOEXEC                                                                                 \
    MOUNTS "sh -c '" TREE "tree mine; mount -t tmpfs -o noexec none mine/lib; tree mine; "     \
           "imdshim=\"$with$PWD/mine/bin/imdshim\"; "

TEST(a_library_on_a_noexec_mount_is_told_by_check, .needs = has_mounts)
{
    struct shell shell;

    shell_run(&shell, NOEXEC "exec $imdshim check $DOUBLES/engine'");
    ck_assert_int_eq(shell_status(&shell), 1);
    ck_assert_ptr_nonnull(strstr(shell.out, "/mine/lib/imdshim/libimdshim.so, whose file "
                                            "system is mounted noexec"));
}

TEST(a_library_on_a_noexec_mount_costs_no_run_its_port, .needs = has_mounts)
{
    struct shell shell;

    shell_run(&shell, NOEXEC "exec $imdshim run -o port -- " LISTENER "'");
    assert_heard(&shell);
}

TEST(a_library_on_a_noexec_mount_is_not_waited_for, .needs = has_mounts)
{
    struct shell shell;

    shell_run(&shell, NOEXEC "exec $imdshim run --backend preload -c true -- " LISTENER "'");
    ck_assert_int_eq(shell_status(&shell), 125);
    assert_one_line(shell.err, "imdshim: not loaded: ");
    ck_assert_ptr_nonnull(strstr(shell.err, "install imdshim on another"));
}
