/*
 * What run says on stderr: one line each.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_MESSAGES_H
#define IMDSHIM_LAUNCHER_RUN_MESSAGES_H

#include "launcher/base/child.h"
#include "launcher/base/options.h"
#include "launcher/run/diagnosis.h"
#include "launcher/run/endpoint.h"

/* Said unless the user wants less than `least`. */
void notice(const struct options *options, enum verbosity least, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void notice_listener(const struct options *options, const struct listener *listener);
void notice_passed(const struct options *options, enum verbosity least,
                   const struct event *listener);
void notice_refused(const struct options *options, const struct event *refused);

void notice_denied(const struct options *options, const struct event *denied);

/* Why nothing was learned from an engine that has ended, or that is to be ended now. */
void notice_nothing_learned(const struct options *options, const struct findings *findings,
                            const struct child *engine);
void notice_timed_out(const struct options *options, const struct findings *findings,
                      const struct child *engine);

/* The port is known, but no wait for a client has been seen: after so long; within --timeout. */
void notice_not_waiting(const struct options *options, const struct listener *listener,
                        int seconds);
void notice_timed_out_waiting(const struct options *options, const struct listener *listener);

/* The listener is where no client of this host can come. */
void notice_cut_off(const struct options *options, const struct listener *listener);

#endif
