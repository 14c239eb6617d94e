/*
 * Is one process the reason why no IMD port is known? Pure.
 */
#ifndef IMDSHIM_LAUNCHER_DIAGNOSIS_SUSPECT_H
#define IMDSHIM_LAUNCHER_DIAGNOSIS_SUSPECT_H

#include "launcher/diagnosis/reports.h"
#include "launcher/proc/proc_facts.h"

/* Why there is no IMD listener: of one process, and then of the run as diagnosis.h has it. */
enum cause {
    /* Of one process that was looked at. */
    CAUSE_NOT_KNOWN,
    CAUSE_NONE, /* it has the library, and what it reports arrives */
    CAUSE_CLOSED,
    CAUSE_STATIC,
    CAUSE_OTHER_LIBC,
    CAUSE_OTHER_MACHINE,
    CAUSE_SECURE,
    CAUSE_PRELOAD_LOST,
    CAUSE_LIBRARY_GONE,
    CAUSE_LIBRARY_HIDDEN,
    CAUSE_NO_LIBRARY,
    CAUSE_VARIABLES_LOST,
    CAUSE_NESTED,
    CAUSE_FIFO_HIDDEN,
    CAUSE_OTHER_USER,
    CAUSE_PORT_UNSEEN,
    CAUSE_STOPPED,
    /* Of the run. */
    CAUSE_PORT_IN_USE,
    CAUSE_PORT_FORBIDDEN,
    CAUSE_NO_SUCH_ADDRESS,
    CAUSE_BIND_FAILED,
    CAUSE_UNMATCHED,
    CAUSE_FIFO_REMOVED,
    CAUSE_ENDED_AT_ONCE,
    CAUSE_CONTAINER_SILENT,
    CAUSE_NOTHING_LOADED,
    CAUSE_LAUNCHER_FAILED,
    CAUSE_ELSEWHERE,
    CAUSE_NOT_PASSED_ON,
    CAUSE_RUNTIME_ALONE,
    CAUSE_FAILED,
    CAUSE_SOME_WITHOUT,
    CAUSE_BECAME,
    CAUSE_RENAMED,
    CAUSE_RUNS_ON,
    CAUSE_NEVER_LISTENED,
    CAUSE_NESTED_BEFORE,
    CAUSE_NOT_LOOKED_AT,
};

/* What is wrong with a process that was looked at. */
enum cause suspect_cause(const struct proc_facts *facts, const struct reports *reports);

/* A port on which it listens, and nothing has been reported of it; 0: none. */
unsigned suspect_port(const struct proc_facts *facts, const struct reports *reports);

#endif
