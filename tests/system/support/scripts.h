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
bool scripts_have_numpy(void);
void scripts_enter(void);

#endif
