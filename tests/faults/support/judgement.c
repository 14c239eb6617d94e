#include "tests/faults/support/judgement.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/base/status.h"
#include "tests/support/sanitizer.h"

const char *judgement_missing(const struct scenario *scenario, const struct shown *shown)
{
    if (shown->status != scenario->status)
        return "the status is another";
    if (strstr(shown->out, scenario->out) == NULL)
        return "the output lacks something";
    if (strstr(shown->err, scenario->err) == NULL)
        return "the line is missing";
    return shown->done ? NULL : "the file is missing";
}

static bool says(const struct shown *shown, const char *text)
{
    return strstr(shown->err, text) != NULL || strstr(shown->out, text) != NULL;
}

/* The line that was to tell could not be written itself. */
static bool was_the_line(const struct inject_call *call)
{
    return call->number == SYS_write && call->arguments[0] == STDERR_FILENO;
}

/* Not a line of ours is executed then. Without its first memory glibc's loader crashes. */
static bool loader_failed(const struct shown *shown)
{
    return shown->status == STATUS_OF_SIGNAL + SIGSEGV ||
           (shown->status == STATUS_NOT_FOUND && shown->err[0] != '\0');
}

static const char *judge_refusal(const struct scenario *scenario, const struct shown *shown,
                                 const struct inject_call *call, int error, enum ending *ending)
{
    *ending = REFUSED;
    if (call->by_loader && loader_failed(shown))
        return NULL;
    if ((shown->status < STATUS_TIMED_OUT || shown->status > STATUS_NOT_FOUND) &&
        shown->status != scenario->no)
        return "the status is none of the contract's";
    if (!says(shown, strerror(error)))
        return "no line names the failure";
    if (shown->engine_ran)
        *ending = LOST;
    return NULL;
}

const char *judgement_of(const struct scenario *scenario, const struct shown *shown,
                         const struct inject_call *call, int error, enum ending *ending)
{
    const char *missing = judgement_missing(scenario, shown);

    if (shown->hung)
        return "it hung";
    if (shown->left > 0)
        return "processes are left";
    if (shown->status != scenario->status)
        return judge_refusal(scenario, shown, call, error, ending);
    *ending = SAVED;
    return says(shown, strerror(error)) || was_the_line(call) ? NULL : missing;
}

const char *judgement_files(const struct scenario *scenario)
{
    if (scenario->beside_run)
        return "tmp/imdshim-* run/port";
    return scenario->done != NULL && strcmp(scenario->done, "run/port") == 0 ? "run/port" : "";
}

bool judgement_removes(const struct inject_call *call)
{
#ifdef SYS_unlink
    if (call->number == SYS_unlink)
        return true;
#endif
    return call->number == SYS_unlinkat;
}

bool judgement_is_sanitizer_s(const struct inject_call *call)
{
    return built_with_sanitizer() &&
           (call->by_loader || call->number == SYS_mmap || call->number == SYS_munmap ||
            call->number == SYS_madvise || call->number == SYS_mprotect);
}
