/*
 * For the tests of what the library does inside an engine: the events in a command's output,
 * and what the stand-in engines print about themselves.
 */
#ifndef IMDSHIM_TESTS_ENGINE_EVENTS_H
#define IMDSHIM_TESTS_ENGINE_EVENTS_H

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

int engine_count(const struct shell *shell, const char *event);

/* The first event of its kind; there must be one. Its texts are there until the next call. */
struct event engine_told(const struct shell *shell, enum event_kind kind);

/* Where the socket of an event is, as text. */
const char *engine_address(const struct event *event);

/* The number behind the first "port " of stderr; there must be one. */
unsigned engine_printed_port(const struct shell *shell);
void engine_ended_well(const struct shell *shell);

/* One listener was told, and it is the one that the engine printed. */
struct event engine_told_its_port(const struct shell *shell);

/*
 * tests/doubles/libraries/NAME.c as a file of the working directory. Built here and without a
 * sanitizer: it is loaded into programs that have no run time for one.
 */
void engine_build_library(const char *name, const char *file);

#endif
