/* Programs for musl: the library is loaded there too, and does all that it does with glibc. */
#include "tests/support/suite.h"

#include "tests/support/engines.h"
#include "tests/system/support/launcher.h"

static bool has_musl(void)
{
    return engines_have("musl-gcc");
}

/*
 * Stand-in engines and clients, built for musl into the working directory. The kernel's headers
 * are this machine's.
 */
#define MUSL                                                                                   \
    "musl() { for name; do case $name in *-engine) from=engine;; *) from=$name;; esac;"        \
    "musl-gcc -w -O1 -D_GNU_SOURCE -I\"$SOURCE\" -idirafter /usr/include "                     \
    "-idirafter /usr/include/$(gcc -print-multiarch) -o $name "                                \
    "\"$SOURCE/tests/doubles/$from.c\" \"$SOURCE\"/tests/doubles/support/*.c || exit 99;"      \
    "done; };"

static struct shell shell;

static void assert_status(int status)
{
    ck_assert_msg(shell_status(&shell) == status, "status %d:\n%s%s", shell_status(&shell),
                  shell.out, shell.err);
}

static void assert_says(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s%s", part, shell.out,
                  shell.err);
}

TEST_OPTIONS(IN_SANDBOX, .needs = has_musl);

TEST(a_program_for_musl_ends_as_it_does_without_us)
{
    shell_run(&shell, "echo 'int main(void) { return 7; }' >seven.c; musl-gcc -o seven seven.c;"
                      "$IMDSHIM run -q -- ./seven");
    assert_status(7);
    ck_assert_str_eq(shell.err, "");
    shell_run(&shell, "$IMDSHIM run -q -- sh -c './seven; exit $?'");
    assert_status(7);
    ck_assert_str_eq(shell.err, "");
    shell_run(&shell, "$IMDSHIM exec --fd 3 -- ./seven 3>events");
    assert_status(7);
    ck_assert_str_eq(shell.err, "");
}

TEST(check_says_that_musl_is_fine)
{
    shell_run(&shell, MUSL "musl launcher-engine; $IMDSHIM check ./launcher-engine");
    assert_status(0);
}

TEST(an_engine_for_musl_tells_its_port_and_that_it_is_ready)
{
    shell_run(&shell, MUSL
              "musl gate-engine gate-client; $IMDSHIM run -c "
              "'./gate-client plain $IMD_HOST $IMD_PORT' -- ./gate-engine 0.0.0.0 0 listen "
              "serve=1");
    assert_status(0);
    assert_says(shell.err, "listens on 0.0.0.0:");
    assert_says(shell.out, "met 127.0.0.1");
}

TEST(a_client_for_musl_waits_at_the_gate)
{
    static const char *const ways[] = {"plain", "nonblocking", "interrupted", "restarted",
                                       "thread"};

    for (int i = 0; i < COUNT(ways); i++) {
        shell_run(
            &shell,
            MUSL
            "musl gate-engine gate-client; $IMDSHIM run -q -p 8888 -c "
            "'./gate-client %s 127.0.0.1 8888' -- ./gate-engine 0.0.0.0 8888 pause=500 listen "
            "serve=1",
            ways[i]);
        assert_status(0);
        assert_says(shell.out, "met 127.0.0.1");
    }
}

TEST(an_engine_for_musl_listens_where_it_is_told_to)
{
    unsigned port = engines_free_ports(10);

    shell_run(&shell,
              MUSL "musl launcher-engine; $IMDSHIM run -l 127.0.0.1:%u-%u -o port -- "
                   "./launcher-engine listen=0.0.0.0; cat port",
              port, port + 9);
    assert_status(0);
    assert_says(shell.out, "127.0.0.1:");
    ck_assert_uint_ge((unsigned)atoi(strchr(shell.out, ':') + 1), port);
    ck_assert_uint_le((unsigned)atoi(strchr(shell.out, ':') + 1), port + 9);
}

TEST(an_engine_for_musl_is_for_its_user_alone)
{
    shell_run(&shell, MUSL
              "musl gate-engine gate-client; $IMDSHIM run -p 8888 --only-me -c "
              "'./gate-client plain 127.0.0.1 8888' -- ./gate-engine 127.0.0.1 8888 listen "
              "serve=1");
    assert_status(0);
    assert_says(shell.out, "met 127.0.0.1");
    if (geteuid() != 0)
        return;
    shell_run(&shell,
              "chmod 755 .; $IMDSHIM run -p 8888 --only-me -c "
              "'port=$(sed -n \"s/.*listens on .*:\\([0-9]*\\) .*/\\1/p\" err);"
              "while [ -z \"$port\" ]; do sleep 0.05;"
              "port=$(sed -n \"s/.*listens on .*:\\([0-9]*\\) .*/\\1/p\" err); done;"
              "setpriv --reuid 65534 --clear-groups ./gate-client plain 127.0.0.1 $port;"
              "./gate-client plain 127.0.0.1 8888'"
              " -- ./gate-engine 127.0.0.1 8888 listen serve=1 2>err; status=$?; cat err >&2;"
              "exit $status");
    assert_status(0);
    assert_says(shell.err, "closed a connection of user 65534");
    assert_says(shell.out, "met 127.0.0.1");
}
