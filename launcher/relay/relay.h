/*
 * The relay: one client of the engine that serves its stream on, to any number of clients, in
 * the version of IMD that they want. A machine that is driven by its owner's wait loop: a
 * descriptor for poll(2), a deadline, and a turn.
 *
 * The engine is connected to when the first client comes, and let go when the last one has
 * left. The first GO of a client is the engine's; but an engine waits for one only a second,
 * and LAMMPS ends its run then, so half a second after its greeting the relay says GO itself.
 * It does so at once if SESSIONINFO has to be learned from the first frame (translation.h), for
 * which clients wait three seconds.
 * What comes before a client has said GO is kept: none is lost.
 *
 * A client that comes later begins with the next frame. The slowest client sets the pace, as
 * without a relay: when the backlog is full, nothing is read from the engine. With others_skip
 * only the first does, and those who are too slow miss whole frames.
 *
 * The first client is the one whose GO came first of those that are there. Commands of others
 * are read and dropped, unless others_steer. If the first leaves a run that it has paused, it
 * goes on for the others.
 *
 * Memory: the backlog; for each client the frame that it is in if it skips, and a command of
 * forces (imd/command.h). An IMD stream has no checksum and no authentication: who can connect
 * can read, and --only-me is for the users of this host.
 */
#ifndef IMDSHIM_LAUNCHER_RELAY_RELAY_H
#define IMDSHIM_LAUNCHER_RELAY_RELAY_H

#include "launcher/relay/state.h"

/* What the user is told once relay.unserved is not 0 any more. */
#define RELAY_UNSERVED                                                                         \
    "the engine has sent energies and no coordinates yet, for which clients of IMD version 3 " \
    "wait: --imd-version 2 passes energies on alone"

/* And of relay.presumed. */
#define RELAY_PRESUMED                                                                         \
    "the engine has sent nothing for 3 s: clients are told that coordinates alone will come, " \
    "and energies are left out: if each frame has them, give --step-ahead"

/* Listen. Dies with 125 if that cannot be. */
void relay_open(struct relay *relay, const struct relay_plan *plan);

/*
 * The engine is there: connection_resolve() has found it. It takes the connection's addresses.
 * A stream that is under way goes on; the next one is from there.
 */
void relay_lead_to(struct relay *relay, const struct connection *engine);

/* It will soon be somewhere else: clients that come now wait until it is led there. */
void relay_hold(struct relay *relay);

/* When to take a turn though nothing has come: milliseconds of CLOCK_MONOTONIC, 0: never. */
int64_t relay_deadline(const struct relay *relay);

/* Do what can be done now; false if there is more to do at once. */
bool relay_turn(struct relay *relay);

/* Is a stream under way, or a client still owed something? */
bool relay_is_busy(const struct relay *relay);

/* The engine has ended: there will be no other stream, and who comes now is refused. */
void relay_refuse(struct relay *relay);

/* Let go of engine and clients; once relay_is_busy() says no, that is done. */
void relay_leave(struct relay *relay);

void relay_close(struct relay *relay);

#endif
