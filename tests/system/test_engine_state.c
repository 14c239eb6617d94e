/* The engine is as it would be without imdshim; without its variables the library is inert. */
#include "tests/system/support/engine_events.h"

#include <unistd.h>

static void is_as_without(const char *before, const char *prefix, const char *launcher)
{
    struct shell without, with;

    shell_run(&without, "%s exec 9>events; exec %s $DOUBLES/state -x 'a b' '' --", before,
              prefix);
    engine_ended_well(&without);
    ck_assert_ptr_nonnull(strstr(without.out, "arg <a b>\n"));
    shell_run(&with,
              "%s exec 9>events; exec %s " BARE_LAUNCHER " %s -- $DOUBLES/state -x 'a b' '' --",
              before, prefix, launcher);
    engine_ended_well(&with);
    ck_assert_str_eq(with.out, without.out);
}

static const char *const launchers[] = {"exec --fd 9", "exec --fifo fifo", "run -q"};

TEST_OPTIONS(IN_SANDBOX);

/* The mkfifo comes before: both runs have the file. */
LOOP_TEST(the_engine_is_as_it_would_be, 3)
{
    is_as_without("[ -e fifo ] || mkfifo fifo;", "", launchers[_i]);
}

LOOP_TEST(the_signals_that_are_blocked_stay_blocked, 3)
{
    is_as_without("[ -e fifo ] || mkfifo fifo;", "env --block-signal=USR2,TERM,PIPE",
                  launchers[_i]);
}

LOOP_TEST(what_the_engine_inherits_reaches_it, 3)
{
    is_as_without("[ -e fifo ] || mkfifo fifo; umask 027; ulimit -c 0 -n 100; ulimit -f 1000; "
                  "trap '' HUP USR1 PIPE CHLD; mkdir -p sub; exec 5<. 7>other <&-;",
                  "", launchers[_i]);
}

static void says_nothing(const char *variables)
{
    struct shell shell;

    shell_run(&shell,
              "mkfifo fifo 2>/dev/null; exec 8<>fifo 9>&1 >/dev/null; %s "
              "LD_PRELOAD=$LIBIMDSHIM exec $DOUBLES/engine gmx 0",
              variables);
    engine_ended_well(&shell);
    ck_assert_msg(shell.out_length == 0, "%s: %s", variables, shell.out);
    ck_assert_int_eq(shell_count_lines(shell.err, "\n"), 1);
}

static const char *const damaged[] = {
    "",
    "IMDSHIM_EVENTS=all",
    "IMDSHIM_FD=",
    "IMDSHIM_FD=9",
    "IMDSHIM_FD=9:",
    "IMDSHIM_FD=9::",
    "IMDSHIM_FD=-1:1:1:0",
    "IMDSHIM_FD=9:1:1:0",
    "IMDSHIM_FD=\"$(stat -Lc 9:%d:%i:0: /proc/self/fd/9)\"",
    "IMDSHIM_FD=\"$(stat -Lc ' 9:%d:%i:0' /proc/self/fd/9)\"",
    "IMDSHIM_FD=\"$(stat -Lc 4294967305:%d:%i:0 /proc/self/fd/9)\"",
    "IMDSHIM_FD=\"$(stat -Lc 8:%d:%i:0 /proc/self/fd/9)\"",
    "IMDSHIM_FD=99999999999999999999999999:1:1:0",
    "IMDSHIM_FIFO=",
    "IMDSHIM_FIFO=fifo",
    "IMDSHIM_FIFO=/nowhere/at/all",
    "IMDSHIM_FIFO=/",
    "IMDSHIM_FIFO=/dev/null IMDSHIM_EVENTS=nonsense",
    "IMDSHIM_FIFO=$(printf '/%05000d' 1)",
};

enum { DAMAGED = sizeof damaged / sizeof damaged[0] };

LOOP_TEST(with_damaged_variables_nothing_is_said, DAMAGED)
{
    says_nothing(damaged[_i]);
}

TEST(the_variables_alone_are_enough)
{
    struct shell shell;

    shell_run(&shell, "exec 9>&1 >/dev/null; IMDSHIM_FD=\"$(stat -Lc 9:%%d:%%i:0 "
                      "/proc/self/fd/9)\" LD_PRELOAD=$LIBIMDSHIM exec $DOUBLES/engine gmx 0");
    engine_told_its_port(&shell);
}

static bool can_be_set_id(void)
{
    if (geteuid() != 0)
        return suite_skip("a set-id engine", "only root can make one");
    return sandbox_honours_privileges() ||
           suite_skip("a set-id engine", "/tmp is nosuid, or no_new_privs is set");
}

/*
 * ld.so ignores LD_PRELOAD in a set-id process: so the library is linked into this engine. The
 * same engine without the bit shows that it is.
 */
TEST(in_a_set_id_process_the_library_is_inert, .needs = can_be_set_id)
{
    struct shell shell;

    shell_run(
        &shell,
        "chmod 755 . && cp $LIBIMDSHIM . && cd $SOURCE && ${CC:-cc} -std=c11 "
        "-D_GNU_SOURCE -I. -o $TMPDIR/linked tests/doubles/engine.c tests/doubles/support/*.c "
        "-Wl,--no-as-needed $TMPDIR/libimdshim.so -Wl,-rpath,$TMPDIR -ldl -lpthread && cd "
        "$TMPDIR && chmod 755 linked && cp linked set-id && chown 65534 set-id "
        "&& chmod 4755 set-id && mkfifo -m 666 fifo");
    engine_ended_well(&shell);
    for (int set_id = 0; set_id < 2; set_id++) {
        shell_run(&shell,
                  "exec 8<>fifo; IMDSHIM_FIFO=$PWD/fifo setpriv --reuid=65533 --clear-groups "
                  "./%s gmx 0 2>&1; dd iflag=nonblock bs=4096 <&8 2>/dev/null; true",
                  set_id ? "set-id" : "linked");
        ck_assert_ptr_nonnull(strstr(shell.out, "IMD: Listening"));
        ck_assert_msg(engine_count(&shell, EVENT_LISTENING) == !set_id, "%s", shell.out);
    }
}
