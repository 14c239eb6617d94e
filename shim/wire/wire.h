/*
 * What the library and its launcher agree on; imdshim(7) says it to everyone else.
 *
 * The environment. For an engine exactly one of the first two names the channel for events;
 * without either and IMDSHIM_GATE, with a value that is not of its form, or in a set-id
 * process, the library is inert.
 *
 *   IMDSHIM_FD=N:DEV:INO:BIRTH  an inherited descriptor and the file that it must still be, in
 *                               decimal; BIRTH in nanoseconds since 1970, 0 if it is not known
 *   IMDSHIM_FIFO=PATH           a FIFO that the library opens, writes and closes
 *   IMDSHIM_TCP=HOST:PORT:SECRET:ADDR[,ADDR...]
 *                               where that FIFO is not, or is read on another host: the
 *                               launcher's host name (escaped as below), its TCP port, 1 to
 *                               65535, what to say first, and numeric addresses to try
 *   IMDSHIM_EVENTS=all|ready    send the launcher's events as well; or nothing before "ready"
 *   IMDSHIM_PORT=N              the IMD socket is the one on which port N, 1 to 65535, is asked
 *                               for; it gets any free port
 *   IMDSHIM_MATCH=KEY=GLOB ...
 *                               the IMD socket is one for which all of these hold, glob(7):
 *                               port= the port asked for, exe= the program, object= the module
 *   IMDSHIM_LISTEN=[ADDR][:PORTS]
 *                               where the IMD socket is bound instead: a numeric address, IPv6
 *                               in brackets; a port, 0 for any, or LOW-HIGH
 *   IMDSHIM_WAKE=off            do not end the engine's sleep(3) when its client comes
 *   IMDSHIM_ONLY=me[:PORT]      close connections of this host's other users to the IMD socket;
 *                               with PORT also those that do not come from that TCP port,
 *                               which is the launcher's
 *   IMDSHIM_GATE=PORT:NAME      for a client: its connections to PORT on this host wait for the
 *                               launcher, at the Unix socket NAME of the abstract namespace.
 *                               It answers "ADDR PORT" and a newline, or hangs up
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
