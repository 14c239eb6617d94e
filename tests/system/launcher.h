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
#define LISTENER ENGINE " listen=127.0.0.1 port wait exit=4"

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
static inline bool launcher_is_wrapped(void)
{
    return strchr(sandbox_launcher(), ' ') != NULL;
}

/* What valgrind does not let us see needs this. */
static inline bool launcher_is_bare(void)
{
    return !launcher_is_wrapped();
}

/* A whole failure: one line, and it begins so. */
static inline void assert_one_line(const char *text, const char *start)
{
    size_t length = strlen(text);

    ck_assert_msg(strncmp(text, start, strlen(start)) == 0 && length > 0 &&
                      strchr(text, '\n') == text + length - 1,
                  "one line is expected that begins '%s', not:\n%s", start, text);
}

static inline bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static inline void make_file(const char *path)
{
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    fclose(file);
}

static inline void wait_for_file(const char *path)
{
    for (int i = 0; i < SHELL_SECONDS * 100 && !exists(path); i++)
        shell_pause(10);
    ck_assert_msg(exists(path), "%s does not come", path);
}

/* A file's first line, without its newline. */
static inline void read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");

    ck_assert_msg(file != NULL, "%s is missing", path);
    ck_assert_msg(fgets(line, size, file) != NULL, "%s is empty", path);
    line[strcspn(line, "\n")] = '\0';
    fclose(file);
}

/* A shell creates the file before it writes to it: the line may be a moment late. */
static inline pid_t read_pid(const char *path)
{
    long pid = 0;
    char end = '\0';

    for (int i = 0; i < SHELL_SECONDS * 100 && end != '\n'; i++) {
        FILE *file = fopen(path, "re");

        ck_assert_msg(file != NULL, "%s is missing", path);
        if (fscanf(file, "%ld%c", &pid, &end) != 2)
            shell_pause(10);
        fclose(file);
    }
    ck_assert_msg(end == '\n' && pid > 1, "%s has no pid", path);
    return (pid_t)pid;
}

#define NO_PROCESS ""

static inline void wait_for_state(pid_t pid, const char *states)
{
    char state = process_state(pid);

    for (int i = 0; i < SHELL_SECONDS * 100; i++) {
        if (state == 0 ? states[0] == '\0' : strchr(states, state) != NULL)
            return;
        shell_pause(10);
        state = process_state(pid);
    }
    ck_abort_msg("process %ld is in state '%c', not in one of '%s'", (long)pid, state, states);
}

/* stdout is the engine's port; the file "port" has the one that we have heard. */
static inline void assert_heard(const struct shell *shell)
{
    char line[64], expected[64];

    ck_assert_int_eq(shell_status(shell), 4);
    read_line("port", line, sizeof line);
    snprintf(expected, sizeof expected, "127.0.0.1:%d", atoi(shell->out));
    ck_assert_str_eq(line, expected);
}

#endif
