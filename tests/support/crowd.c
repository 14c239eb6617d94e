#include "tests/support/crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_WORDS = 16, PATIENCE = 30000, OTHERS = 500 };

extern char **environ;

static long number_in(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[32] = "";

    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    fclose(file);
    return strtol(line, NULL, 10);
}

/* The user's limit is none for root. */
const char *crowd_obstacle(int count)
{
    const rlim_t needed = 2 * (rlim_t)count + OTHERS;
    long pids = number_in("/proc/sys/kernel/pid_max");
    struct rlimit limit;

    if (getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur < needed && geteuid() != 0)
        return "too few processes for a user: see ulimit -u";
    if (pids != 0 && (rlim_t)pids < needed)
        return "too few processes: see /proc/sys/kernel/pid_max";
    return NULL;
}

static int start_one(struct crowd *crowd, const char *const *command,
                     const posix_spawn_file_actions_t *actions)
{
    char number[16];
    const char *words[MOST_WORDS + 1] = {command[0]};

    snprintf(number, sizeof number, "%d", crowd->count);
    for (int i = 1; i < MOST_WORDS && command[i] != NULL; i++)
        words[i] = strcmp(command[i], "{}") == 0 ? number : command[i];
    return posix_spawnp(&crowd->pids[crowd->count], command[0], actions, NULL,
                        (char *const *)words, environ);
}

/* Our ends are no engine's: the pipe at the gate would have no end. */
bool crowd_start(struct crowd *crowd, int count, const char *const *command)
{
    posix_spawn_file_actions_t actions;
    int gate[2], said[2], error = 0;

    memset(crowd, 0, sizeof *crowd);
    if (pipe2(gate, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0)
        return false;
    crowd->gate = gate[1];
    crowd->said = said[0];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, gate[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, said[1], STDOUT_FILENO);
    for (; error == 0 && crowd->count < count; crowd->count += error == 0)
        error = start_one(crowd, command, &actions);
    posix_spawn_file_actions_destroy(&actions);
    close(gate[0]);
    close(said[1]);
    errno = error;
    return error == 0;
}

static void take_line(struct crowd *crowd, const char *line)
{
    char *rest;
    long number = strtol(line, &rest, 10);

    if (number < 0 || number >= crowd->count) {
        return;
    } else if (strcmp(rest, " door") == 0) {
        crowd->at_door++;
    } else {
        crowd->ports[number] = (unsigned)strtoul(rest, NULL, 10);
        crowd->answered++;
    }
}

/* False after too long a silence, or when all have ended. */
static bool hear(struct crowd *crowd)
{
    struct pollfd fd = {.fd = crowd->said, .events = POLLIN};
    char *line = crowd->text, *newline;
    ssize_t got;

    if (poll(&fd, 1, PATIENCE) != 1)
        return false;
    got =
        read(crowd->said, crowd->text + crowd->length, sizeof crowd->text - 1 - crowd->length);
    if (got <= 0)
        return false;
    crowd->length += (size_t)got;
    crowd->text[crowd->length] = '\0';
    for (; (newline = strchr(line, '\n')) != NULL; line = newline + 1) {
        *newline = '\0';
        take_line(crowd, line);
    }
    crowd->length = strlen(line);
    memmove(crowd->text, line, crowd->length);
    return true;
}

bool crowd_gather(struct crowd *crowd)
{
    while (crowd->at_door < crowd->count)
        if (!hear(crowd))
            return false;
    return true;
}

bool crowd_open(struct crowd *crowd)
{
    if (write(crowd->gate, "", 1) != 1)
        return false;
    while (crowd->answered < crowd->count)
        if (!hear(crowd))
            return false;
    return true;
}

int crowd_end(struct crowd *crowd)
{
    int status, failed = 0;
    struct rusage usage;

    close(crowd->gate);
    for (int i = 0; i < crowd->count; i++) {
        failed += wait4(crowd->pids[i], &status, 0, &usage) != crowd->pids[i] || status != 0;
        if (usage.ru_maxrss > crowd->memory)
            crowd->memory = usage.ru_maxrss;
    }
    close(crowd->said);
    return failed;
}
