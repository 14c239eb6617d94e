/*
 * imdshim check: can an engine be shimmed? One line on stdout; 0 yes, 1 no, 126 and 127 as
 * env(1).
 */
#include <stdio.h>
#include <stdlib.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/container/enter.h"
#include "launcher/container/plan.h"
#include "launcher/notify/backend.h"
#include "launcher/notify/trial.h"
#include "launcher/preload/library.h"
#include "launcher/preload/preflight.h"

/* What run does instead. */
#define BY_NOTIFICATION "; imdshim run sees its sockets by user notification (--backend)"

static const char *hint(enum preflight_verdict verdict)
{
    return backend_is_to_be_notify(BACKEND_NOT_SAID, verdict) && trial_obstacle() == NULL
               ? BY_NOTIFICATION
               : "";
}

static int status_of(enum preflight_verdict verdict)
{
    switch (verdict) {
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

/* Can user notification take the library's place, where a container has none for it? */
static const char *hint_of_container(const struct container *container)
{
    return container->runtime != NULL && container->runtime->is_below &&
                   trial_obstacle() == NULL
               ? BY_NOTIFICATION
               : "";
}

static int check_container(const struct options *options, const char *library)
{
    const char *const *command = (const char *const *)options->operands;
    char preload[PATH_MAX];
    struct container container;
    bool entered;

    library_name_for_preload(library, preload);
    container_try(&container, command, library, preload);
    entered = container.means == CONTAINER_VARIABLES || container.means == CONTAINER_ARGUMENTS;
    if (container.means == CONTAINER_NONE)
        printf("%s is not told to start anything in a container\n", command[0]);
    else if (entered)
        printf("%s starts a container: the library gets in there by %s\n", command[0],
               container.runtime->how);
    else
        printf("%s%s\n", container.text, hint_of_container(&container));
    container_free(&container);
    return entered ? EXIT_SUCCESS : EXIT_FAILURE;
}

int check_main(const struct options *options)
{
    char library[PATH_MAX], text[PREFLIGHT_TEXT];
    struct preflight preflight;

    library_find(library);
    preflight_examine((const char *const *)options->operands, library, &preflight);
    if (plan_find_runtime((const char *const *)options->operands) != NULL &&
        preflight.verdict != PREFLIGHT_NOT_FOUND)
        return check_container(options, library);
    if (options->operands[1] != NULL)
        die(STATUS_FAILED, "'%s' is too much: check one engine, without arguments",
            options->operands[1]);
    preflight_explain(&preflight, text, sizeof text);
    printf("%s%s\n", text, hint(preflight.verdict));
    return status_of(preflight.verdict);
}
