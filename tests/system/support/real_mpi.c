#include "tests/system/support/real_mpi.h"

void real_mpi_enter(void)
{
    sandbox_enter();
    engines_allow_root();
}

void assert_has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s", part, text);
}

void assert_status(const struct shell *shell, int status)
{
    ck_assert_msg(shell_status(shell) == status, "status %d; stdout: %s stderr: %s",
                  shell_status(shell), shell->out, shell->err);
}

void build_mpi_engine(void)
{
    struct shell shell;

    shell_run(&shell, "mpicc.mpich -std=c11 -D_GNU_SOURCE -I$SOURCE -o mpi-engine "
                      "$SOURCE/tests/doubles/mpi/mpi-engine.c "
                      "$SOURCE/tests/doubles/support/imd_stream.c");
    assert_status(&shell, 0);
}

void run_in(struct shell *shell, const char *place, const char *command)
{
    FILE *file = fopen("command", "we");

    ck_assert_ptr_nonnull(file);
    fputs(command, file);
    ck_assert_int_eq(fclose(file), 0);
    shell_run(shell, "%s sh ./command", place);
}

bool can_be_in(const char *place)
{
    char command[256];

    snprintf(command, sizeof command, "%s true >/dev/null 2>&1", place);
    return system(command) == 0 || suite_skip(strrchr(place, '/') + 1, "it cannot be had here");
}
