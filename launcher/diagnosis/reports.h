/*
 * What the library has reported: the IMD listener, and what helps to explain why there is none.
 * Pure, of fixed size.
 */
#ifndef IMDSHIM_LAUNCHER_DIAGNOSIS_REPORTS_H
#define IMDSHIM_LAUNCHER_DIAGNOSIS_REPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "launcher/base/options.h"
#include "launcher/source/endpoint.h"

/* A program that had the library when it was started. */
struct image {
    pid_t pid;   /* 0: none */
    bool remote; /* on another host: a process here may have the same number */
    char exe[3 * NAME_SIZE];
    char comm[3 * COMM_SIZE];
};

/* A bind(2) of the engine's own that failed. */
struct failed_bind {
    int error; /* 0: none */
    pid_t pid;
    unsigned port;
    char exe[3 * NAME_SIZE];
};

enum { REPORTED_PORTS = 128 };

struct reports {
    pid_t engine;
    int rewritten_port; /* --port, or 0; bind(2) of it is not the engine's own */
    bool all_rewritten; /* --listen, if it is not the relay's */
    bool notified;      /* they are of user notification, and not of the library */

    bool listening, ready, connected;
    bool both_families; /* that process has the listener's port in the other one too */
    struct listener listener;

    struct image engine_image; /* the last one of the engine's own process */
    struct image launcher;     /* mpirun and its kind */
    struct image program;      /* the last one that is none, and since there is a launcher */
    struct image nested;       /* another imdshim */
    unsigned passed_count;
    bool unmatched;   /* one of them is not what the user has asked for */
    char passed[256]; /* the listeners that were ignored, for a message */
    bool refused;     /* the IMD socket could not be bound as the user has asked for */
    struct failed_bind failed_bind;
    size_t port_count; /* may be more than are kept */
    unsigned ports[REPORTED_PORTS];
};

/* What an event changes. */
enum news {
    NEWS_NONE,
    NEWS_LISTENING,
    NEWS_READY,
    NEWS_PASSED,
    NEWS_OTHER_FAMILY, /* passed, and the listener's port is served in both families now */
    NEWS_REFUSED,
    NEWS_BIND_FAILED,
    NEWS_CONNECTED,
    NEWS_DENIED,
    NEWS_LAUNCHER /* a program that starts others on other hosts, mpirun and its kind */
};

void reports_begin(struct reports *reports, pid_t engine, const struct options *options);
enum news reports_add(struct reports *reports, const struct received *received);

/* Has a listener on that port been reported? True also if there were too many to keep. */
bool reports_have_port(const struct reports *reports, unsigned port);

/* A base name: is it mpirun, or a daemon that it starts? */
bool reports_is_runtime(const char *exe);

#endif
