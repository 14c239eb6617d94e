/* make install and make uninstall, of what has been built already. */
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

/* "all" counts as made: nothing here may build anything where the tests come from. */
#define MAKE                                                                                   \
    "unset MAKEFLAGS MFLAGS MAKELEVEL; made() { make -s -C \"$SOURCE\" -o all "                \
    "BUILD=\"${DOUBLES%%/tests/doubles}\" \"$@\"; };"

static const char *const prefixes[] = {"/usr", "/usr/local/", "/opt/with space/imdshim", ""};

static struct shell shell;

static void assert_prints(const char *text)
{
    ck_assert_str_eq(shell.err, "");
    ck_assert_str_eq(shell.out, text);
    ck_assert_int_eq(shell_status(&shell), 0);
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(uninstall_leaves_nothing_of_what_was_staged, COUNT(prefixes))
{
    shell_run(&shell,
              MAKE "mkdir root; made install DESTDIR=\"$PWD/root\" PREFIX='%s' && "
                   "test -x 'root%s/bin/imdshim' && "
                   "made uninstall DESTDIR=\"$PWD/root\" PREFIX='%s' && ls -A root",
              prefixes[_i], prefixes[_i], prefixes[_i]);
    assert_prints("");
}

TEST(uninstall_leaves_what_is_others)
{
    shell_run(&shell, MAKE "mkdir -p own/share/man/man7 && touch own/share/man/man7/other.7;"
                           "made install PREFIX=\"$PWD/own\" && "
                           "made uninstall PREFIX=\"$PWD/own\" && find own | sort");
    assert_prints("own\nown/share\nown/share/man\nown/share/man/man7\n"
                  "own/share/man/man7/other.7\n");
}

TEST(uninstall_removes_no_directory_above_the_prefix)
{
    shell_run(&shell, MAKE "mkdir -p above; made install PREFIX=\"$PWD/above/own\" && "
                           "made uninstall PREFIX=\"$PWD/above/own\" && find above");
    assert_prints("above\n");
}

TEST(uninstall_where_nothing_is_installed_is_no_failure)
{
    shell_run(&shell, MAKE "made uninstall PREFIX=\"$PWD/nowhere\"; ls -A");
    assert_prints("");
}

/* /usr/local/bin is in everybody's PATH, empty or not. What would be removed is only printed. */
TEST(directories_of_the_system_stay)
{
    shell_run(&shell, MAKE "made -n uninstall PREFIX=/usr/local | grep -c 'rmdir -p'");
    ck_assert_str_eq(shell.out, "0\n");
    shell_run(&shell, MAKE "made -n uninstall PREFIX=/opt/imdshim | grep -c 'rmdir -p'");
    ck_assert_str_eq(shell.out, "1\n");
}

TEST(what_is_installed_is_readable_by_all_whatever_the_mask)
{
    shell_run(&shell, "umask 077;" MAKE "made install PREFIX=\"$PWD/own\" && "
                      "find own -type f ! -perm -444 -o -type d ! -perm -555");
    assert_prints("");
}
