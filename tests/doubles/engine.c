/*
 * A stand-in engine that does what its arguments say, one after the other.
 *
 * usage: engine STEP...
 *        engine ADDRESS PORT STEP...         a plain "listen" is there, and prints nothing
 *        engine gmx|lmp|namd PORT [ROUNDS]   as these do in the field
 *        engine mpi LIBRARY                  GROMACS, and the library listens in two processes
 *        engine client PORT                  connect, print what comes to the end
 *
 * What fails ends it with 99. It ends by itself after a minute. It is there by the names
 * launcher-engine and gate-engine too.
 *
 * Sockets. What follows is about the one that was made last:
 *   tcp tcp6 v6only mptcp udp   a new one; tcp6 is of both families
 *   unix=PATH netlink           the same, and bound
 *   high dup                    go on with a duplicate: numbered from 1500; in place of the
 *                               first
 *   swap                        go on with the one before
 *   reuse reuseport             SO_REUSEADDR, SO_REUSEPORT
 *   options                     "options R P" on stderr: whether those two are set
 *   bind=ADDRESS/PORT           "bind: well" or "bind: failed with ERRNO" on stderr; the
 *                               address is in memory that cannot be written; "previous" is the
 *                               port of the socket before
 *   listen                      "listen: well" on stderr, or as above
 *   listen=ADDRESS[/PORT]       a new socket that is bound and listens
 *   raw-listen                  by the system call: nobody can interpose that
 *   others=N                    N more listeners, which nothing more is about
 *   port[=FILE] print-port      "port N" on stderr or in the file; "N" on stdout
 *   close shutdown replace      replace: what has its number now is a pipe that can be read
 *
 * Clients:
 *   wait                        look whether one has come: the engine is ready
 *   wait=METHOD                 until one has come, by a method of support/wait_steps.c
 *   wait-duplicate=METHOD       the same, on a duplicate
 *   accept[=WAY]                by a way of support/accept_steps.c
 *   echo                        return the byte that it sends, print what accept() said of it
 *   serve=N                     accept N, one after the other; tell each our port, and read
 *                               until it is gone
 *   more                        print how many have come that were not accepted
 *   call call-soon              be a client; the same in a moment, from a child
 *
 * Time:
 *   pause=MS until=FILE         until that file is there, for half a minute at most
 *   sleep=S                     by sleep(3); print "slept", or "woken" if something is left
 *   sleep-all=S sleep-on=S      and again until nothing is left; sleep-on prints nothing
 *   sleep-left=S                print what is left
 *   usleep=MS                   by usleep(3) and nanosleep(2), once each
 *   alarm-every=MS              a signal that is caught
 *
 * The process:
 *   fork thread cancel=MS       a child or a thread does the rest; it is cancelled after MS
 *   pids                        write our number into the file "engine", and our parent's into
 *                               "launcher"
 *   name=TEXT print=TEXT        take that name, prctl(2); a line on stdout
 *   catch                       print "got N." for every signal N that can be caught
 *   exit=N kill=N               end by a status, by a signal; without one it ends with 0
 *
 * Descriptors:
 *   close-from=N close-range=N  close all from N on: one by one, by close_range(2)
 *   data-over=N                 put the file "data" in place of N
 *   no-more none-left           there is none to be had from here on; it must be so
 *   descriptors                 list them
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/doubles/support/field.h"
#include "tests/doubles/support/steps.h"
#include "tests/doubles/support/tcp.h"

enum { LIFETIME = 60 };

int main(int argc, char **argv)
{
    if (argc > 2 && field_run(argv[1], argv[2], argc > 3 ? atoi(argv[3]) : 1))
        return EXIT_SUCCESS;
    alarm(LIFETIME);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 2 && tcp_is_address(argv[1])) {
        engine.address = argv[1];
        engine.port = (unsigned)atoi(argv[2]);
        argv += 2;
    }
    steps_run(argv + 1);
    return EXIT_SUCCESS;
}
