/*
 * What the library and its launcher agree on; imdshim(7) says it to everyone else.
 *
 * The environment. For an engine exactly one of the first two names the channel for events;
 * without either and IMDSHIM_GATE, with a value that is not of its form, or in a set-id
 * process, the library is inert.
 *
 *   IMDSHIM_FD       an inherited descriptor, handover.h
 *   IMDSHIM_FIFO     a FIFO that the library opens, writes and closes
 *   IMDSHIM_TCP      where that FIFO is not, or is read on another host, handover.h
 *   IMDSHIM_EVENTS   send the launcher's events as well; or nothing before "ready"
 *   IMDSHIM_PORT     the IMD socket is the one on which this port is asked for, bound to any
 *   IMDSHIM_MATCH    the IMD socket is one for which all of these rules hold, match.h
 *   IMDSHIM_LISTEN   where the IMD socket is bound instead, bind_override.h
 *   IMDSHIM_WAKE     do not end the engine's sleep(3) when its client comes
 *   IMDSHIM_ONLY     "me": close connections of this host's other users to the IMD socket;
 *                    "me:PORT": also those that do not come from the launcher's TCP port
 *   IMDSHIM_GATE     for a client: its connections to a port on this host wait, gate_text.h
 *
 * Open MPI carries to its ranks on other hosts what begins with OMPI_: of a variable that is
 * not set, OMPI_IMDSHIM_... is read.
 *
 * An event is one line, "PORT EVENT KEY=VALUE...", printable ASCII, written by one write(2) of
 * at most EVENT_MAX bytes, so that lines of several processes never mix (PIPE_BUF, pipe(7)). In
 * a value every byte outside '!'..'~', and '%' itself, is written %XX.
 */
#ifndef IMDSHIM_SHIM_WIRE_WIRE_H
#define IMDSHIM_SHIM_WIRE_WIRE_H

#define WIRE_FD "IMDSHIM_FD"
#define WIRE_FIFO "IMDSHIM_FIFO"
#define WIRE_TCP "IMDSHIM_TCP"
#define WIRE_EVENTS "IMDSHIM_EVENTS"
#define WIRE_EVENTS_ALL "all"
#define WIRE_EVENTS_READY "ready"
#define WIRE_PORT "IMDSHIM_PORT"
#define WIRE_MATCH "IMDSHIM_MATCH"
#define WIRE_LISTEN "IMDSHIM_LISTEN"
#define WIRE_WAKE "IMDSHIM_WAKE"
#define WIRE_WAKE_OFF "off"
#define WIRE_ONLY "IMDSHIM_ONLY"
#define WIRE_ONLY_ME "me"
#define WIRE_GATE "IMDSHIM_GATE"
#define WIRE_OPENMPI "OMPI_"

#define EVENT_LISTENING "listening" /* the IMD socket: connections will not be refused */
#define EVENT_READY "ready"         /* the engine waits on it for a client */

/* Only with IMDSHIM_EVENTS=all. PORT is 0 where there is none. */
#define EVENT_LOADED "loaded"       /* a program image has the library */
#define EVENT_CONNECTED "connected" /* accept() has returned a client on the IMD socket */
/* A connection was closed: uid= says whose it was, if that is known. */
#define EVENT_DENIED "denied"
#define EVENT_PASSED "passed" /* a listener that was not taken; reason= says why */
/* bind() of what might have been the IMD socket has failed; error= is errno. */
#define EVENT_REFUSED "refused"

#define REASON_RUNTIME "runtime"     /* its caller is an MPI or cluster runtime */
#define REASON_UNMATCHED "unmatched" /* it is not what IMDSHIM_PORT or IMDSHIM_MATCH says */
#define REASON_SECOND "second" /* this process has one open, or the one it was forked from */

enum {
    EVENT_MAX = 2048, /* bytes, the newline included; below PIPE_BUF, small on a signal stack */
    NAME_SIZE = 256,  /* a file's base name and its NUL: NAME_MAX + 1 */
    COMM_SIZE = 16,   /* TASK_COMM_LEN */
    HOST_SIZE = 65,   /* __NEW_UTS_LEN + 1 */
};

#endif
