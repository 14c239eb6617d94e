/*
 * The source of events that no library has to tell: seccomp user notification.
 *
 * Each bind(2) and listen(2) below the engine waits for our answer, decision.h. Events are the
 * library's: "loaded" of the engine when it has been started, "listening" when listen(2) has been
 * done, "ready" when the engine is seen to wait (ready_look.h), "connected" when it is seen to have
 * accepted its client (accept_look.h), "passed" of a listener that was not taken, "refused" where
 * the IMD socket could not be bound.
 */
#ifndef IMDSHIM_LAUNCHER_NOTIFY_NOTIFY_H
#define IMDSHIM_LAUNCHER_NOTIFY_NOTIFY_H

#include "launcher/base/options.h"
#include "launcher/source/source.h"

/*
 * trial_obstacle() has been asked. only_from: the TCP port from which alone the IMD socket may be
 * connected to; 0: any. NULL and errno if it cannot be had all the same.
 */
struct source *notify_open(const struct options *options, unsigned only_from);

#endif
