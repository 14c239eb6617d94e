#include "launcher/diagnosis/suspect.h"

unsigned suspect_port(const struct proc_facts *facts, const struct reports *reports)
{
    for (size_t i = 0; i < facts->port_count; i++)
        if (!reports_have_port(reports, facts->ports[i]))
            return facts->ports[i];
    return 0;
}

static enum cause why_without_library(const struct proc_facts *facts)
{
    if (facts->verdict == PREFLIGHT_STATIC)
        return CAUSE_STATIC;
    if (facts->verdict == PREFLIGHT_OTHER_LIBC)
        return CAUSE_OTHER_LIBC;
    if (facts->verdict == PREFLIGHT_OTHER_MACHINE)
        return CAUSE_OTHER_MACHINE;
    if (facts->secure == YES)
        return CAUSE_SECURE;
    if (facts->preloads == NO)
        return CAUSE_PRELOAD_LOST;
    if (facts->library_gone)
        return CAUSE_LIBRARY_GONE;
    if (facts->preloads == YES && facts->sees_library == NO)
        return CAUSE_LIBRARY_HIDDEN;
    return CAUSE_NO_LIBRARY;
}

enum cause suspect_cause(const struct proc_facts *facts, const struct reports *reports)
{
    if (reports->notified) /* no library is needed */
        return suspect_port(facts, reports) != 0 ? CAUSE_PORT_UNSEEN : CAUSE_NONE;
    if (facts->closed == YES)
        return CAUSE_CLOSED;
    if (facts->has_library == NO)
        return why_without_library(facts);
    if (facts->has_library == NOT_KNOWN)
        return CAUSE_NOT_KNOWN;
    if (facts->has_channel == NO)
        return CAUSE_VARIABLES_LOST;
    if (facts->elsewhere == YES)
        return CAUSE_NESTED;
    if (facts->sees_fifo == NO && facts->by_tcp != YES)
        return CAUSE_FIFO_HIDDEN;
    if (facts->may_report == NO && facts->by_tcp != YES)
        return CAUSE_OTHER_USER;
    if (suspect_port(facts, reports) != 0)
        return CAUSE_PORT_UNSEEN;
    return facts->stopped ? CAUSE_STOPPED : CAUSE_NONE;
}
