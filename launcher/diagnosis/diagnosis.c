#include "launcher/diagnosis/diagnosis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "launcher/diagnosis/sentence.h"
#include "launcher/preload/command_line.h"

/* ---- the questions: each is about one row of the table ---- */

static bool bind_failed_with(const struct evidence *evidence, int error)
{
    return evidence->reports->failed_bind.error == error;
}

static bool port_in_use(const struct evidence *evidence)
{
    return bind_failed_with(evidence, EADDRINUSE);
}

static bool port_forbidden(const struct evidence *evidence)
{
    return bind_failed_with(evidence, EACCES);
}

static bool no_such_address(const struct evidence *evidence)
{
    return bind_failed_with(evidence, EADDRNOTAVAIL);
}

static bool bind_failed(const struct evidence *evidence)
{
    return !bind_failed_with(evidence, 0);
}

static bool unmatched(const struct evidence *evidence)
{
    return evidence->reports->unmatched;
}

static bool fifo_removed(const struct evidence *evidence)
{
    return evidence->fifo_removed == YES;
}

/* Judged once more: a port that was not reported when it was seen may have been since. */
static enum cause cause_of_suspect(const struct evidence *evidence)
{
    return evidence->has_suspect ? suspect_cause(&evidence->suspect, evidence->reports)
                                 : CAUSE_NOT_KNOWN;
}

static bool has_suspect(const struct evidence *evidence)
{
    return cause_of_suspect(evidence) > CAUSE_NONE;
}

/* Another process that has the library may be the engine, unless this one is seen to listen. */
static bool suspect_is_it(const struct evidence *evidence)
{
    return has_suspect(evidence) &&
           (!evidence->sound || suspect_port(&evidence->suspect, evidence->reports) != 0);
}

static bool nothing_loaded(const struct evidence *evidence)
{
    const struct reports *reports = evidence->reports;

    return !evidence->sound && reports->engine_image.pid == 0 && reports->program.pid == 0 &&
           reports->launcher.pid == 0;
}

static bool container_silent(const struct evidence *evidence)
{
    return evidence->in_container && nothing_loaded(evidence);
}

static bool failed(const struct evidence *evidence)
{
    return evidence->ended && evidence->wait_status != 0;
}

/* mpirun, and no program that it started has reported itself. */
static bool launcher_alone(const struct evidence *evidence)
{
    return evidence->reports->launcher.pid != 0 && evidence->reports->program.pid == 0;
}

static bool launcher_failed(const struct evidence *evidence)
{
    return launcher_alone(evidence) && failed(evidence);
}

static bool launched_elsewhere(const struct evidence *evidence)
{
    return launcher_alone(evidence) && evidence->agent[0] != '\0';
}

/* Since it was started: by another exec(2), or by itself, prctl(2) PR_SET_NAME. */
static bool renamed(const struct evidence *evidence)
{
    const struct image *image = &evidence->reports->engine_image;

    return evidence->ended && !evidence->sound && evidence->comm[0] != '\0' &&
           image->pid != 0 && strchr(image->comm, '%') == NULL &&
           strcmp(image->comm, evidence->comm) != 0;
}

/* The kernel keeps 15 bytes of a name. */
static bool is_comm(const char *name, const void *comm)
{
    return strncmp(name, comm, COMM_SIZE - 1) == 0;
}

/* env(1), for example, has at its end the name of the program that it was to start. */
static bool became_named(const struct evidence *evidence)
{
    return renamed(evidence) && command_line_names(evidence->command, is_comm, evidence->comm);
}

/*
 * The program with the library was seen to be the one that ran: by a look, or because the
 * engine is the last process that reported itself and has kept its name to its end.
 */
static bool had_the_library_to_its_end(const struct evidence *evidence)
{
    const struct reports *reports = evidence->reports;

    return evidence->sound ||
           (evidence->ended && reports->program.pid == reports->engine_image.pid &&
            !reports->program.remote &&
            strcmp(reports->engine_image.comm, evidence->comm) == 0);
}

/* ---- the table: evidence, cause, sentence ---- */

#define NOT_LOADED "not loaded: "
#define NO_REPORTS "no reports: "
#define CANNOT_LISTEN "cannot listen: "
#define NOTHING_MATCHED "nothing matched: "
#define ENDED_FIRST "engine ended first: "

/* After how many looks is it said while the engine runs? Ranks on other hosts start late. */
enum { NEVER = 0, SOON = LOOKS_SOON, LATE = LOOKS_LATE };

struct row {
    bool (*seen)(const struct evidence *); /* NULL: suspect_is_it() with that cause */
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
    {port_in_use, CAUSE_PORT_IN_USE, SOON, CANNOT_LISTEN,
     "{binder} asked for port {asked}, which is in use, or was until a minute ago "
     "(TIME_WAIT){failed}: with --port {asked} it gets a free one"},
    {port_forbidden, CAUSE_PORT_FORBIDDEN, SOON, CANNOT_LISTEN,
     "{binder} asked for port {asked} and may not have it ({error}): choose one above 1023, or "
     "give --port {asked}"},
    {no_such_address, CAUSE_NO_SUCH_ADDRESS, SOON, CANNOT_LISTEN,
     "{binder} asked for an address that this host does not have: give it one, or --listen"},
    {bind_failed, CAUSE_BIND_FAILED, SOON, CANNOT_LISTEN,
     "{binder} asked for port {asked} and did not get it ({error}): see what it printed"},
    {unmatched, CAUSE_UNMATCHED, NEVER, NOTHING_MATCHED,
     "only {listeners} listened, none as --port and --match say: see -v"},
    {fifo_removed, CAUSE_FIFO_REMOVED, SOON, NO_REPORTS,
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
    {NULL, CAUSE_LIBRARY_HIDDEN, SOON, NOT_LOADED,
     "the library {library} is not visible to {suspect}, which sees other files (a "
     "container?){listens}{failed}: bind its directory and {directory} into the container, or "
     "start imdshim inside, or use --backend notify"},
    {NULL, CAUSE_NO_LIBRARY, SOON, NOT_LOADED,
     "{suspect} runs without the library, although LD_PRELOAD names it{listens}{failed}: see "
     "what ld.so printed, and ask 'imdshim check'"},
    {NULL, CAUSE_VARIABLES_LOST, SOON, NO_REPORTS,
     "{suspect} has the library, but not the variables IMDSHIM_* in its "
     "environment{failed}: " BEHIND},
    {NULL, CAUSE_FIFO_HIDDEN, SOON, NO_REPORTS,
     "{suspect} has the library, but the FIFO {fifo} is not visible to it, which sees other "
     "files (a container, a private /tmp?){failed}: bind {directory} into it, or set TMPDIR to "
     "a directory that is visible there"},
    {NULL, CAUSE_PORT_UNSEEN, SOON, NO_REPORTS,
     "{suspect} has the library and listens on port {port}, but not by a call that the library "
     "sees (a plug-in opened with RTLD_DEEPBIND, or system calls of its own){failed}: use "
     "--backend notify, or connect to that port yourself"},
    {NULL, CAUSE_CLOSED, SOON, NO_REPORTS,
     "{suspect}, of user {uid}, cannot be looked at and has not reported itself{failed}: "
     "set-user-ID programs and sudo drop LD_PRELOAD, start imdshim behind them"},

    {container_silent, CAUSE_CONTAINER_SILENT, LATE, NO_REPORTS,
     "nothing in the container that process {pid} starts has reported that it has the library: "
     "is the image there, is its engine dynamically linked, and may its user write to "
     "{directory}?{failed}"},
    {nothing_loaded, CAUSE_NOTHING_LOADED, SOON, NOT_LOADED,
     "nothing in process {pid} has reported that it has the library: ask 'imdshim check "
     "ENGINE'"},
    {launcher_failed, CAUSE_LAUNCHER_FAILED, NEVER, ENDED_FIRST,
     "{launcher} ended with status {status}, and no program that it started has reported "
     "itself: see what it printed{runtime}"},
    {launched_elsewhere, CAUSE_ELSEWHERE, LATE, NO_REPORTS,
     "{launcher} starts programs on other hosts ({agent} runs below it), and none has reported "
     "that it has the library: " PASS_ON "{runtime}"},
    {launcher_alone, CAUSE_NOT_PASSED_ON, LATE, ENDED_FIRST,
     "no program that {launcher} started has reported that it has the library: " PASS_ON
     "{runtime}"},
    {became_named, CAUSE_BECAME, NEVER, NOT_LOADED,
     "{image} became '{comm}', as its command says, and that has not reported that it has the "
     "library{failed}: " BEHIND},
    {has_suspect, CAUSE_SOME_WITHOUT, NEVER, ENDED_FIRST,
     "{program} had the library and opened no port, {suspect} ran without it or could not "
     "report{failed}: if that is the engine, start imdshim directly before it{runtime}"},
    {renamed, CAUSE_RENAMED, NEVER, ENDED_FIRST,
     "{image} had the library and opened no port; its process was named '{comm}' at the "
     "end{failed}: if that was another program, start imdshim before it{runtime}"},
    {failed, CAUSE_FAILED, NEVER, ENDED_FIRST,
     "{program} had the library and opened no port; the run ended with status {status}: see "
     "what was printed{runtime}"},
    {had_the_library_to_its_end, CAUSE_NEVER_LISTENED, NEVER, ENDED_FIRST,
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
    return row->cause == cause_of_suspect(evidence) && suspect_is_it(evidence);
}

/*
 * A suspect that has ended was not the engine: that still runs. The report of a port that was
 * seen only now may be on its way.
 */
bool diagnosis_is_trouble(enum cause cause, const struct evidence *evidence)
{
    unsigned in_looks = cause == CAUSE_PORT_UNSEEN ? 2 : 1;

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
