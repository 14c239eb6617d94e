#include "launcher/diagnosis/diagnosis.h"

#include <stdio.h>
#include <string.h>

#include "launcher/diagnosis/sentence.h"
#include "launcher/diagnosis/signs.h"

/* ---- the table: evidence, cause, sentence ---- */

#define NOT_LOADED "not loaded: "
#define NO_REPORTS "no reports: "
#define CANNOT_LISTEN "cannot listen: "
#define NOTHING_MATCHED "nothing matched: "
#define ENDED_FIRST "engine ended first: "

/* After how many looks is it said while the engine runs? Ranks on other hosts start late. */
enum { NEVER = 0, SOON = LOOKS_SOON, LATE = LOOKS_LATE };

struct row {
    bool (*seen)(const struct evidence *); /* NULL: sign_suspect() of that cause */
    enum cause cause;
    unsigned after; /* so many looks */
    const char *heading;
    const char *sentence;
};

#define BEHIND                                                                                 \
    "start imdshim behind what does that (env -i, sudo, a wrapper), before the engine"
#define PASS_ON                                                                                \
    "let it pass LD_PRELOAD and IMDSHIM_* on (mpiexec -genvall, mpirun -x LD_PRELOAD, "        \
    "srun --export=ALL)"

/* The first row that holds is the one that is said, and the last one if none does. */
static const struct row table[] = {
    {sign_port_in_use, CAUSE_PORT_IN_USE, SOON, CANNOT_LISTEN,
     "{binder} asked for port {asked}, which is in use, or was until a minute ago "
     "(TIME_WAIT){failed}: with --port {asked} it gets a free one"},
    {sign_port_forbidden, CAUSE_PORT_FORBIDDEN, SOON, CANNOT_LISTEN,
     "{binder} asked for port {asked} and may not have it ({error}): choose one above 1023, or "
     "give --port {asked}"},
    {sign_no_such_address, CAUSE_NO_SUCH_ADDRESS, SOON, CANNOT_LISTEN,
     "{binder} asked for an address that this host does not have: give it one, or --listen"},
    {sign_bind_failed, CAUSE_BIND_FAILED, SOON, CANNOT_LISTEN,
     "{binder} asked for port {asked} and did not get it ({error}): see what it printed"},
    {sign_unmatched, CAUSE_UNMATCHED, NEVER, NOTHING_MATCHED,
     "only {listeners} listened, none as --port and --match say: see -v"},
    {sign_fifo_removed, CAUSE_FIFO_REMOVED, SOON, NO_REPORTS,
     "the FIFO on which the engine reports, {fifo}, has been removed: keep what cleans up "
     "there away from it, or set TMPDIR to another directory"},

    {NULL, CAUSE_STATIC, SOON, NOT_LOADED,
     "{suspect} is statically linked, no library can be preloaded into it{listens}{failed}: "
     "use a dynamically linked build, or --backend notify"},
    {NULL, CAUSE_OTHER_LIBC, SOON, NOT_LOADED,
     "{suspect} uses another C library than glibc and musl ({detail}){listens}{failed}: use a "
     "build for one of them"},
    {NULL, CAUSE_OTHER_MACHINE, SOON, NOT_LOADED,
     "{suspect} is for another machine ({detail}){listens}{failed}: use an imdshim built for "
     "it"},
    {NULL, CAUSE_SECURE, SOON, NOT_LOADED,
     "{suspect} is set-user-ID, set-group-ID or has file capabilities, ld.so ignores "
     "LD_PRELOAD there{listens}{failed}: use a copy without them"},
    {NULL, CAUSE_PRELOAD_LOST, SOON, NOT_LOADED,
     "{suspect} was started without the library in LD_PRELOAD, something before it has cleared "
     "or replaced that{listens}{failed}: " BEHIND ", or use --backend notify"},
    {NULL, CAUSE_LIBRARY_GONE, SOON, NOT_LOADED,
     "the library {library} has been removed since the run began, and {suspect} was started "
     "without it{listens}{failed}: put it there again"},
    {NULL, CAUSE_LIBRARY_HIDDEN, SOON, NOT_LOADED,
     "the library {library} is not visible to {suspect}, which sees other files (a "
     "container?){listens}{failed}: bind its directory and {directory} into the container, or "
     "start imdshim inside, or use --backend notify"},
    {NULL, CAUSE_NO_LIBRARY, SOON, NOT_LOADED,
     "{suspect} runs without the library, although LD_PRELOAD names it{listens}{failed}: see "
     "what ld.so printed, and ask 'imdshim check'"},
    {NULL, CAUSE_VARIABLES_LOST, SOON, NO_REPORTS,
     "{suspect} has the library, but not the variables IMDSHIM_* in its "
     "environment{failed}: " BEHIND ", or use --backend notify"},
    {NULL, CAUSE_NESTED, SOON, NO_REPORTS,
     "{suspect} reports to another imdshim, which was started below this one{failed}: "
     "leave one of the two out"},
    {NULL, CAUSE_FIFO_HIDDEN, SOON, NO_REPORTS,
     "{suspect} has the library, but the FIFO {fifo} is not visible to it, which sees other "
     "files (a container, a private /tmp?){failed}: bind {directory} into it, set TMPDIR to a "
     "directory that is visible there, or use --backend notify"},
    {NULL, CAUSE_OTHER_USER, SOON, NO_REPORTS,
     "{suspect} has the library, but runs as user {uid}, who may not write to the FIFO "
     "{fifo}{failed}: start imdshim as that user"},
    {NULL, CAUSE_PORT_UNSEEN, SOON, NO_REPORTS,
     "{suspect} has the library and listens on port {port}, and has not reported it: the call "
     "does not pass through the library (a plug-in opened with RTLD_DEEPBIND, or system calls "
     "of its own), or the FIFO cannot be opened (no free descriptor, a sandbox){failed}: use "
     "--backend notify, or connect to that port yourself"},
    {NULL, CAUSE_STOPPED, SOON, "",
     "{suspect} is stopped, by a signal such as SIGSTOP, or SIGTTIN for input from a "
     "terminal{failed}: let it go on with 'kill -CONT'"},
    {NULL, CAUSE_CLOSED, SOON, NO_REPORTS,
     "{suspect}, of user {uid}, cannot be looked at and has not reported itself{failed}: "
     "set-user-ID programs and sudo drop LD_PRELOAD, start imdshim behind them"},

    {sign_ended_at_once, CAUSE_ENDED_AT_ONCE, NEVER, ENDED_FIRST,
     "a signal ended process {pid} (status {status}) before anything in it had reported "
     "itself: if nobody sent one, ask 'imdshim check ENGINE'"},
    {sign_container_silent, CAUSE_CONTAINER_SILENT, LATE, NO_REPORTS,
     "nothing in the container that process {pid} starts has reported that it has the library: "
     "is the image there, is its engine dynamically linked, and may its user write to "
     "{directory}?{failed}"},
    {sign_nothing_loaded, CAUSE_NOTHING_LOADED, SOON, NOT_LOADED,
     "nothing in process {pid} has reported that it has the library: ask 'imdshim check "
     "ENGINE'"},
    {sign_launcher_failed, CAUSE_LAUNCHER_FAILED, NEVER, ENDED_FIRST,
     "{launcher} ended with status {status}, and no program that it started has reported "
     "itself: see what it printed{runtime}"},
    {sign_launched_elsewhere, CAUSE_ELSEWHERE, LATE, NO_REPORTS,
     "{launcher} starts programs on other hosts ({agent} runs below it), and none has reported "
     "that it has the library: " PASS_ON "{runtime}"},
    {sign_launcher_alone, CAUSE_NOT_PASSED_ON, LATE, ENDED_FIRST,
     "no program that {launcher} started has reported that it has the library: " PASS_ON
     "{runtime}"},
    {sign_nested, CAUSE_NESTED_BEFORE, NEVER, NO_REPORTS,
     "{nested} ran below this one: if it has started the engine, that has reported to it "
     "alone{failed}: leave one of the two out"},
    {sign_became_named, CAUSE_BECAME, NEVER, NOT_LOADED,
     "{image} became '{comm}', as its command says, and that has not reported that it has the "
     "library{failed}: " BEHIND},
    {sign_has_suspect, CAUSE_SOME_WITHOUT, NEVER, ENDED_FIRST,
     "{program} had the library and opened no port, {suspect} ran without it or could not "
     "report{failed}: if that is the engine, start imdshim directly before it{runtime}"},
    {sign_renamed, CAUSE_RENAMED, NEVER, ENDED_FIRST,
     "{image} had the library and opened no port; its process was named '{comm}' at the "
     "end{failed}: if that was another program, start imdshim before it{runtime}"},
    {sign_failed, CAUSE_FAILED, NEVER, ENDED_FIRST,
     "{program} had the library and opened no port; the run ended with status {status}: see "
     "what was printed{runtime}"},
    {sign_runs_on, CAUSE_RUNS_ON, NEVER, ENDED_FIRST, SENTENCE_RUNS_ON},
    {sign_had_the_library_to_its_end, CAUSE_NEVER_LISTENED, NEVER, ENDED_FIRST,
     "{program} had the library and opened no port: is IMD switched on in its input and its "
     "options?{runtime}"},
    {NULL, CAUSE_NOT_LOOKED_AT, NEVER, ENDED_FIRST,
     "{program} had the library and opened no port; what it may have become or started did not "
     "last long enough to be looked at{runtime}"},
};

enum { ROWS = sizeof table / sizeof table[0] };

static bool holds(const struct row *row, const struct evidence *evidence)
{
    if (row->seen != NULL)
        return row->seen(evidence);
    return sign_suspect(evidence, row->cause);
}

/*
 * A suspect that has ended was not the engine: that still runs. The report of a port that was
 * seen only now may be on its way.
 */
bool diagnosis_is_trouble(enum cause cause, const struct evidence *evidence)
{
    unsigned in_looks = cause == CAUSE_PORT_UNSEEN || cause == CAUSE_STOPPED ? 2 : 1;

    for (size_t i = 0; i < ROWS; i++)
        if (table[i].cause == cause)
            return table[i].after != NEVER && evidence->looks >= table[i].after &&
                   (table[i].seen != NULL || evidence->suspect_looks >= in_looks);
    return false;
}

/*
 * The engine has not ended first while it runs; and if others listened than the engine, they
 * are in the sentence.
 */
static const char *heading_of(const struct row *row, const struct evidence *evidence)
{
    if (strcmp(row->heading, ENDED_FIRST) != 0)
        return row->heading;
    if (evidence->reports->passed_count > 0)
        return NOTHING_MATCHED;
    return evidence->ended ? ENDED_FIRST : "";
}

enum cause diagnosis_explain(const struct evidence *evidence, char *text, size_t size)
{
    const struct row *row = table;

    while (row < table + ROWS - 1 && !holds(row, evidence))
        row++;
    snprintf(text, size, "%s", heading_of(row, evidence));
    sentence_put(text, size, row->sentence, evidence);
    return row->cause;
}
