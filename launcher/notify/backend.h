/*
 * Which back end sees the engine's sockets: the library that is preloaded, or user notification.
 *
 * Notification takes from all programs below what set-user-ID bits and file capabilities give:
 * unless the user asks for it, it is chosen only where the library certainly cannot be loaded.
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_BACKEND_H
#define IMDSHIM_LAUNCHER_NOTIFY_BACKEND_H

#include <stdbool.h>

#include "launcher/base/options.h"
#include "launcher/preload/preflight.h"

/* Pure. */
bool backend_is_to_be_notify(enum backend asked, enum preflight_verdict verdict);

/* Why notification cannot be had in this run, as the end of a sentence; NULL: it can. */
const char *backend_obstacle(const struct options *options);

#endif
