/*
 * The scenarios of tests/faults/calls.
 */
#ifndef IMDSHIM_TESTS_FAULTS_CALLS_H
#define IMDSHIM_TESTS_FAULTS_CALLS_H

#include "tests/faults/support/judgement.h"

#define CLIENT "--client", "exec gate-client plain $IMD_HOST $IMD_PORT"
#define AT_LOOPBACK "gate-engine", "127.0.0.1"
#define SERVES "listen", "serve=1", "exit=4"
#define MET "met 127.0.0.1\n"
#define LISTENS " listens on 127.0.0.1:"

static const struct scenario scenarios[] = {
    {.name = "run with client and port file",
     .words = {"run", CLIENT, "--port-file", "port", "--", AT_LOOPBACK, "0", SERVES},
     .status = 4,
     .out = MET,
     .err = LISTENS,
     .done = "run/port"},
    {.name = "run with a gate",
     .words = {"run", CLIENT, "--port", "PORT", "--", AT_LOOPBACK, "PORT", SERVES},
     .status = 4,
     .out = MET,
     .err = LISTENS},
    {.name = "run that ends with its client",
     .words = {"run", "--client", "true", "--stop-with-client", "--", "launcher-engine",
               "listen=127.0.0.1", "wait", "pause=20000"},
     .status = 0,
     .out = "",
     .err = LISTENS},
    {.name = "run that other hosts can tell",
     .words = {"run", "--port-file", "port", "--", "launcher-engine", "listen=127.0.0.1",
               "wait", "exit=4"},
     .status = 4,
     .out = "",
     .err = LISTENS,
     .done = "run/port",
     .nodes = "2"},
    {.name = "run whose engine never listens",
     .words = {"run", "--", "launcher-engine", "exit=4"},
     .status = 4,
     .out = "",
     .err = "engine ended first: "},
    {.name = "exec with a descriptor",
     .words = {"exec", "--fd", "9", "--", "launcher-engine", "listen=127.0.0.1", "wait",
               "exit=4"},
     .status = 4,
     .out = "",
     .err = "",
     .done = "events"},
    {.name = "exec with a FIFO",
     .words = {"exec", "--fifo", "../fifo", "--", "launcher-engine", "listen=127.0.0.1", "wait",
               "exit=4"},
     .status = 4,
     .out = "",
     .err = ""},
    {.name = "check",
     .words = {"check", "launcher-engine"},
     .status = 0,
     .no = 1,
     .out = "can be shimmed",
     .err = ""},
    {.name = "list",
     .words = {"list"},
     .status = 0,
     .out = "launcher-engine",
     .err = "",
     .beside_run = true},
};

#endif
