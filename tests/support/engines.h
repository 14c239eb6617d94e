/*
 * Real engines, as they are installed on this machine, and the small systems that
 * scripts/argon-* make for them.
 */
#ifndef IMDSHIM_TESTS_ENGINES_H
#define IMDSHIM_TESTS_ENGINES_H

#include <stdbool.h>

#include "tests/support/shell.h"

/* Is the program in PATH? If not, this names the skip. */
bool engines_have(const char *program);
bool engines_have_gromacs(void);
bool engines_have_lammps(void);

/* Open MPI's mpirun refuses root unless told twice. */
void engines_allow_root(void);

/* Leave argon.tpr in the working directory: 216 atoms, 501 frames. */
void engines_prepare_argon(void);

/*
 * A port that nobody has now, below the range that the kernel deals out by itself. Another
 * program may take it first: it is a fixed port, that is its nature.
 */
unsigned engines_free_port(void);
unsigned engines_free_ports(unsigned count); /* the first of so many in a row */

/* The port that GROMACS names in its log file or its output; 0 if it names none. */
unsigned engines_port_in_log(const char *path);
unsigned engines_port_in_text(const char *text);

/* The port that imdshim names: "listens on ADDRESS:PORT"; 0 if it names none. */
unsigned engines_port_told(const struct shell *shell);

/* The beginning of a file, NUL-terminated; "" if it cannot be read. Overwritten by each call.
 */
const char *engines_read(const char *path);

#endif
