/*
 * imdshim preload: become a program, with the library in LD_PRELOAD and nothing else changed.
 *
 * For the launch agents of Open MPI 5, launcher/preload/carry.h: they have no other way to preload
 * what they start on another host.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "launcher/base/environment.h"
#include "launcher/commands/commands.h"
#include "launcher/preload/engine.h"
#include "launcher/preload/library.h"

int preload_main(const struct options *options)
{
    char library[PATH_MAX], preload[PATH_MAX];
    struct variable variables[2] = {{.name = "LD_PRELOAD"}, {.name = "ASAN_OPTIONS"}};
    char *list, *asan, **environment;
    int error;

    library_find(library);
    library_name_for_preload(library, preload);
    variables[0].value = list = library_compose_preload(getenv("LD_PRELOAD"), preload);
    variables[1].value = asan = library_compose_asan_options(getenv("ASAN_OPTIONS"));
    environment = environment_with(environ, variables, 2);
    execvpe(options->operands[0], options->operands, environment);
    error = errno;
    free(environment);
    free(list);
    free(asan);
    return engine_exec_failed(options->operands[0], error);
}
