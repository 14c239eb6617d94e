#include <errno.h>

#include "launcher/base/clock.h"
#include "launcher/run/messages.h"
#include "launcher/run/run.h"
#include "shim/wire/peer.h"

enum { REPORT_WAIT = 1 }; /* seconds, for an engine that has no processor now */

static bool client_is_awaited(const struct run *run)
{
    return run_has_gate(run) && run->gate.asked == 0 && !run->client_lost &&
           run->client.state == CHILD_RUNS;
}

int64_t run_look_at(const struct run *run)
{
    bool runs = run->phase != ENDING && run->phase != ENDED;

    return runs && (run->phase == STARTING || client_is_awaited(run))
               ? evidence_due(&run->evidence, &run->looks)
               : 0;
}

/* A user whose client waits is to read of trouble while it lasts. */
void run_look(struct run *run)
{
    struct proc_facts facts;

    evidence_look(&run->evidence, &run->looks);
    if (run->options->client != NULL && run->phase == STARTING && !run->reports.refused &&
        !run->trouble_said && !run->obstacle)
        run->trouble_said = message_trouble(run->options, &run->evidence);
    if (client_is_awaited(run) && run->evidence.looks >= LOOKS_SOON &&
        evidence_of_client(&run->looks, run->client.pid, &facts)) {
        run->client_lost = true;
        message_client_lost(run->options, &facts);
    }
}

/*
 * A port that has not been reported may have been opened just now, and its report be on its way:
 * it has a moment, once.
 */
void run_look_last(struct run *run)
{
    const struct evidence *evidence = &run->evidence;

    evidence_look(&run->evidence, &run->looks);
    if (!run->looked_last && evidence->has_suspect &&
        suspect_cause(&evidence->suspect, &run->reports) == CAUSE_PORT_UNSEEN) {
        run->looked_last = true;
        run->give_up_at = clock_in(REPORT_WAIT);
    } else {
        run_give_up_listening(run);
    }
}

/* ---- the gate ---- */

/*
 * A wildcard of IPv6 is, for the library in the client, the loopback of the client's own family
 * (shim/hooks/gate.c, reach_from).
 */
void run_open_gate(struct run *run, union address server)
{
    unsigned port = address_port(&server);

    if (run->reports.both_families && !run->options->relay) {
        address_parse(&server, "::");
        address_set_port(&server, port);
    }
    gate_open(&run->gate, &server);
}

/* The gate may be open already, where only one of them was known. */
void run_serve_both_families(struct run *run)
{
    if (run_has_gate(run) && run->gate.state == GATE_OPEN && !run->options->relay)
        run_open_gate(run, endpoint_numeric(&run->reports.listener));
}

void run_see_listener(struct run *run)
{
    run->listener_seen =
        !run->reports.listener.remote && peer_listens(&run->reports.listener.address);
}

/*
 * The kernel is asked, because a connection would be taken for the client. It may not know: of a
 * listener that it knew of when the client could begin it is believed.
 */
bool run_listener_is_gone(const struct run *run)
{
    return run->listener_seen && !peer_listens(&run->reports.listener.address) &&
           errno == ENOENT;
}

/*
 * Between LAMMPS's unfix and its next fix imd nobody listens: a client that comes back then
 * waits, as it did the first time. The relay finds that out itself.
 */
void run_admit(struct run *run)
{
    if (run->gate.state == GATE_OPEN && !run->options->relay && gate_is_asked(&run->gate) &&
        run_listener_is_gone(run))
        gate_hold(&run->gate);
    gate_admit(&run->gate);
}
