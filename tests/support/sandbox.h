/*
 * A place of its own for each test: an empty directory that is TMPDIR and the working
 * directory.
 *
 * Use as a checked fixture. When the test is over, anything that it has left behind fails it: a
 * process (orphans come to us, prctl(2) PR_SET_CHILD_SUBREAPER), a FIFO, or a file in imdshim's
 * private directory other than a link to a library.
 */
#ifndef IMDSHIM_TESTS_SANDBOX_H
#define IMDSHIM_TESTS_SANDBOX_H

#include <stdbool.h>

void sandbox_enter(void);
void sandbox_leave(void);

/* What most tests have: TEST_OPTIONS(IN_SANDBOX). */
#define IN_SANDBOX .setup = sandbox_enter, .teardown = sandbox_leave, .timeout = 120

/* Absolute paths: the launcher, the library, the folder of the stand-in engines. */
const char *sandbox_launcher(void); /* may be a command with a prefix, as "valgrind -q PATH" */
const char *sandbox_library(void);
const char *sandbox_doubles(void);

/* Do set-id bits and capabilities of files count here? Else nothing can be tested with them. */
bool sandbox_honours_privileges(void);

#endif
