/* Other libraries beside ours, and what ours looks like from outside. */
#include "tests/system/support/engine_events.h"

static void all_see_each_call(const char *preload, const char *launcher)
{
    struct shell shell;

    /* Two files, for the linker loads one file once. */
    engine_build_library("counting", "a.so");
    engine_build_library("counting", "b.so");
    shell_run(&shell,
              "here=$PWD; exec 9>&1 >&-; LD_PRELOAD=%s %s $DOUBLES/engine listen=127.0.0.1 "
              "port listen=127.0.0.1 port",
              preload, launcher);
    engine_told_its_port(&shell);
    ck_assert_msg(strstr(shell.err, "a.so: 2 binds, 2 listens") != NULL, "%s", shell.err);
    ck_assert_msg(strstr(shell.err, "b.so: 2 binds, 2 listens") != NULL, "%s", shell.err);
}

TEST_OPTIONS(IN_SANDBOX);

TEST(preloads_before_ours_see_each_call)
{
    all_see_each_call("$here/a.so:$here/b.so", "$IMDSHIM exec --fd 9 --");
}

TEST(preloads_on_both_sides_of_ours_see_each_call)
{
    all_see_each_call("$here/a.so:$LIBIMDSHIM:$here/b.so",
                      "env IMDSHIM_FD=$(stat -Lc 9:%d:%i:0 /proc/self/fd/9)");
}

TEST(preloads_behind_ours_see_each_call)
{
    all_see_each_call("$LIBIMDSHIM:$here/a.so:$here/b.so", "$IMDSHIM exec --fd 9 --");
}

TEST(a_preload_of_the_users_stays_first)
{
    struct shell shell;

    engine_build_library("counting", "a.so");
    shell_run(&shell, "LD_PRELOAD=$PWD/a.so $IMDSHIM exec --fd 1 -- sh -c 'echo $LD_PRELOAD'");
    engine_ended_well(&shell);
    ck_assert_ptr_nonnull(strstr(shell.out, "/a.so:"));
    ck_assert_ptr_nonnull(strstr(strstr(shell.out, "/a.so:"), "/libimdshim.so\n"));
}

static const struct {
    const char *when, *preload;
} moments[] = {
    {"start", "$here/l.so:$LIBIMDSHIM"},
    {"start", "$LIBIMDSHIM:$here/l.so"},
    {"end", "$here/l.so:$LIBIMDSHIM"},
    {"end", "$LIBIMDSHIM:$here/l.so"},
};

/* Constructors of later preloads run first, destructors last: so both orders are met. */
LOOP_TEST(a_library_that_listens_before_or_after_ours_works_is_told, 4)
{
    struct shell shell;
    struct event event;

    engine_build_library("listening", "l.so");
    shell_run(&shell,
              "here=$PWD; LISTEN_WHEN=%s LD_PRELOAD=%s " EXEC "$DOUBLES/quiet" EVENTS_TO_OUT,
              moments[_i].when, moments[_i].preload);
    event = engine_told_its_port(&shell);
    ck_assert_str_eq(event.object, "l.so");
}

#define WAITS "listen=127.0.0.1 port call wait="

/* Its run time wraps accept, poll and others itself. */
TEST(an_engine_with_a_sanitizer_runs_and_is_told)
{
    struct shell shell;

    shell_run(&shell, "cd $SOURCE; static=-static-libasan; ${CC:-cc} --version | grep -q clang "
                      "&& static=; ${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -fsanitize=address "
                      "$static -o $TMPDIR/sanitized tests/doubles/engine.c "
                      "tests/doubles/support/*.c -lpthread -ldl");
    engine_ended_well(&shell);
    shell_run(&shell, EXEC "./sanitized " WAITS "accept" EVENTS_TO_OUT);
    engine_told_its_port(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
    shell_run(&shell, EXEC "./sanitized " WAITS "poll" EVENTS_TO_OUT);
    ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
}

static bool has_valgrind(void)
{
    return suite_has_program("valgrind", "an engine under valgrind");
}

/*
 * The address of the pollfd is no multiple of eight, and what is before it was never written: the
 * library may not read that with it.
 */
TEST(an_engine_has_no_more_errors_under_valgrind, .needs = has_valgrind)
{
    struct shell shell;

    shell_run(&shell, "cat >odd.c <<'END'\n"
                      "#include <netinet/in.h>\n#include <poll.h>\n#include <stdlib.h>\n"
                      "#include <sys/socket.h>\n"
                      "int main(void)\n{\n"
                      "    int fd = socket(AF_INET, SOCK_STREAM, 0), *room = malloc(12);\n"
                      "    struct pollfd *waits = (struct pollfd *)(room + 1);\n"
                      "    listen(fd, 1);\n"
                      "    *waits = (struct pollfd){.fd = fd, .events = POLLIN};\n"
                      "    return poll(waits, 1, 1);\n}\n"
                      "END\n"
                      "${CC:-cc} -w -o odd odd.c && " EXEC
                      "valgrind -q --error-exitcode=7 ./odd" EVENTS_TO_OUT);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
    ck_assert_str_eq(shell.err, "");
}

TEST(the_library_exports_its_calls_and_nothing_else)
{
    struct shell exported, listed;

    shell_run(&exported, "nm -D --defined-only $LIBIMDSHIM | awk '{print $NF}' | sort");
    shell_run(&listed, "sed -n '/global:/,/local:/s/^ *\\([a-z_0-9]*\\);$/\\1/p' "
                       "$SOURCE/shim/exports.map | sort");
    ck_assert_int_ge(shell_count_lines(listed.out, "\n"), 11);
    ck_assert_str_eq(exported.out, listed.out);
}

TEST(the_library_loads_with_glibc_2_17)
{
    struct shell shell;

    shell_run(&shell, "objdump -T $LIBIMDSHIM | grep -o 'GLIBC_[A-Z0-9.]*' | sort -Vu");
    ck_assert_int_ge(shell_count_lines(shell.out, "GLIBC_2."), 1);
    for (char *at = shell.out; *at != '\0'; at = strchr(at, '\n') + 1) {
        unsigned major = 99, minor = 99;

        sscanf(at, "GLIBC_%u.%u", &major, &minor);
        ck_assert_msg(major == 2 && minor <= 17, "%s", shell.out);
    }
}

TEST(the_library_is_hardened_and_needs_libc_only)
{
    struct shell shell;

    shell_run(&shell, "readelf -lW $LIBIMDSHIM");
    ck_assert_ptr_nonnull(strstr(shell.out, "GNU_RELRO"));
    ck_assert_int_eq(shell_count_lines(shell.out, "GNU_STACK"), 1);
    shell_run(&shell, "readelf -lW $LIBIMDSHIM | grep GNU_STACK | grep -c RWE");
    ck_assert_str_eq(shell.out, "0\n");
    shell_run(&shell, "readelf -dW $LIBIMDSHIM");
    ck_assert_ptr_nonnull(strstr(shell.out, "BIND_NOW"));
    ck_assert_ptr_null(strstr(shell.out, "TEXTREL"));
    ck_assert_int_eq(shell_count_lines(shell.out, "(NEEDED)"), 1);
    ck_assert_ptr_nonnull(strstr(shell.out, "[libc.so.6]"));
}
