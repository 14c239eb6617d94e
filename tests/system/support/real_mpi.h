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
/* Up to 50: LAMMPS leaves out those that a slow client of another host has no room for. */
#define LMP_FRAMES " frames of 256 atoms"
#define MPI_ENGINE "./mpi-engine 8888 20 " /* of MPICH */
#define MPI_ENGINE_FRAMES "4 frames of 3 atoms"

void real_mpi_enter(void);

#define IN_REAL_SANDBOX .setup = real_mpi_enter, .teardown = sandbox_leave, .timeout = 120

void assert_has(const char *text, const char *part);
void assert_status(const struct shell *shell, int status);

/* tests/doubles/mpi/mpi-engine.c as a file of the working directory. */
void build_mpi_engine(void);

/* HOSTS, SLURM or both run a command of words; this is one for a shell. */
void run_in(struct shell *shell, const char *place, const char *command);

/* Is there such a place on this machine? */
bool can_be_in(const char *place);

#endif
