#include <unistd.h>

#include "launcher/base/clock.h"
#include "launcher/base/status.h"
#include "launcher/run/messages.h"
#include "launcher/run/run.h"

enum { PATIENCE = 20 }; /* seconds: podman rm waits ten of them for what ignores SIGTERM */

/* A client that was to end with it has a limit, and so does one that would ask for it for ever. */
void run_leave_client(struct run *run)
{
    bool in_vain = run_has_gate(run) && !run->served;

    run->give_up_at = run->remark_at = 0;
    if (run->outcome.interrupted || in_vain)
        run->kill_at = clock_in(RUN_GRACE);
    gate_shut(&run->gate);
    run_enter(run, ENDED);
}

void run_explain_no_port(struct run *run)
{
    evidence_end(&run->evidence, &run->looks, run->engine.wait_status, run->engine.comm);
    if (!run->obstacle && !run->reports.refused && !run->trouble_said)
        message_no_port(run->options, &run->evidence);
    run_leave_client(run);
}

void run_explain_no_client(struct run *run)
{
    if (run->options->client != NULL && !run->served)
        message(run->options, NORMAL,
                "the engine ended with status %d before it waited for a client",
                status_of_wait(run->engine.wait_status));
    run_leave_client(run);
}

/*
 * A client that no engine has accepted may wait for one for ever, and would hold an allocation as
 * long. An engine that has ended well may have had enough of it. Who is accepted is not known
 * with user notification.
 */
void run_leave_unaccepted_client(struct run *run)
{
    int status = status_of_wait(run->engine.wait_status);
    bool in_vain = status != 0 && !run->accepted && run->client.state == CHILD_RUNS &&
                   !run->outcome.interrupted && !run->notified;

    run_leave_client(run);
    if (!in_vain)
        return;
    message(run->options, NORMAL,
            "the engine ended with status %d and had accepted no client: ending the client "
            "in %d s",
            status, RUN_GRACE);
    run->kill_at = clock_in(RUN_GRACE);
}

/* What it has left behind keeps the time that it had. */
void run_leave_orphans(struct run *run)
{
    run_enter(run, ENDED);
}

void run_note_interrupt(struct run *run)
{
    run->outcome.interrupted = true;
    run->record.state = ENDING;
    record_write(run->record_fd, &run->record);
}

void run_limit_client(struct run *run)
{
    run->outcome.interrupted = true;
    if (run->kill_at == 0)
        run->kill_at = clock_in(RUN_GRACE);
}

/*
 * podman and docker are killed without their container, and by a SIGTERM that comes before they
 * pass signals on. What they say of one that has ended already is no news.
 */
void run_end_container(struct run *run)
{
    const struct child_plan plan = {
        .argv = (const char *const *)run->container.kill.list,
        .environment = environ,
        .without_input = true,
        .without_output = true,
    };

    if (run->container.kill.count == 0 || run->ender.state != CHILD_NONE)
        return;
    run->ender_until = clock_in(PATIENCE);
    run->orphans.spared = &run->ender;
    child_start(&run->ender, &plan, &run->signals);
}
