#include "launcher/base/say.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "launcher/libc/mask.h"

enum { PATIENCE = 100 /* milliseconds */ };

static bool is_control(const unsigned char *at)
{
    return at[0] < ' ' || at[0] == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f);
}

void say_clean(char *text)
{
    for (; *text != '\0'; text++)
        if (is_control((const unsigned char *)text))
            *text = '?';
}

/* A pipe that nobody drains, a terminal that was stopped with Ctrl-S. */
static bool has_room(void)
{
    struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&fd, 1, PATIENCE) != 0;
}

/*
 * A terminal stops whoever writes to it from the background under "stty tostop", unless SIGTTOU
 * is blocked. A SIGPIPE of this write is removed; one that was pending before is not ours.
 */
static void write_undisturbed(const char *line, size_t length)
{
    static const struct timespec now = {0, 0};
    sigset_t ours, mask, pending;
    bool was_pending;

    sigemptyset(&ours);
    sigaddset(&ours, SIGTTOU);
    sigaddset(&ours, SIGPIPE);
    sigpending(&pending);
    was_pending = sigismember(&pending, SIGPIPE) == 1;
    mask_change(SIG_BLOCK, &ours, &mask);
    if (write(STDERR_FILENO, line, length) < 0 && errno == EPIPE && !was_pending) {
        sigdelset(&ours, SIGTTOU);
        sigtimedwait(&ours, NULL, &now);
    }
    mask_change(SIG_SETMASK, &mask, NULL);
}

/* One place for it: any call that makes a descriptor may fail so, and fork(2) with EAGAIN. */
static const char *advice(int error)
{
    if (error == EAGAIN)
        return " (raise the limit on processes: ulimit -u)";
    if (error == EMFILE)
        return " (raise the limit on open files: ulimit -n)";
    if (error == ENFILE)
        return " (the whole host has no file left: raise fs.file-max, or end some programs)";
    return "";
}

void say_list(int error, const char *format, va_list arguments)
{
    static const char prefix[] = "imdshim: ";
    char line[PIPE_BUF];
    size_t most = sizeof line - 1, length = strlen(prefix); /* one byte for the newline */

    memcpy(line, prefix, sizeof prefix);
    vsnprintf(line + length, most - length, format, arguments);
    length = strlen(line);
    if (error != 0)
        snprintf(line + length, most - length, ": %s%s", strerror(error), advice(error));
    say_clean(line);
    length = strlen(line);
    line[length++] = '\n';
    if (has_room())
        write_undisturbed(line, length);
}

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_list(0, format, arguments);
    va_end(arguments);
}

void say_error(int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_list(error, format, arguments);
    va_end(arguments);
}

void die(int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_list(0, format, arguments);
    va_end(arguments);
    exit(status);
}

void die_error(int status, int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_list(error, format, arguments);
    va_end(arguments);
    exit(status);
}
