/*
 * imdshim check: can an engine be shimmed? One line on stdout; 0 yes, 1 no, 126 and 127 as
 * env(1).
 */
#include <stdio.h>
#include <stdlib.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/notify/backend.h"
#include "launcher/notify/trial.h"
#include "launcher/preload/library.h"
#include "launcher/preload/preflight.h"

/* What run does instead. */
static const char *hint(enum preflight_verdict verdict)
{
    return backend_is_to_be_notify(BACKEND_NOT_SAID, verdict) && trial_obstacle() == NULL
               ? "; imdshim run sees its sockets by user notification (--backend)"
               : "";
}

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
    printf("%s%s\n", text, hint(preflight.verdict));
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
