#include "launcher/diagnosis/notified.h"

#include <stdio.h>

#include "launcher/diagnosis/sentence.h"
#include "launcher/diagnosis/signs.h"

static bool port_unseen(const struct evidence *evidence)
{
    return evidence->has_suspect && suspect_port(&evidence->suspect, evidence->reports) != 0;
}

static bool elsewhere(const struct evidence *evidence)
{
    return evidence->agent[0] != '\0';
}

static bool always(const struct evidence *evidence)
{
    (void)evidence;
    return true;
}

#define ENDED_FIRST "engine ended first: "

/* The first row that holds is the one that is said. */
static const struct row {
    bool (*seen)(const struct evidence *);
    enum cause cause;
    const char *sentence;
} table[] = {
    {sign_port_in_use, CAUSE_PORT_IN_USE,
     "cannot listen: {binder} asked for port {asked}, which is in use, or was until a minute "
     "ago "
     "(TIME_WAIT){failed}: with --port {asked} it gets a free one"},
    {sign_bind_failed, CAUSE_BIND_FAILED,
     "cannot listen: {binder} asked for port {asked} and did not get it ({error}): see what it "
     "printed"},
    {sign_unmatched, CAUSE_UNMATCHED,
     "nothing matched: only {listeners} listened, none as --port and --match say: see -v"},
    {port_unseen, CAUSE_PORT_UNSEEN,
     "no reports: {suspect} listens on port {port}, and its call could not be seen: it is a "
     "program for another machine, or the kernel does not let us look into it{failed}: connect "
     "to that port yourself"},
    {elsewhere, CAUSE_ELSEWHERE,
     "no reports: programs are started on other hosts ({agent} runs below the engine), and "
     "user "
     "notification sees those of this host{failed}: use --backend preload"},
    {sign_failed, CAUSE_FAILED,
     ENDED_FIRST "{program} opened no port; the run ended with status {status}: see what was "
                 "printed{runtime}"},
    {sign_runs_on, CAUSE_RUNS_ON, ENDED_FIRST SENTENCE_RUNS_ON},
    {always, CAUSE_NEVER_LISTENED,
     ENDED_FIRST "{program} opened no port: is IMD switched on in its input and its "
                 "options?{runtime}"},
};

enum cause notified_explain(const struct evidence *evidence, char *text, size_t size)
{
    const struct row *row = table;
    size_t skipped = 0;

    while (!row->seen(evidence))
        row++;
    if (!evidence->ended && (row->cause == CAUSE_FAILED || row->cause == CAUSE_NEVER_LISTENED))
        skipped = sizeof ENDED_FIRST - 1;
    text[0] = '\0';
    sentence_put(text, size, row->sentence + skipped, evidence);
    return row->cause;
}
