/*
 * What a run's events have told: the IMD listener, or why there is none. Pure, of fixed size.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_DIAGNOSIS_H
#define IMDSHIM_LAUNCHER_RUN_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "launcher/run/endpoint.h"

/* A program image that had the library. */
struct image {
    pid_t pid;   /* 0: none */
    bool remote; /* on another host: a process here may have the same number */
    char exe[3 * NAME_SIZE];
    char comm[3 * COMM_SIZE];
};

struct findings {
    pid_t engine;
    bool listening, ready, connected;
    struct listener listener;
    struct image engine_image; /* the last one of the engine's own process */
    struct image last_image;   /* the last one of any process that the engine started */
    unsigned passed_count;
    bool unmatched;   /* one of them is not what the user has asked for */
    bool refused;     /* the IMD socket could not be bound as the user has asked for */
    char passed[256]; /* the listeners that were not taken, for a message */
};

/* What an event changes. */
enum news {
    NEWS_NONE,
    NEWS_LISTENING,
    NEWS_READY,
    NEWS_PASSED,
    NEWS_REFUSED,
    NEWS_CONNECTED,
    NEWS_DENIED
};

void findings_begin(struct findings *findings, pid_t engine);
enum news findings_add(struct findings *findings, const struct received *received);

/* Why no listener has been found. */
enum why { WHY_NOT_LOADED, WHY_NOTHING_MATCHED, WHY_NEVER_LISTENED };

/* What the kernel says of the processes now; a name is "" if there is no such process. */
struct present {
    const char *engine_comm; /* a zombie still has it */
    const char *last_comm;   /* of the last image's process */
    bool ended;              /* the engine has ended, with this wait(2) status */
    int wait_status;
};

/* The reason, and one line of text without a newline that says it and what to do. */
enum why findings_explain(const struct findings *findings, const struct present *present,
                          char *text, size_t size);

#endif
