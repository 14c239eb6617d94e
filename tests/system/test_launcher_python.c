/* Sockets of Python: OpenMM's reporter, whose port is told to nobody. */
#include "tests/support/engines.h"
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

#define OPENMM "python3 $SOURCE/tests/doubles/openmm.py "
#define RUN "$IMDSHIM run -v --client '$DOUBLES/engine client $IMD_PORT' "

/* The client has come to the port that we have learned, and it was the engine's. */
static void assert_client_came(const struct shell *shell)
{
    char expected[32];

    ck_assert_msg(shell_status(shell) == 0, "%s", shell->err);
    ck_assert_int_eq(shell_count_lines(shell->err, "] listens on "), 1);
    snprintf(expected, sizeof expected, "openmm on %u\n", engines_port_told(shell));
    ck_assert_str_eq(shell->out, expected);
}

static bool has_python(void)
{
    return suite_has_program("python3", "an engine in Python");
}

TEST_OPTIONS(IN_SANDBOX, .needs = has_python);

TEST(the_port_of_openmm_is_learned)
{
    struct shell shell;

    shell_run(&shell, RUN "-- " OPENMM "0");
    assert_client_came(&shell);
    ck_assert_int_eq(shell_count_lines(shell.err, "(asked for 0)"), 1);
}

/* What it is depends on how Python was built: _socket may be a module of its own. */
TEST(the_object_that_is_told_of_pythons_sockets_can_be_matched)
{
    struct shell shell, again;
    char *object, *rest;

    shell_run(&shell, RUN "-- " OPENMM "0");
    object = strtok_r(strstr(shell.err, " taken: "), "\n", &rest);
    object = strrchr(object, '(') + 1;
    object[strcspn(object, ")")] = '\0';
    ck_assert_msg(strstr(object, "python") != NULL || strstr(object, "_socket") != NULL, "%s",
                  object);
    shell_run(&again, RUN "-m 'object=%s' -- " OPENMM "0", object);
    assert_client_came(&again);
    shell_run(&again, "$IMDSHIM run -t 1 -m object=libOpenMM.so -- " OPENMM "0");
    ck_assert_int_eq(shell_status(&again), 124);
}

TEST(two_can_have_the_same_port)
{
    struct shell first, second;

    shell_start(&first, RUN "--port 8888 -- " OPENMM "8888");
    shell_run(&second, RUN "--port 8888 -- " OPENMM "8888");
    shell_finish(&first);
    assert_client_came(&first);
    assert_client_came(&second);
    ck_assert_uint_ne(engines_port_told(&first), 8888);
    ck_assert_uint_ne(engines_port_told(&second), 8888);
    ck_assert_int_eq(shell_count_lines(first.err, "(asked for 8888)"), 1);
}

TEST(openmm_listens_where_it_is_told_to)
{
    struct shell shell;

    shell_run(&shell, RUN "-l 127.0.0.1:0 -- " OPENMM "8888");
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on 127.0.0.1:"), 1);
    ck_assert_int_eq(shell_count_lines(shell.out, "openmm on 8888\n"), 0);
    ck_assert_int_eq(shell_count_lines(shell.out, "openmm on "), 1);
}
