/*
 * A small process that answers for a launcher that was killed.
 *
 * If nobody had the filter's descriptor, bind(2) and listen(2) of all programs below would fail
 * with ENOSYS. So the engine hands it to the warden before it is executed. While the launcher
 * lives, the warden only waits; after that it lets every call through, and answers also the one
 * that the launcher had received. It leaves when no program is under the filter any more.
 *
 * It is in a session of its own, where no terminal's signal reaches it, and has no other file
 * open.
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_WARDEN_H
#define IMDSHIM_LAUNCHER_NOTIFY_WARDEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "launcher/notify/filter.h"

struct warden {
    pid_t pid;
    int fd; /* closed when the launcher is gone; the engine sends on it */
    struct notification *received; /* the last call that the launcher has received, shared */
};

/* False and errno if there can be none. */
bool warden_start(struct warden *warden);

/* In the engine's process: hand the filter's descriptor over. False and errno. */
bool warden_entrust(const struct warden *warden, int fd);

/* Leave it to itself; if nothing is left for it to do, it is waited for. */
void warden_leave(struct warden *warden, bool all_ended);

#endif
