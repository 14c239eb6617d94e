/*
 * What a run says of itself while it lasts, for imdshim list.
 *
 * It stands in a memfd of the launcher's, or where there is none in a file without a name,
 * which others of the same user find in /proc: it is as private as the process is, and gone
 * with it. One line, "KEY=VALUE...", escaped as events are.
 */
#ifndef IMDSHIM_LAUNCHER_RUN_RECORD_H
#define IMDSHIM_LAUNCHER_RUN_RECORD_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/wire/wire.h"

#define RECORD_NAME "imdshim"

enum phase {
    STARTING,  /* the engine runs, its port is not known */
    LISTENING, /* the port is known */
    READY,     /* the engine waits for a client */
    CONNECTED, /* it has accepted one */
    ENDING,    /* we are ending it */
    ENDED,     /* it has ended; what is left of the run is waited for */
    PHASES,
};

struct record {
    pid_t pid; /* of the engine */
    enum phase state;
    char host[3 * HOST_SIZE]; /* where a client here reaches it, "" if not known */
    unsigned port;            /* 0 if not known */
    unsigned clients;         /* of the relay */
    int64_t started;          /* milliseconds of CLOCK_MONOTONIC */
    char engine[PATH_MAX];    /* as it was called */
    char directory[PATH_MAX];
};

enum { RECORD_TEXT = 6 * PATH_MAX + 512 };

const char *record_state_name(enum phase state);

/* As text, NUL-terminated, and back. The parser is total. */
void record_format(const struct record *record, char text[RECORD_TEXT]);
bool record_parse(char *text, struct record *record);

/* Where it stands: a descriptor, or -1. A run goes on without. */
int record_create(void);
void record_write(int fd, const struct record *record);

/*
 * That of another process of this user. False if there is none: errno is then 0, or says what
 * kept us from looking.
 */
bool record_read(pid_t launcher, struct record *record);

#endif
