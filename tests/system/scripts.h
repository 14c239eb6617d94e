/*
 * For the tests of scripts/: what they call by name is found in PATH.
 */
#ifndef IMDSHIM_TESTS_SYSTEM_SCRIPTS_H
#define IMDSHIM_TESTS_SYSTEM_SCRIPTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

#define COMMAND(name, line)                                                                    \
    "printf '#!/bin/sh\\nexec %%s \"$@\"\\n' \"" line "\" >bin/" name " && chmod +x bin/" name

/*
 * Under test imdshim may be a command with a prefix, and the first python3 have no numpy. Which
 * one has is found once: some take long to say so.
 */
static inline bool scripts_have_numpy(void)
{
    FILE *pipe = popen("exec \"$SOURCE/tests/support/python.sh\" -c"
                       " 'import sys; print(sys.executable, end=\"\")' 2>/dev/null",
                       "re");
    char path[4096] = "";
    size_t length = pipe != NULL ? fread(path, 1, sizeof path - 1, pipe) : 0;

    if (pipe != NULL)
        pclose(pipe);
    setenv("PYTHON3", length > 0 ? path : "python3", 1);
    return length > 0 || suite_skip("pcoord.py", "no python3 with numpy here");
}

static inline void scripts_enter(void)
{
    struct shell shell;

    sandbox_enter();
    shell_run(
        &shell,
        "mkdir bin; " COMMAND(
            "imdshim", "$IMDSHIM") " && "
                                   "if [ -n \"$PYTHON3\" ]; then " COMMAND(
                                       "python3", "$PYTHON3") "; fi &&"
                                                              "printf %%s \"$PWD/bin:$PATH\"");
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    setenv("PATH", shell.out, 1);
}

#endif
