/*
 * imdshim - start a molecular-dynamics engine and learn the port that its IMD server listens
 * on.
 *
 * This file names the commands; each is a file of its own. imdshim(1) is the contract.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/base/options.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"

#define CLIENTS                                                                                \
    "[--imd-version 2|3] [--time-step PS] [--step-ahead N] [--others-skip] [--others-steer] "
#define SOCKET "[-p PORT] [-l [ADDR][:PORTS]] [-m KEY=GLOB]... [--no-wake] [--only-me] "

static const struct command commands[] = {
    {"run", run_main,
     "[-qv] " SOCKET "[-c COMMAND] [-o FILE] [-t SECS] [--when EVENT] [--stop-with-client] "
     "[--backend WHICH] [--relay " CLIENTS "] [--] ENGINE [ARG...]",
     "plmWOcotwSBRVTAKEqv", true},
    {"exec", exec_main,
     "--fd N|--fifo PATH [-qv] " SOCKET "[--when EVENT] [--] ENGINE [ARG...]", "plmWOdfwqv",
     true},
    {"check", check_main, "ENGINE", "", true},
    {"list", list_main, "[--json]", "J", false},
    {"watch", watch_main, "[--csv|--json] [-t SECS] [HOST:]PORT", "tXJ", true},
    {"relay", relay_main,
     "[-q] [-l [ADDR][:PORTS]] [-o FILE] [-t SECS] [--only-me] " CLIENTS "[HOST:]PORT",
     "lotOVTAKEq", true},
};

static const size_t command_count = sizeof commands / sizeof commands[0];

static void print_usage(FILE *to)
{
    for (size_t i = 0; i < command_count; i++)
        fprintf(to, "%s imdshim %s %s\n", i == 0 ? "usage:" : "      ", commands[i].name,
                commands[i].synopsis);
    fprintf(to, "       imdshim help [COMMAND] | -V\n");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/*
 * If one of the descriptors 0 to 2 is closed when we start, the next file that we open gets its
 * number, and our messages would go there. The stand-ins close when the engine is executed.
 */
static void occupy_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || (c != NULL && strcmp(word, c) == 0);
}

static const struct command *need_command(const char *name)
{
    const struct command *command = find_command(name);

    if (command == NULL)
        die(STATUS_FAILED,
            "unknown command '%s': run, exec, check, list, watch or relay, or help", name);
    return command;
}

/*
 * What was printed must have been written: a full disk is a failure. If the buffer was full
 * before, it was an earlier call that failed.
 */
static int end(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        die_error(STATUS_FAILED, errno, "cannot write to standard output");
    return status;
}

int main(int argc, char **argv)
{
    const struct command *command;
    struct options options;

    occupy_standard_descriptors();
    if (argc < 2) {
        print_usage(stderr);
        return STATUS_FAILED;
    }
    if (is_one_of(argv[1], "help", "--help", "-h")) {
        if (argc == 2)
            print_usage(stdout);
        else
            options_print_help(need_command(argv[2]));
        return end(EXIT_SUCCESS);
    }
    if (is_one_of(argv[1], "--version", "-V", NULL)) {
        puts("imdshim " IMDSHIM_VERSION);
        return end(EXIT_SUCCESS);
    }
    command = need_command(argv[1]);
    options_parse(command, argc - 1, argv + 1, &options);
    return end(command->main(&options));
}
