/*
 * A program image begins and ends: what tells "not loaded" from "never listened". For the
 * launcher that asks for all events.
 */
#include <errno.h>

#include "shim/hooks/report.h"
#include "shim/kernel/process.h"
#include "shim/state/settings.h"
#include "shim/wire/event_text.h"
#include "shim/wire/sys.h"

static pid_t loaded_pid; /* a forked child is another process, and says nothing at its end */

__attribute__((constructor)) static void report_loaded(void)
{
    int error = errno;
    const struct settings *settings = settings_get();
    struct event_line line;
    char exe[NAME_SIZE], comm[COMM_SIZE];

    report_start();
    if (settings != NULL && settings->tells && settings->all_events) {
        loaded_pid = sys_getpid();
        process_exe(exe);
        process_comm(comm);
        event_format_loaded(&line, loaded_pid, exe, comm);
        channel_write(&settings->channel, line.bytes, line.length, false);
    }
    errno = error;
}

__attribute__((destructor)) static void report_ended(void)
{
    int error = errno;
    struct event_line line;

    if (loaded_pid != 0 && loaded_pid == sys_getpid()) {
        event_format_ended(&line, loaded_pid);
        channel_write(&settings_get()->channel, line.bytes, line.length, false);
    }
    errno = error;
}
