/*
 * Collects what the kernel says of the processes below an engine of which no IMD port is known.
 *
 * Call evidence_look() when evidence_due() has come and nothing listens, once more when the
 * time of --timeout is up, and evidence_end() when the engine has ended, before
 * diagnosis_explain(). If diagnosis_is_trouble() then, and a client waits, say it: from the
 * fourth look on, after 3 s.
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
 * The engine has been started. library and preload as library_find() and
 * library_name_for_preload() have them; the paths and reports must last as long as the
 * evidence.
 */
void evidence_begin(struct evidence *evidence, struct looks *looks,
                    const struct reports *reports, const char *const *command);

/* When to look next, milliseconds of CLOCK_MONOTONIC; 0: no more. */
int64_t evidence_due(const struct evidence *evidence, const struct looks *looks);

/* Some hundred microseconds for each process below the engine, and at most 64 of them. */
void evidence_look(struct evidence *evidence, struct looks *looks);

/* comm is what the engine's process was named when it had ended, "" if that is not known. */
void evidence_end(struct evidence *evidence, const struct looks *looks, int wait_status,
                  const char *comm);

/*
 * Is there a program below a client that cannot have the library, so that its connection cannot
 * wait for the engine? True: then the facts are its.
 */
bool evidence_of_client(const struct looks *looks, pid_t client, struct proc_facts *facts);

#endif
