/*
 * What run says on standard error: one line each, unless the user wants less.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_MESSAGES_H
#define IMDSHIM_LAUNCHER_RUN_MESSAGES_H

#include "launcher/base/options.h"
#include "launcher/diagnosis/diagnosis.h"

/* Said unless the user wants less than `least`. */
void message(const struct options *options, enum verbosity least, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the error's text, and what to do if descriptors or processes have run out. */
void message_error(const struct options *options, enum verbosity least, int error,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

void message_listening(const struct options *options, const struct listener *listener);
void message_passed(const struct options *options, enum verbosity least,
                    const struct event *listener);
void message_refused(const struct options *options, const struct event *refused);
void message_bind_failed(const struct options *options, const struct event *failed);
void message_denied(const struct options *options, const struct event *denied);

/* Why no port is known of an engine that has ended, or that is to be ended now. */
void message_no_port(const struct options *options, const struct evidence *evidence);
void message_timed_out(const struct options *options, const struct evidence *evidence);

/* The same of one that runs, if there is evidence of trouble. True if it was said. */
bool message_trouble(const struct options *options, const struct evidence *evidence);

/* With --port: a program of the client cannot wait for the engine; evidence_of_client(). */
void message_client_lost(const struct options *options, const struct proc_facts *suspect);

/* The client has ended while the engine runs; connected: or there was no --port. */
void message_client_ended(const struct options *options, int status, bool connected);

/* The port is known, but no wait for a client has been seen: after so long; within --timeout. */
void message_not_waiting(const struct options *options, const struct listener *listener,
                         int seconds);
void message_timed_out_waiting(const struct options *options, const struct listener *listener);

/* The listener is where no client of this host can come. */
void message_out_of_reach(const struct options *options, const struct listener *listener);

#endif
