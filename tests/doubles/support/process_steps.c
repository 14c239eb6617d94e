#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/support/steps.h"
#include "tests/doubles/support/tcp.h"

/* ---- who does the rest ---- */

static void do_fork(const char *nothing)
{
    int status = 0;
    pid_t child;

    (void)nothing;
    fflush(stdout);
    child = fork();
    if (child == 0)
        return;
    waitpid(child, &status, 0);
    exit(status != 0);
}

static void *run_rest(void *nothing)
{
    steps_run_rest();
    return nothing;
}

static void do_thread(const char *nothing)
{
    pthread_t thread;

    (void)nothing;
    must(pthread_create(&thread, NULL, run_rest, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
}

static void do_cancel(const char *ms)
{
    pthread_t thread;
    void *result = NULL;

    must(pthread_create(&thread, NULL, run_rest, NULL) == 0, "pthread_create");
    tcp_pause(atol(ms));
    pthread_cancel(thread);
    pthread_join(thread, &result);
    puts(result == PTHREAD_CANCELED ? "cancelled" : "ended");
    exit(EXIT_SUCCESS);
}

/* ---- what it says of itself ---- */

static void write_number(const char *path, long number)
{
    FILE *file = fopen(path, "w");

    must(file != NULL && fprintf(file, "%ld\n", number) > 0 && fclose(file) == 0, path);
}

static void do_pids(const char *nothing)
{
    (void)nothing;
    write_number("engine", getpid());
    write_number("launcher", getppid());
}

static void do_name(const char *text)
{
    must(prctl(PR_SET_NAME, text) == 0, "prctl");
}

static void do_print(const char *text)
{
    puts(text);
}

/* ---- signals, and its end ---- */

static void on_signal(int number)
{
    char line[] = "got  N.\n";
    char *at = line + sizeof "got " - 1;

    if (number >= 10)
        *at++ = (char)('0' + number / 10);
    *at++ = (char)('0' + number % 10);
    memcpy(at, ".\n", 2);
    if (write(STDOUT_FILENO, line, (size_t)(at + 2 - line)) < 0)
        _exit(FAILED);
}

/* Not those of faults, nor those that stop us. */
static void do_catch(const char *nothing)
{
    const int numbers[] = {SIGHUP,  SIGINT,   SIGQUIT,   SIGUSR1, SIGUSR2,
                           SIGPIPE, SIGALRM,  SIGTERM,   SIGCONT, SIGURG,
                           SIGXCPU, SIGWINCH, SIGVTALRM, SIGPROF, SIGIO};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    (void)nothing;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
}

static void do_exit(const char *status)
{
    exit(atoi(status));
}

/* A sanitizer handles some of them. */
static void do_kill(const char *number)
{
    signal(atoi(number), SIG_DFL);
    kill(getpid(), atoi(number));
    tcp_pause(5000);
}

const struct step process_steps[] = {
    {"fork", do_fork}, {"thread", do_thread}, {"cancel", do_cancel}, {"pids", do_pids},
    {"name", do_name}, {"print", do_print},   {"catch", do_catch},   {"exit", do_exit},
    {"kill", do_kill}, {.name = NULL},
};
