/*
 * The one option parser. Every command draws its options from the one table below; a letter has
 * the same meaning wherever it is accepted.
 *
 * Parsing stops at the first operand, as in env(1): what follows belongs to the engine.
 */
#include "launcher/base/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"

/* Of these only p, l, m, c, o, t, q, v and h are short forms. */
static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},
    {"listen", required_argument, NULL, 'l'},
    {"match", required_argument, NULL, 'm'},
    {"client", required_argument, NULL, 'c'},
    {"port-file", required_argument, NULL, 'o'},
    {"timeout", required_argument, NULL, 't'},
    {"when", required_argument, NULL, 'w'},
    {"stop-with-client", no_argument, NULL, 'S'},
    {"no-wake", no_argument, NULL, 'W'},
    {"only-me", no_argument, NULL, 'O'},
    {"backend", required_argument, NULL, 'B'},
    {"json", no_argument, NULL, 'J'},
    {"csv", no_argument, NULL, 'X'},
    {"relay", no_argument, NULL, 'R'},
    {"imd-version", required_argument, NULL, 'V'},
    {"time-step", required_argument, NULL, 'T'},
    {"step-ahead", required_argument, NULL, 'A'},
    {"others-skip", no_argument, NULL, 'K'},
    {"others-steer", no_argument, NULL, 'E'},
    {"fd", required_argument, NULL, 'd'},
    {"fifo", required_argument, NULL, 'f'},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/*
 * What --help says of each, for the commands that take it. scripts/completion reads it there:
 * a value that is called FILE, PATH or COMMAND, or "a|b", can be completed.
 */
static const struct {
    int letter;
    const char *names, *text;
} help[] = {
    {'p', "-p, --port N", "the engine asks for port N and gets a free one; clients ask for N"},
    {'l', "-l, --listen [ADDR][:PORTS]", "where the IMD socket listens, whatever is asked for"},
    {'m', "-m, --match KEY=GLOB",
     "which socket it is: port=, exe= or object=; may be repeated"},
    {'W', "    --no-wake", "leave the engine's sleep() alone while it waits for its client"},
    {'O', "    --only-me", "close connections from other users of this host"},
    {'c', "-c, --client COMMAND", "start it when the engine is ready, with IMD_URL set"},
    {'o', "-o, --port-file FILE", "write HOST:PORT there once it is known"},
    {'t', "-t, --timeout SECS", "give up if there is nothing by then"},
    {'w', "    --when listening|ready",
     "when the client is started, or exec's first event written"},
    {'B', "    --backend preload|notify", "how the engine's sockets are seen"},
    {'S', "    --stop-with-client", "end the engine when the client ends"},
    {'R', "    --relay", "serve the stream on to any number of clients"},
    {'V', "    --imd-version 2|3", "what they are spoken to in; 3 if not given"},
    {'T', "    --time-step PS", "of the engine, for the time of each frame"},
    {'A', "    --step-ahead N", "steps that energies are ahead of their frame; GROMACS: 1"},
    {'K', "    --others-skip", "all but the first client miss frames if they are slow"},
    {'E', "    --others-steer", "all clients may pause, push and end the run"},
    {'d', "    --fd N", "send events to this descriptor"},
    {'f', "    --fifo PATH", "send events to this FIFO"},
    {'X', "    --csv", "print a line of numbers for each frame"},
    {'J', "    --json", "print JSON"},
    {'q', "-q, --quiet", "say nothing about the run"},
    {'v', "-v, --verbose", "name every listening socket, and why it is the IMD port or not"},
    {'h', "-h, --help", "this"},
};

static const char short_options[] = "+:p:l:m:c:o:t:qvh";

static bool takes(const struct command *command, int letter)
{
    return letter == 'h' || strchr(command->letters, letter) != NULL;
}

void options_print_help(const struct command *command)
{
    printf("usage: imdshim %s %s\n", command->name, command->synopsis);
    for (size_t i = 0; i < sizeof help / sizeof help[0]; i++)
        if (takes(command, help[i].letter))
            printf("  %-28s %s\n", help[i].names, help[i].text);
    printf("See imdshim(1).\n");
}

static _Noreturn void print_help_and_exit(const struct command *command)
{
    options_print_help(command);
    if (fflush(stdout) != 0)
        die_error(STATUS_FAILED, errno, "cannot write to standard output");
    exit(EXIT_SUCCESS);
}

/* False if the option has a value. */
static bool store_flag(const struct command *command, struct options *options, int letter)
{
    switch (letter) {
    case 'S':
        return options->stop_with_client = true;
    case 'W':
        return options->no_wake = true;
    case 'O':
        return options->only_me = true;
    case 'J':
        return options->json = true;
    case 'X':
        return options->csv = true;
    case 'R':
        return options->relay = true;
    case 'K':
        return options->others_skip = true;
    case 'E':
        return options->others_steer = true;
    case 'q':
        options->verbosity = QUIET;
        return true;
    case 'v':
        options->verbosity = VERBOSE;
        return true;
    case 'h':
        print_help_and_exit(command);
    }
    return false;
}

static void store_value(struct options *options, int letter)
{
    switch (letter) {
    case 'p':
        options->port = option_number("--port", optarg, 1, UINT16_MAX);
        break;
    case 'l':
        options->listen = option_listen(optarg);
        break;
    case 'm':
        option_add_match(options->match, optarg);
        break;
    case 'c':
        options->client = option_client(optarg);
        break;
    case 'o':
        options->port_file = optarg;
        break;
    case 't':
        options->timeout = option_number("--timeout", optarg, 1, INT_MAX / 1000);
        break;
    case 'w':
        options->when = option_when(optarg);
        break;
    case 'B':
        options->backend = option_backend(optarg);
        break;
    case 'd':
        options->fd = option_number("--fd", optarg, 0, INT_MAX);
        break;
    case 'f':
        options->fifo = optarg;
        break;
    case 'V':
        options->imd_version = option_number("--imd-version", optarg, 2, 3);
        break;
    case 'A':
        options->step_ahead = option_number("--step-ahead", optarg, 0, INT_MAX);
        break;
    case 'T':
        options->time_step = option_time_step(optarg);
        break;
    }
}

/* getopt_long(3) takes abbreviations: --port- for --port-file, until there is another. */
static bool is_spelled_out(const char *word, int index)
{
    const char *name;

    if (index < 0)
        return true;
    name = long_options[index].name;
    return strncmp(word + 2, name, strlen(name)) == 0;
}

static void refuse(const struct command *command, const char *word, int letter)
{
    if (letter == ':')
        die(STATUS_FAILED, "option '%s' needs a value: imdshim %s %s", word, command->name,
            command->synopsis);
    die(STATUS_FAILED, "'%s' is no option of %s: imdshim %s %s", word, command->name,
        command->name, command->synopsis);
}

static bool is_about_relay(const struct options *options)
{
    return options->imd_version != 3 || options->time_step > 0 || options->others_skip ||
           options->step_ahead >= 0 || options->others_steer;
}

void options_parse(const struct command *command, int argc, char **argv,
                   struct options *options)
{
    int letter;

    *options =
        (struct options){.verbosity = NORMAL, .fd = -1, .imd_version = 3, .step_ahead = -1};
    opterr = 0;
    for (;;) {
        const char *word = argv[optind];
        int index = -1;

        letter = getopt_long(argc, argv, short_options, long_options, &index);
        if (letter == -1)
            break;
        if (letter == '?' || letter == ':' || !is_spelled_out(word, index) ||
            !takes(command, letter))
            refuse(command, word, letter);
        if (!store_flag(command, options, letter))
            store_value(options, letter);
    }
    options->operands = argv + optind;
    if (command->takes_operands && options->operands[0] == NULL)
        die(STATUS_FAILED, "nothing to %s: imdshim %s %s", command->name, command->name,
            command->synopsis);
    if (options->stop_with_client && options->client == NULL)
        die(STATUS_FAILED, "--stop-with-client needs a --client");
    if (takes(command, 'R') && !options->relay && is_about_relay(options))
        die(STATUS_FAILED, "--imd-version, --time-step and --others-... need --relay");
}
