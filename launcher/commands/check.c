/*
 * imdshim check: can an engine be shimmed? One line on stdout; 0 yes, 1 no, 126 and 127 as
 * env(1).
 */
#include <stdio.h>
#include <stdlib.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/preload/library.h"
#include "launcher/preload/preflight.h"

int check_main(const struct options *options)
{
    char library[PATH_MAX], text[PREFLIGHT_TEXT];
    struct preflight preflight;

    if (options->operands[1] != NULL)
        die(STATUS_FAILED, "'%s' is too much: check one engine, without arguments",
            options->operands[1]);
    library_find(library);
    preflight_examine((const char *const *)options->operands, library, &preflight);
    preflight_explain(&preflight, text, sizeof text);
    puts(text);
    switch (preflight.verdict) {
    case PREFLIGHT_FINE:
        return EXIT_SUCCESS;
    case PREFLIGHT_NOT_FOUND:
        return STATUS_NOT_FOUND;
    case PREFLIGHT_NOT_EXECUTABLE:
        return STATUS_CANNOT_EXECUTE;
    default:
        return EXIT_FAILURE;
    }
}
