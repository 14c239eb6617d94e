/*
 * The runs in which something is killed. The working directory has "srun", which takes its
 * engine to another host as it were: the FIFO is not there. The one above has the inputs of the
 * real engines.
 */
#ifndef IMDSHIM_TESTS_FAULTS_KILLS_H
#define IMDSHIM_TESTS_FAULTS_KILLS_H

#include "tests/faults/support/killed_run.h"

#define GATE_CLIENT "exec gate-client plain 127.0.0.1 "
#define WATCH "exec $IMDSHIM watch "
#define STEPS_OF_ENGINE "pause=2", "listen=127.0.0.1", "pause=2", "wait", "pause=2"

static const struct kind_of_run runs[] = {
    {"run",
     {"run", "-q", "-o", "port", "--", "launcher-engine", STEPS_OF_ENGINE},
     .has_client = false},
    {"run --client",
     {"run", "-q", "-o", "port", "-c", WATCH "$IMD_URL", "--", "imd-server", "paced"},
     .has_client = true},
    {"run --port --client",
     {"run", "-q", "-p", "8888", "-c", GATE_CLIENT "8888", "--", "gate-engine", "127.0.0.1",
      "8888", "pause=2", "listen", "pause=2", "serve=1"},
     .has_client = true},
    {"run --stop-with-client",
     {"run", "-q", "--stop-with-client", "-c", GATE_CLIENT "$IMD_PORT", "--", "gate-engine",
      "127.0.0.1", "0", "listen", "serve=1", "until=never"},
     .has_client = true,
     .stops = true},
    {"run, events by TCP",
     {"run", "-q", "--", "./srun", "launcher-engine", STEPS_OF_ENGINE},
     .has_client = false},
    {"exec --fifo",
     {"exec", "--fifo", "fifo", "--", "launcher-engine", STEPS_OF_ENGINE, "exit=4"},
     .reads = true},
    {"GROMACS",
     {"run", "-q", "-c", WATCH "$IMD_URL", "--", "gmx", "-quiet", "mdrun", "-s", "../argon.tpr",
      "-deffnm", "seg", "-nt", "1", "-imdwait", "-imdport", "0"},
     .has_client = true},
    {"LAMMPS",
     {"run", "-q", "-p", "8888", "-c", WATCH "127.0.0.1:8888", "--", "lmp", "-log", "none",
      "-screen", "none", "-in", "../argon.in", "-var", "port", "8888"},
     .has_client = true,
     .seconds = 30}, /* now and then Open MPI's daemon does not heed SIGTERM: then SIGKILL */
};
enum { STAND_INS = 5, RUNS = sizeof runs / sizeof *runs };

#endif
