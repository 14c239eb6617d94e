/*
 * For the tests of what the library does inside an engine: the events in a command's output,
 * and what the stand-in engines print about themselves.
 */
#ifndef IMDSHIM_TESTS_SYSTEM_TEST_ENGINE_H
#define IMDSHIM_TESTS_SYSTEM_TEST_ENGINE_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/wire/event_text.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

/* Events come on descriptor 9, which is the command's stdout; the engine's own is lost. */
#define EXEC "$IMDSHIM exec --fd 9 -- "
#define EXEC_VERBOSE "$IMDSHIM exec -v --fd 9 -- "
/* The launcher alone: a tool in front of it, valgrind say, changes what the engine inherits. */
#define BARE_LAUNCHER "${IMDSHIM##* }"
#define EVENTS_TO_OUT " 9>&1 >/dev/null"

static inline int engine_count(const struct shell *shell, const char *event)
{
    char part[32];

    snprintf(part, sizeof part, " %s ", event);
    return shell_count_lines(shell->out, part);
}

/* The first event of its kind; there must be one. Its texts are there until the next call. */
static inline struct event engine_told(const struct shell *shell, enum event_kind kind)
{
    static char lines[SHELL_OUTPUT];
    char *rest = NULL;
    struct event event;

    strcpy(lines, shell->out);
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (event_text_parse(line, &event) && event.kind == kind)
            return event;
    ck_abort_msg("not told; stdout: %s stderr: %s", shell->out, shell->err);
}

/* Where the socket of an event is, as text. */
static inline const char *engine_address(const struct event *event)
{
    static char host[INET6_ADDRSTRLEN];
    struct text text = {host, 0, sizeof host - 1};

    address_put(&text, &event->address);
    text_end(&text);
    return host;
}

/* The number behind the first "port " of stderr; there must be one. */
static inline unsigned engine_printed_port(const struct shell *shell)
{
    const char *found = strstr(shell->err, "port ");

    ck_assert_msg(found != NULL, "no port was printed: %s", shell->err);
    return (unsigned)strtoul(found + strlen("port "), NULL, 10);
}

static inline void engine_ended_well(const struct shell *shell)
{
    ck_assert_msg(shell_status(shell) == 0, "status %d; stderr: %s", shell_status(shell),
                  shell->err);
}

/* One listener was told, and it is the one that the engine printed. */
static inline struct event engine_told_its_port(const struct shell *shell)
{
    struct event event = engine_told(shell, KIND_LISTENING);

    engine_ended_well(shell);
    ck_assert_int_eq(engine_count(shell, EVENT_LISTENING), 1);
    ck_assert_uint_eq(event.port, engine_printed_port(shell));
    return event;
}

/*
 * tests/doubles/libraries/NAME.c as a file of the working directory. Built here and without a
 * sanitizer: it is loaded into programs that have no run time for one.
 */
static inline void engine_build_library(const char *name, const char *file)
{
    struct shell shell;

    shell_run(&shell,
              "${CC:-cc} -std=c11 -D_GNU_SOURCE -I$SOURCE -shared -fPIC -o %s "
              "$SOURCE/tests/doubles/libraries/%s.c -ldl",
              file, name);
    engine_ended_well(&shell);
}

#endif
