#include "tests/support/terminal.h"

#include <check.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS = 30 };

void terminal_start(struct terminal *terminal, const char *command)
{
    const struct winsize size = {.ws_row = 24, .ws_col = 120};

    memset(terminal, 0, sizeof *terminal);
    terminal->pid = forkpty(&terminal->fd, NULL, NULL, &size);
    ck_assert_int_ge(terminal->pid, 0);
    if (terminal->pid > 0)
        return;
    if (command != NULL)
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    else
        execl("/bin/bash", "bash", "--norc", "--noediting", "-i", (char *)NULL);
    _exit(127);
}

void terminal_type(struct terminal *terminal, const char *text)
{
    ck_assert_int_eq(write(terminal->fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* False at the end: the last program that had the terminal is gone. */
static bool take(struct terminal *terminal, int milliseconds)
{
    struct pollfd fd = {.fd = terminal->fd, .events = POLLIN};
    size_t room = sizeof terminal->screen - 1 - terminal->length;
    ssize_t got;

    if (poll(&fd, 1, milliseconds) <= 0)
        return true;
    ck_assert_msg(room > 0, "the screen is full: %s", terminal->screen);
    got = read(terminal->fd, terminal->screen + terminal->length, room);
    if (got > 0)
        terminal->length += (size_t)got;
    return got > 0;
}

static time_t seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

bool terminal_wait_for(struct terminal *terminal, const char *text)
{
    time_t end = seconds() + SECONDS;
    char *found;

    while ((found = strstr(terminal->screen, text)) == NULL)
        if (seconds() >= end || !take(terminal, 20))
            return false;
    /* What was matched is not matched again. */
    found += strlen(text);
    terminal->length -= (size_t)(found - terminal->screen);
    memmove(terminal->screen, found, terminal->length + 1);
    memset(terminal->screen + terminal->length, 0, sizeof terminal->screen - terminal->length);
    return true;
}

static bool has_all(const struct terminal *terminal, tcflag_t flags, bool set)
{
    struct termios now;

    ck_assert_int_eq(tcgetattr(terminal->fd, &now), 0);
    return (now.c_lflag & flags) == (set ? flags : 0);
}

bool terminal_gives_keys(const struct terminal *terminal)
{
    return has_all(terminal, ICANON | ECHO, false);
}

bool terminal_gives_lines(const struct terminal *terminal)
{
    return has_all(terminal, ICANON | ECHO, true);
}

void terminal_finish(struct terminal *terminal)
{
    time_t end = seconds() + SECONDS;

    while (!terminal->ended && seconds() < end) {
        take(terminal, 20);
        terminal->ended =
            waitpid(terminal->pid, &terminal->wait_status, WNOHANG) == terminal->pid;
    }
    if (!terminal->ended) {
        kill(terminal->pid, SIGKILL);
        waitpid(terminal->pid, &terminal->wait_status, 0);
        ck_abort_msg("the command did not end: %s", terminal->screen);
    }
    take(terminal, 0);
    close(terminal->fd);
}
