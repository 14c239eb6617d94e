#include "launcher/diagnosis/signs.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "launcher/preload/command_line.h"

static bool bind_failed_with(const struct evidence *evidence, int error)
{
    return evidence->reports->failed_bind.error == error;
}

bool sign_port_in_use(const struct evidence *evidence)
{
    return bind_failed_with(evidence, EADDRINUSE) && evidence->reports->failed_bind.port != 0;
}

bool sign_port_forbidden(const struct evidence *evidence)
{
    return bind_failed_with(evidence, EACCES);
}

bool sign_no_such_address(const struct evidence *evidence)
{
    return bind_failed_with(evidence, EADDRNOTAVAIL);
}

bool sign_bind_failed(const struct evidence *evidence)
{
    return !bind_failed_with(evidence, 0);
}

bool sign_unmatched(const struct evidence *evidence)
{
    return evidence->reports->unmatched;
}

bool sign_fifo_removed(const struct evidence *evidence)
{
    return evidence->fifo_removed == YES;
}

/* Judged once more: a port that was not reported when it was seen may have been since. */
static enum cause cause_of_suspect(const struct evidence *evidence)
{
    return evidence->has_suspect ? suspect_cause(&evidence->suspect, evidence->reports)
                                 : CAUSE_NOT_KNOWN;
}

bool sign_has_suspect(const struct evidence *evidence)
{
    return cause_of_suspect(evidence) > CAUSE_NONE;
}

/* Another process that has the library may be the engine, unless this one is seen to listen. */
bool sign_suspect(const struct evidence *evidence, enum cause cause)
{
    return cause_of_suspect(evidence) == cause &&
           (!evidence->sound || suspect_port(&evidence->suspect, evidence->reports) != 0);
}

bool sign_nothing_loaded(const struct evidence *evidence)
{
    const struct reports *reports = evidence->reports;

    return !evidence->sound && reports->engine_image.pid == 0 && reports->program.pid == 0 &&
           reports->launcher.pid == 0;
}

/* By a signal, maybe ours: ld.so may not have come to the library by then. */
bool sign_ended_at_once(const struct evidence *evidence)
{
    return evidence->ended && WIFSIGNALED(evidence->wait_status) &&
           evidence->looks < LOOKS_SOON && sign_nothing_loaded(evidence);
}

bool sign_container_silent(const struct evidence *evidence)
{
    return evidence->in_container && sign_nothing_loaded(evidence);
}

bool sign_failed(const struct evidence *evidence)
{
    return evidence->ended && evidence->wait_status != 0;
}

/* mpirun, and no program that it started has reported itself. */
bool sign_launcher_alone(const struct evidence *evidence)
{
    return evidence->reports->launcher.pid != 0 && evidence->reports->program.pid == 0;
}

bool sign_launcher_failed(const struct evidence *evidence)
{
    return sign_launcher_alone(evidence) && sign_failed(evidence);
}

bool sign_launched_elsewhere(const struct evidence *evidence)
{
    return sign_launcher_alone(evidence) && evidence->agent[0] != '\0';
}

/* Since it was started: by another exec(2), or by itself, prctl(2) PR_SET_NAME. */
bool sign_renamed(const struct evidence *evidence)
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
bool sign_became_named(const struct evidence *evidence)
{
    return sign_renamed(evidence) &&
           command_line_names(evidence->command, is_comm, evidence->comm);
}

bool sign_nested(const struct evidence *evidence)
{
    return evidence->reports->nested.pid != 0;
}

bool sign_runs_on(const struct evidence *evidence)
{
    return evidence->left != 0;
}

/*
 * The program with the library was seen to be the one that ran: by a look, or because the
 * engine is the last process that reported itself and has kept its name to its end.
 */
bool sign_had_the_library_to_its_end(const struct evidence *evidence)
{
    const struct reports *reports = evidence->reports;

    return evidence->sound ||
           (evidence->ended && reports->program.pid == reports->engine_image.pid &&
            !reports->program.remote &&
            strcmp(reports->engine_image.comm, evidence->comm) == 0);
}
