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

#include "launcher/diagnosis/diagnosis.h"

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
