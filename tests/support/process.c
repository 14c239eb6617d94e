#include "tests/support/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void process_read_stat(pid_t pid, char rest[PROCESS_STAT])
{
    char path[64], line[PROCESS_STAT] = "";
    const char *end = NULL;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    rest[0] = '\0';
    file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fgets(line, sizeof line, file) != NULL)
        end = strrchr(line, ')');
    if (end != NULL && end[1] == ' ')
        strcpy(rest, end + 2);
    fclose(file);
}

char process_state(pid_t pid)
{
    char rest[PROCESS_STAT];

    process_read_stat(pid, rest);
    return rest[0];
}

pid_t process_parent(pid_t pid)
{
    char rest[PROCESS_STAT];

    process_read_stat(pid, rest);
    return (pid_t)(rest[0] != '\0' ? atol(rest + 2) : 0);
}

int process_children(pid_t pid, pid_t *children, int most)
{
    char path[64];
    int count = 0;
    long child;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
    file = fopen(path, "re");
    while (file != NULL && count < most && fscanf(file, "%ld", &child) == 1)
        children[count++] = (pid_t)child;
    if (file != NULL)
        fclose(file);
    return count;
}

/*
 * glibc keeps two signals for itself, which nobody may set by its functions. Its posix_spawn(3),
 * by which make starts us, leaves them ignored; a thread of the program takes them back.
 */
static void default_glibcs_signals(void)
{
    const struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } none = {.handler = SIG_DFL}; /* as the kernel has it */

    for (int i = 32; i < SIGRTMIN; i++)
        syscall(SYS_rt_sigaction, i, &none, NULL, sizeof none.mask);
}

void process_default_signals(void)
{
    struct sigaction action;
    sigset_t none;

    for (int i = 1; i < NSIG; i++)
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            signal(i, SIG_DFL);
    default_glibcs_signals();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
