/*
 * Collects what the kernel says of the processes below an engine of which no IMD port is known.
 *
 * The run calls evidence_begin() when the engine has been started; evidence_look() each time
 * that evidence_due() has come and nothing listens, and when the time of --timeout is up;
 * evidence_end() when the engine has ended. Then diagnosis_explain() has all that can be known.
 * While a client waits, a cause that is diagnosis_is_trouble() is worth a line after a look.
 */
#ifndef IMDSHIM_LAUNCHER_DIAGNOSIS_EVIDENCE_H
#define IMDSHIM_LAUNCHER_DIAGNOSIS_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launcher/diagnosis/reports.h"
#include "launcher/diagnosis/suspect.h"
#include "launcher/proc/proc_facts.h"

/* After so many looks, 3 s and 15 s, what is seen is no matter of the first moments. */
enum { LOOKS_SOON = 4, LOOKS_LATE = 5 };

struct evidence {
    const struct reports *reports;
    const char *library, *fifo; /* paths */
    const char *const *command; /* the engine's, NULL-terminated */

    /* What the kernel has said of the processes below the engine. */
    unsigned looks;
    bool has_suspect;
    unsigned suspect_looks;    /* in so many of the last looks, one after the other */
    struct proc_facts suspect; /* the most telling process of which something seemed wrong */
    bool sound; /* since it was seen, and in that look, another had the library in order */
    bool in_container; /* podman or its kin was started, whose container is not below it */
    char agent[16];    /* ssh(1) or its kind runs below, "": none */
    enum known fifo_removed;

    /* How the engine has ended, if it has. */
    bool ended;
    int wait_status;
    char comm[COMM_SIZE]; /* what its process was named at its end, "": not known */
    pid_t left;           /* started by it, and runs on; 0: none was found */
    char left_exe[NAME_SIZE];
};

struct looks {
    struct proc_wanted wanted;
    int fifo;        /* our end of it */
    int64_t started; /* milliseconds of CLOCK_MONOTONIC */
};

/*
 * The engine has been started. looks has the run's FIFO and, in wanted, the paths of the FIFO
 * and of the library, and the name that LD_PRELOAD has for it. All these, the reports and the
 * command must last as long as the evidence.
 */
void evidence_begin(struct evidence *evidence, struct looks *looks,
                    const struct reports *reports, const char *const *command);

/* When to look next, milliseconds of CLOCK_MONOTONIC; 0: no more. */
int64_t evidence_due(const struct evidence *evidence, const struct looks *looks);

/*
 * Some hundred microseconds for each process below the engine, and at most 64 of them. Receive
 * the events that have come meanwhile before you explain: a port that was seen may be among
 * them.
 */
void evidence_look(struct evidence *evidence, struct looks *looks);

/* comm is what the engine's process was named when it had ended, "" if that is not known. */
void evidence_end(struct evidence *evidence, const struct looks *looks, int wait_status,
                  const char *comm);

/*
 * Do the programs of a client run without the library, so that none of their connections can
 * wait for the engine? True: then the facts are those of one.
 */
bool evidence_of_client(const struct looks *looks, pid_t client, struct proc_facts *facts);

#endif
