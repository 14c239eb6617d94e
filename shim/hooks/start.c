#include "shim/hooks/start.h"

#include "shim/hooks/real.h"
#include "shim/kernel/module.h"
#include "shim/kernel/process.h"
#include "shim/state/active_hooks.h"
#include "shim/state/settings.h"
#include "shim/wire/sys.h"

static unsigned hooks_for(const struct settings *settings)
{
    if (settings == NULL)
        return 0;
    return (settings->reports_events ? HOOK_BIND | HOOK_LISTEN | HOOK_EPOLL : 0) |
           (settings->gate.port != 0 ? HOOK_CONNECT : 0);
}

void shim_start(void)
{
    KEEP_ERRNO;
    unsigned start = HOOK_ALL;
    const struct settings *settings;

    if (!hook_active(HOOK_START))
        return;
    real_resolve();
    settings = settings_get();
    /* Only the first thread sets it; a later one must not overwrite bits that were cleared. If
     * another thread is still reading the settings, the next call starts again. */
    if (settings_are_read())
        atomic_compare_exchange_strong(&active_hooks, &start, hooks_for(settings));
}

/* The module by which the program is known as a launcher; "": it is none, or not known as one. */
static void find_launcher(char object[NAME_SIZE])
{
    char rank[NAME_SIZE];

    if (module_find_loaded(match_is_launcher_module, object) &&
        module_find_loaded(match_is_rank_module, rank))
        object[0] = '\0';
}

/*
 * A program image has the library: for the launcher that asks for all events. Nothing is told of
 * its end: a process that has put itself into a sandbox would be killed for the system call.
 */
__attribute__((constructor)) static void report_loaded(void)
{
    KEEP_ERRNO;
    const struct settings *settings = settings_get();
    char exe[NAME_SIZE], comm[COMM_SIZE], object[NAME_SIZE];

    shim_start();
    if (settings == NULL || !settings->reports_events || !settings->all_events)
        return;
    process_exe(exe);
    process_comm(comm);
    find_launcher(object);
    event_sink_tell(&settings->sink,
                    &(struct event){
                        .kind = KIND_LOADED,
                        .has = EVENT_HAS(KEY_PID) | EVENT_HAS(KEY_EXE) | EVENT_HAS(KEY_COMM) |
                               (object[0] != '\0' ? EVENT_HAS(KEY_OBJECT) : 0),
                        .pid = (unsigned)sys_getpid(),
                        .exe = exe,
                        .object = object,
                        .comm = comm,
                    },
                    EVENT_OPTIONAL);
}
