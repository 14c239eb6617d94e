/*
 * A run while it lasts, and what it does about each thing that happens to it.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_RUN_EVENTS_H
#define IMDSHIM_LAUNCHER_RUN_RUN_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/base/child.h"
#include "launcher/base/options.h"
#include "launcher/base/signals.h"
#include "launcher/run/evidence.h"
#include "launcher/run/exit_status.h"
#include "launcher/run/gate.h"
#include "launcher/run/orphans.h"
#include "launcher/run/record.h"
#include "launcher/source/fifo.h"
#include "launcher/source/tcp.h"

struct run {
    const struct options *options;
    struct signals signals;
    struct channel channel;
    struct event_port event_port; /* for engines on other hosts */
    struct child engine, client;
    struct orphans orphans; /* once the engine is being ended */
    struct reports reports;
    struct evidence evidence; /* of why nothing listens */
    struct looks looks;
    bool trouble_said, client_lost;
    struct gate gate;    /* with --port, for the client */
    const char *preload; /* the library, by the name that LD_PRELOAD can hold */
    int record_fd;       /* for imdshim list, or -1 */
    struct record record;
    struct outcome outcome;
    bool client_was_ended; /* it has got SIGTERM */
    bool obstacle;         /* pre-flight has said why the library cannot be loaded */
    int64_t deadline;      /* milliseconds of CLOCK_MONOTONIC, 0: none */
};

/* Does the client wait at a gate until the engine is ready? */
bool run_has_gate(const struct run *run);

/* The client that was asked for, if it goes through the gate: at once. */
void run_start_early_client(struct run *run);

void run_on_event(struct run *run, const struct event *event);
void run_on_signal(struct run *run, const struct signalfd_siginfo *info);

/* Nothing listened in time, or what was to end has not ended. Sets the next deadline. */
void run_on_deadline(struct run *run);

/* Nothing listens yet, or no client has come: see why. When to do so next; 0: never. */
void run_look(struct run *run);
int64_t run_look_due(const struct run *run);

/* All the events that have come; false if there may be more. */
bool run_take_events(struct run *run);

#endif
