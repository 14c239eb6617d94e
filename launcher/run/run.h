/*
 * A run while it lasts: its engine, its client, and what is known of them.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_RUN_H
#define IMDSHIM_LAUNCHER_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/base/child.h"
#include "launcher/base/options.h"
#include "launcher/base/signals.h"
#include "launcher/container/container.h"
#include "launcher/diagnosis/evidence.h"
#include "launcher/run/exit_status.h"
#include "launcher/run/gate.h"
#include "launcher/run/orphans.h"
#include "launcher/run/record.h"
#include "launcher/run/run_relay.h"
#include "launcher/source/fifo.h"
#include "launcher/source/tcp.h"

enum {
    RUN_SOURCES = 3,
    RUN_GRACE = 10, /* seconds from SIGTERM to SIGKILL */
};

struct run {
    const struct options *options;
    char library[PATH_MAX];
    char preload_name[PATH_MAX]; /* the same by the name that LD_PRELOAD can hold */
    const char *preload;         /* that; NULL: it must not be loaded into the engine */
    struct tcp_offer offer;      /* of a TCP port for events from other hosts */
    int offer_error;             /* errno: why there is none; 0 */
    struct signals signals;
    struct fifo fifo;
    struct source *sources[RUN_SOURCES]; /* the FIFO, and others that the engine may need */
    int source_count;

    enum phase phase;
    struct child engine, client;
    struct container container; /* that the engine runs in, if any */
    struct child ender;         /* ends that container, where no signal of ours can */
    struct gate gate;           /* with --port, for the client */
    struct orphans orphans;
    struct reports reports;   /* of the library */
    struct evidence evidence; /* of why there is none */
    struct looks looks;
    struct run_relay relay;
    struct record record; /* for imdshim list */
    int record_fd;        /* or -1 */

    bool notified; /* the engine's sockets are seen by user notification, not by the library */
    bool hears_no_host;     /* it has been said that other hosts cannot be heard */
    bool obstacle;          /* and why the library cannot be loaded */
    bool trouble_said;      /* and why no port is known, of an engine that runs */
    bool client_lost;       /* and that the client's connection cannot wait at the gate */
    bool listener_seen;     /* the kernel says that the engine listens: it can be asked again */
    bool served;            /* the client could be started, or its connection go on */
    bool accepted;          /* the engine has accepted a client, and may listen again now */
    bool looked_last;       /* the time was up, and a port was there that may be reported yet */
    bool client_terminated; /* it has got SIGTERM */
    struct outcome outcome;

    /* Milliseconds of CLOCK_MONOTONIC; 0: never. */
    int64_t give_up_at;  /* if the client cannot be started by then: --timeout */
    int64_t remark_at;   /* say that no wait for a client has been seen */
    int64_t kill_at;     /* what was to end has not ended: SIGKILL */
    int64_t judge_at;    /* the client has ended, and the engine seems to: it may until then */
    int64_t ender_until; /* the ender has not done it: SIGKILL */
};

/* Does the client wait at a gate until the engine is ready? */
static inline bool run_has_gate(const struct run *run)
{
    return run->options->port != 0 && run->options->client != NULL;
}

void run_enter(struct run *run, enum phase phase);

/*
 * What is done when something happens: run_events.h says when. Each sets the phase that follows.
 */

/* The engine has been started; so is the client, if it goes through the gate. */
void run_begin(struct run *run);

/* A program starts others on other hosts: hear them. */
void run_hear_other_hosts(struct run *run);

void run_learn_port(struct run *run);
void run_become_ready(struct run *run);
void run_note_connection(struct run *run);
void run_remark_no_wait(struct run *run);

/* Ask the kernel whether the engine listens; and later whether it does no more, if it is known. */
void run_see_listener(struct run *run);
bool run_listener_is_gone(const struct run *run);

/* Clients that have come to the gate: let them on, or let them wait. */
void run_admit(struct run *run);

/* Lead them to the engine, or the relay; and to the engine's socket of the client's own family. */
void run_open_gate(struct run *run, union address server);
void run_serve_both_families(struct run *run);

/* Look at the processes below, for the reason why no port is known or no client comes. */
void run_look(struct run *run);
void run_look_last(struct run *run);
int64_t
run_look_at(const struct run *run); /* when, milliseconds of CLOCK_MONOTONIC; 0: never */

/* Of an engine that has ended. */
void run_explain_no_port(struct run *run);
void run_explain_no_client(struct run *run);
void run_leave_client(struct run *run);
void run_leave_unaccepted_client(struct run *run);
void run_leave_orphans(struct run *run);

/* Of a client that has ended. */
void run_judge_client(struct run *run);
void run_check_gate_was_used(struct run *run);

void run_note_interrupt(struct run *run);
void run_limit_client(struct run *run);

void run_give_up_listening(struct run *run);
void run_give_up_waiting(struct run *run);
void run_kill_all(struct run *run);

/* The engine has ended; a container that it was only the front of may still run. */
void run_end_container(struct run *run);

#endif
