#include "launcher/run/run_events.h"

#include "launcher/run/messages.h"

typedef void action(struct run *run);

/* clang-format off */
static action *const actions[PHASES][HAPPENINGS] = {
    [STARTING] = {
        [LISTENS]       = run_learn_port,
        [ENGINE_ENDS]   = run_explain_no_port,
        [CLIENT_ENDS]   = run_judge_client,
        [INTERRUPTED]   = run_note_interrupt,
        [TIME_IS_UP]    = run_look_last,
        [LOOK_IS_DUE]   = run_look,
    },
    [LISTENING] = {
        [LISTENS]       = run_learn_port,
        [WAITS]         = run_become_ready,
        [NO_WAIT_SEEN]  = run_remark_no_wait,
        [ENGINE_ENDS]   = run_explain_no_client,
        [CLIENT_ENDS]   = run_judge_client,
        [INTERRUPTED]   = run_note_interrupt,
        [TIME_IS_UP]    = run_give_up_waiting,
        [LOOK_IS_DUE]   = run_look,
    },
    [READY] = {
        [LISTENS]       = run_learn_port,
        [ACCEPTS]       = run_note_connection,
        [ENGINE_ENDS]   = run_leave_unaccepted_client,
        [CLIENT_ENDS]   = run_judge_client,
        [INTERRUPTED]   = run_note_interrupt,
        [LOOK_IS_DUE]   = run_look,
    },
    [CONNECTED] = {
        [LISTENS]       = run_learn_port,
        [ENGINE_ENDS]   = run_leave_client,
        [CLIENT_ENDS]   = run_judge_client,
        [INTERRUPTED]   = run_note_interrupt,
        [LOOK_IS_DUE]   = run_look,
    },
    [ENDING] = {
        [ENGINE_ENDS]   = run_leave_orphans,
        [CLIENT_ENDS]   = run_check_gate_was_used,
        [INTERRUPTED]   = run_note_interrupt,
        [GRACE_IS_OVER] = run_kill_all,
    },
    [ENDED] = {
        [CLIENT_ENDS]   = run_check_gate_was_used,
        [INTERRUPTED]   = run_limit_client,
        [GRACE_IS_OVER] = run_kill_all,
    },
};
/* clang-format on */

void run_happens(struct run *run, enum happening happening)
{
    action *act = actions[run->phase][happening];

    if (act != NULL)
        act(run);
}

/* Where the user has named another port than the input has, client and engine wait for ever. */
static enum verbosity weight_of_passed(const struct run *run, bool unmatched_before)
{
    bool first = run->reports.unmatched && !unmatched_before && run->phase == STARTING;

    return first && run->options->client != NULL ? NORMAL : VERBOSE;
}

void run_on_event(struct run *run, const struct received *received)
{
    bool unmatched = run->reports.unmatched;

    switch (reports_add(&run->reports, received)) {
    case NEWS_LISTENING:
        run_happens(run, LISTENS);
        break;
    case NEWS_READY:
        run_happens(run, WAITS);
        break;
    case NEWS_CONNECTED:
        run_happens(run, ACCEPTS);
        break;
    case NEWS_PASSED:
        message_passed(run->options, weight_of_passed(run, unmatched), &received->event);
        break;
    case NEWS_OTHER_FAMILY:
        message_passed(run->options, VERBOSE, &received->event);
        run_serve_both_families(run);
        break;
    case NEWS_REFUSED:
        message_refused(run->options, &received->event);
        break;
    case NEWS_BIND_FAILED:
        message_bind_failed(run->options, &received->event);
        break;
    case NEWS_DENIED:
        message_denied(run->options, &received->event);
        break;
    case NEWS_LAUNCHER:
        run_hear_other_hosts(run);
        break;
    case NEWS_NONE:
        break;
    }
}

/* To the engine; to the client when the engine is gone. fg(1) continues the whole group itself.
 */
static void pass_on(struct run *run, const struct signalfd_siginfo *info)
{
    struct child *to = run->engine.state == CHILD_RUNS ? &run->engine : &run->client;
    int signal = (int)info->ssi_signo;

    if (signals_must_pass_on(info) && (signal != SIGCONT || child_is_stopped(to)))
        child_signal(to, signal);
}

void run_on_signal(struct run *run, const struct signalfd_siginfo *info)
{
    int signal = (int)info->ssi_signo;

    if (signal == SIGCHLD)
        return; /* it has woken us */
    if (signals_ends_programs(signal) && sigismember(&run->signals.ignored, signal) == 0)
        run_happens(run, INTERRUPTED);
    pass_on(run, info);
    if (signal == SIGTSTP)
        signals_stop_self(&run->signals, SIGTSTP);
}
