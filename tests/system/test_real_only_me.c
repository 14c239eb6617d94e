/* --only-me with real engines: a port scan of another user ends a LAMMPS run, and no more. */
#include <string.h>
#include <unistd.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#define CLIENT                                                                                 \
    "--client '$DOUBLES/knock 127.0.0.1 $IMD_PORT other-gone other other-gone >knocks;"        \
    " exec $IMDSHIM watch $IMD_URL >frames' -- "

static struct shell shell;
static unsigned port;

static void enter(void)
{
    sandbox_enter();
    engines_allow_root();
    engines_prepare_argon();
    port = engines_free_port();
}

static const struct {
    const char *command, *frames;
} engines[] = {
    {"lmp -in $SOURCE/scripts/argon-lammps.in -log none -var port $port",
     "50 frames of 256 atoms"},
    {"gmx mdrun -s argon.tpr -nt 1 -imdwait -imdport $port", "501 frames of 216 atoms"},
    {"gmx_mpi mdrun -s argon.tpr -ntomp 1 -imdwait -imdport $port", "501 frames of 216 atoms"},
};

static void run(const char *option, int engine)
{
    shell_run(&shell,
              "port=%u; { $IMDSHIM run %s " CLIENT "%s; } >out 2>err; status=$?;"
              "grep imdshim: err >&2; exit $status",
              port, option, engines[engine].command);
}

static bool has_engines_and_strangers(void)
{
    return engines_have("lmp") && engines_have("gmx") && engines_have("gmx_mpi") &&
           (geteuid() == 0 ||
            suite_skip("another user's connections", "only root can be another user"));
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120,
             .needs = has_engines_and_strangers);

LOOP_TEST(strangers_do_not_keep_an_engine_from_its_client, 3)
{
    run("--only-me", _i);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    ck_assert_str_eq(engines_read("knocks"), "other closed\n");
    ck_assert_ptr_eq(strstr(engines_read("frames"), engines[_i].frames),
                     engines_read("frames"));
    ck_assert_int_eq(shell_count_lines(shell.err, "--only-me: closed a connection of "), 1);
}

TEST(without_the_option_lammps_ends_with_the_first_stranger)
{
    run("", 0);
    ck_assert_int_ne(shell_status(&shell), 0);
    ck_assert_ptr_null(strstr(engines_read("frames"), engines[0].frames));
}
