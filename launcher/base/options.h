/*
 * What the user asked for. Filled once by options_parse(), then passed on and never changed.
 */
#ifndef IMDSHIM_LAUNCHER_BASE_OPTIONS_H
#define IMDSHIM_LAUNCHER_BASE_OPTIONS_H

#include <stdbool.h>

#include "launcher/base/option_values.h"

enum verbosity { QUIET, NORMAL, VERBOSE };

struct options {
    enum verbosity verbosity;
    int timeout;            /* seconds, 0 = none */
    int port;               /* what the engine asks for, 0 = not given */
    const char *listen;     /* [ADDR][:PORTS], NULL = not given */
    char match[MATCH_SIZE]; /* KEY=GLOB words, "" = not given */
    int fd;                 /* exec: where events go, -1 = not given */
    const char *fifo;       /* exec: where events go, NULL = not given */
    const char *client;     /* run: a command for sh -c, NULL = none */
    const char *port_file;  /* run: NULL = none */
    enum when when;         /* run: the client is started; exec: the first event */
    enum backend backend;   /* run: how the engine's sockets are seen */
    bool stop_with_client;  /* run */
    bool no_wake;           /* run, exec */
    bool only_me;           /* run, exec */
    bool json;              /* list, watch */
    bool csv;               /* watch */
    bool relay;             /* run: clients are served by us */
    int imd_version;        /* relay, run: that they get, 2 or 3 */
    double time_step;       /* relay, run: ps, 0 = not given */
    int step_ahead;         /* relay, run: -1 = not given */
    bool others_skip;       /* relay, run: clients that are too slow, but the first */
    bool others_steer;      /* relay, run: they may command */
    char **operands;        /* ENGINE [ARG...], or [HOST:]PORT; NULL-terminated */
};

struct command {
    const char *name;
    int (*main)(const struct options *); /* returns the exit status */
    const char *synopsis;                /* what follows "imdshim NAME" in the usage */
    const char *letters;                 /* the short names of the options that it takes */
    bool takes_operands;
};

/*
 * Parse what follows the command's name: argv[0] is that name. On bad usage one line on stderr
 * and exit 125; --help prints what follows and exits 0.
 */
void options_parse(const struct command *command, int argc, char **argv,
                   struct options *options);

/* What --help prints: a line for each option that the command takes. */
void options_print_help(const struct command *command);

#endif
