/*
 * What the tests of the launcher have in common.
 */
#ifndef IMDSHIM_TESTS_SYSTEM_LAUNCHER_H
#define IMDSHIM_TESTS_SYSTEM_LAUNCHER_H

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/sanitizer.h"
#include "tests/support/shell.h"

#define ENGINE "$DOUBLES/launcher-engine"

/* Its own port, to compare with what we have heard. */
#define LISTENER ENGINE " listen=127.0.0.1 print-port wait exit=4"

/*
 * Shell functions to put before a command. tree DIRECTORY: install a copy there, and leave in
 * $with what RUN_WITH puts before a launcher. as_nobody COMMAND...: without root's privileges,
 * with a TMPDIR, a working directory and a tree that such a user can use; it does not return.
 */
#define TREE                                                                                   \
    "with=${IMDSHIM%%${IMDSHIM##* }};"                                                         \
    "tree() { mkdir -p \"$1/bin\" \"$1/lib/imdshim\" && cp ${IMDSHIM##* } \"$1/bin/imdshim\" " \
    "&& cp \"$LIBIMDSHIM\" \"$1/lib/imdshim/libimdshim.so\" && chmod -R a+rX \"$1\"; };"
#define AS_NOBODY                                                                              \
    TREE "tree tree; install -m 755 " ENGINE " tree/engine; mkdir -m 777 -p own; chmod 777 ."  \
         "; export TMPDIR=$PWD/own IMDSHIM=\"$with$PWD/tree/bin/imdshim\";"                    \
         "as_nobody() { if [ $(id -u) = 0 ];"                                                  \
         "then exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\";"                \
         "else exec \"$@\"; fi; };"

/* Whose memory is looked through at its end must be able to start a process, and be traced. */
#define NO_LEAK_CHECK "export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0;"

/* A run under valgrind is a hundred times slower: loops take fewer turns. */
bool launcher_is_wrapped(void);

/* What valgrind does not let us see needs this. */
bool launcher_is_bare(void);

/* A whole failure: one line, and it begins so. */
void assert_one_line(const char *text, const char *start);
bool exists(const char *path);
void make_file(const char *path);
void wait_for_file(const char *path);

/* A file's first line, without its newline. */
void read_line(const char *path, char *line, int size);

/* Of a port file, which is there: HOST:PORT. */
int read_port(const char *path);

/* A shell creates the file before it writes to it: the line may be a moment late. */
pid_t read_pid(const char *path);

#define NO_PROCESS ""

void wait_for_state(pid_t pid, const char *states);

/* stdout is the engine's port; the file "port" has the one that we have heard. */
void assert_heard(const struct shell *shell);

#endif
