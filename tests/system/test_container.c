/*
 * An engine in a container, the command as it is typed. The containers' roots have the engine and
 * its libraries, and nothing of ours; bwrap(1) is itself, apptainer and singularity are
 * stand-ins with their documented rules.
 */
#include "tests/support/suite.h"

#include "tests/system/support/launcher.h"

static struct shell shell;

/* Roots and stand-ins for a test's command. */
#define ROOTS ". \"$SOURCE/tests/support/containers.sh\"; root root;"

/* The connection ends with the engine. */
#define SERVE " listen=0.0.0.0 wait accept exit=4"
#define CLIENT "-c '$DOUBLES/engine client $IMD_PORT && echo served' "

/* A program that is there but may not make namespaces is none. */
static bool has_bwrap(void)
{
    return system("bwrap --bind / / true 2>/dev/null") == 0 ||
           suite_skip("containers of bwrap", "bwrap cannot make any here");
}

static void assert_served(void)
{
    ck_assert_msg(shell_status(&shell) == 4, "status %d:\n%s%s", shell_status(&shell),
                  shell.out, shell.err);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, " listens on "), 1);
    ck_assert_str_eq(shell.out, "served\n");
}

static const char *const commands[] = {
    "bwrap --bind root / --dev /dev --proc /proc /bin/engine",
    "bwrap --ro-bind root / --dev /dev --proc /proc -- /bin/engine",
    "bwrap --bind root / --dev /dev --proc /proc --tmpfs /tmp /bin/engine",
    "bwrap --bind root / --dev /dev --proc /proc --clearenv /bin/engine",
    "bwrap --bind root / --dev /dev --proc /proc --unshare-pid /bin/engine",
    "bwrap --dev-bind / / --tmpfs /tmp --tmpfs /var --bind $PWD $PWD $PWD/root/bin/engine",
    "env -u X A=b nice bwrap --ro-bind root / --dev /dev --proc /proc /bin/engine",
    "apptainer exec root /bin/engine",
    "apptainer exec --cleanenv root /bin/engine",
    "apptainer exec --contain root /bin/engine",
    "apptainer exec -C root /bin/engine",
    "singularity run -e -c root /bin/engine",
    "sh -c 'apptainer -q exec -C root /bin/engine \"$@\"' sh",
};

TEST_OPTIONS(IN_SANDBOX, .needs = has_bwrap);

LOOP_TEST(a_container_as_typed_has_its_engine_heard_and_its_client_served, COUNT(commands))
{
    shell_run(&shell, ROOTS "$IMDSHIM run " CLIENT "-- %s" SERVE, commands[_i]);
    assert_served();
}
