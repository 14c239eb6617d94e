#include "launcher/notify/caller.h"

#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/notify/blocked_call.h"
#include "launcher/notify/task.h"

/* The call is told to us a moment before its thread has gone to sleep. */
static bool read_blocked_call(pid_t process, pid_t thread, struct blocked_call *call)
{
    enum { TURNS = 100 };
    char text[256];

    for (int i = 0; i < TURNS; i++) {
        task_blocked_call(process, thread, text, sizeof text);
        if (blocked_call_parse(text, call))
            return true;
        sched_yield();
    }
    return false;
}

static uint64_t return_address(pid_t process, pid_t thread)
{
    uint64_t address = 0;
#ifdef __x86_64__
    struct blocked_call call;

    if (!read_blocked_call(process, thread, &call) ||
        !task_read(process, call.stack, &address, sizeof address))
        return 0;
#else
    (void)read_blocked_call;
    (void)process;
    (void)thread;
#endif
    return address;
}

/* A line of /proc/PID/maps: the file's path if it is code that is mapped there. */
static const char *code_at(char *line, uint64_t address)
{
    uint64_t start, end;
    char may_execute;

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*c%*c%c", &start, &end, &may_execute) != 3 ||
        address < start || address >= end || may_execute != 'x')
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    return strchr(line, '/');
}

void caller_find(pid_t process, pid_t thread, char object[NAME_SIZE])
{
    uint64_t address = return_address(process, thread);
    char path[64], *line = NULL;
    const char *file = NULL;
    size_t size = 0;
    FILE *maps;

    object[0] = '\0';
    if (address == 0)
        return;
    snprintf(path, sizeof path, "/proc/%ld/maps", (long)process);
    maps = fopen(path, "re");
    while (maps != NULL && file == NULL && getline(&line, &size, maps) > 0)
        file = code_at(line, address);
    if (file != NULL)
        snprintf(object, NAME_SIZE, "%.*s", NAME_SIZE - 1, strrchr(file, '/') + 1);
    free(line);
    if (maps != NULL)
        fclose(maps);
}
