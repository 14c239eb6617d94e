/*
 * For the tests of engines with MPI: what they run, where, and what is expected.
 */
#ifndef IMDSHIM_TESTS_SYSTEM_REAL_MPI_H
#define IMDSHIM_TESTS_SYSTEM_REAL_MPI_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

#define HOSTS "$SOURCE/tests/support/hosts.sh "
#define SLURM "$SOURCE/tests/support/slurm.sh "

#define LMP "lmp -in $SOURCE/scripts/argon-lammps.in -log none -var port "
#define LMP_FRAMES "50 frames of 256 atoms"
#define MPI_ENGINE "./mpi-engine 8888 20 " /* of MPICH */
#define MPI_ENGINE_FRAMES "4 frames of 3 atoms"

static inline void real_mpi_enter(void)
{
    sandbox_enter();
    engines_allow_root();
}

#define IN_REAL_SANDBOX .setup = real_mpi_enter, .teardown = sandbox_leave, .timeout = 120

static inline void assert_has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s", part, text);
}

static inline void assert_status(const struct shell *shell, int status)
{
    ck_assert_msg(shell_status(shell) == status, "status %d; stdout: %s stderr: %s",
                  shell_status(shell), shell->out, shell->err);
}

/* tests/doubles/mpi/mpi-engine.c as a file of the working directory. */
static inline void build_mpi_engine(void)
{
    struct shell shell;

    shell_run(&shell, "mpicc.mpich -std=c11 -D_GNU_SOURCE -I$SOURCE -o mpi-engine "
                      "$SOURCE/tests/doubles/mpi/mpi-engine.c");
    assert_status(&shell, 0);
}

/* HOSTS, SLURM or both run a command of words; this is one for a shell. */
static inline void run_in(struct shell *shell, const char *place, const char *command)
{
    FILE *file = fopen("command", "we");

    ck_assert_ptr_nonnull(file);
    fputs(command, file);
    ck_assert_int_eq(fclose(file), 0);
    shell_run(shell, "%s sh ./command", place);
}

/* Is there such a place on this machine? */
static inline bool can_be_in(const char *place)
{
    char command[256];

    snprintf(command, sizeof command, "%s true >/dev/null 2>&1", place);
    return system(command) == 0 || suite_skip(strrchr(place, '/') + 1, "it cannot be had here");
}

#endif
