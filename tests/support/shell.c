#include "tests/support/shell.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * A failure tells what a command has printed. Check ends a test without a word if its message is
 * longer than this, by default 4 kB; the more is allowed, the more each assertion costs, so that
 * programs without commands keep that.
 */
__attribute__((constructor)) static void allow_long_messages(void)
{
    check_set_max_msg_size(4 * SHELL_OUTPUT);
}

__attribute__((format(printf, 2, 0))) static void start(struct shell *shell, const char *format,
                                                        va_list arguments)
{
    char command[8192];
    int out[2], err[2];

    memset(shell, 0, sizeof *shell);
    ck_assert_int_lt(vsnprintf(command, sizeof command, format, arguments),
                     (int)sizeof command);
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
    shell->pid = fork();
    ck_assert_int_ge(shell->pid, 0);
    if (shell->pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    shell->out_fd = out[0];
    shell->err_fd = err[0];
}

void shell_start(struct shell *shell, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    start(shell, format, arguments);
    va_end(arguments);
}

static void take(int *fd, char *to, size_t *length)
{
    char lost[4096];
    size_t room = SHELL_OUTPUT - 1 - *length;
    ssize_t got = room > 0 ? read(*fd, to + *length, room) : read(*fd, lost, sizeof lost);

    if (got > 0 && room > 0)
        *length += (size_t)got;
    if (got > 0)
        return;
    close(*fd);
    *fd = -1;
}

static void take_what_is_there(struct shell *shell, int milliseconds)
{
    struct pollfd fds[] = {{.fd = shell->out_fd, .events = POLLIN},
                           {.fd = shell->err_fd, .events = POLLIN}};

    if (poll(fds, 2, milliseconds) <= 0)
        return;
    if (fds[0].revents != 0)
        take(&shell->out_fd, shell->out, &shell->out_length);
    if (fds[1].revents != 0)
        take(&shell->err_fd, shell->err, &shell->err_length);
}

static bool has_ended(struct shell *shell)
{
    if (!shell->ended)
        shell->ended = waitpid(shell->pid, &shell->wait_status, WNOHANG) == shell->pid;
    return shell->ended;
}

static time_t seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* Whatever still holds the output, once the command has ended what it wrote is there. */
static bool wait_for(struct shell *shell, const char *output, const char *text)
{
    time_t end = seconds() + SHELL_SECONDS;

    while (strstr(output, text) == NULL && seconds() < end) {
        bool ended = has_ended(shell);

        take_what_is_there(shell, ended ? 0 : 20);
        if (ended)
            return strstr(output, text) != NULL;
    }
    return strstr(output, text) != NULL;
}

bool shell_wait_for_out(struct shell *shell, const char *text)
{
    return wait_for(shell, shell->out, text);
}

bool shell_wait_for_err(struct shell *shell, const char *text)
{
    return wait_for(shell, shell->err, text);
}

void shell_finish(struct shell *shell)
{
    time_t end = seconds() + SHELL_SECONDS;

    while (!has_ended(shell) && seconds() < end)
        take_what_is_there(shell, 20);
    if (!shell->ended) {
        kill(shell->pid, SIGKILL);
        waitpid(shell->pid, &shell->wait_status, 0);
        ck_abort_msg("the command did not end; stdout: %s stderr: %s", shell->out, shell->err);
    }
    for (int i = 0; i < 64 && (shell->out_fd >= 0 || shell->err_fd >= 0); i++)
        take_what_is_there(shell, 0);
    if (shell->out_fd >= 0)
        close(shell->out_fd);
    if (shell->err_fd >= 0)
        close(shell->err_fd);
    shell->out_fd = shell->err_fd = -1;
}

void shell_run(struct shell *shell, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    start(shell, format, arguments);
    va_end(arguments);
    shell_finish(shell);
}

int shell_status(const struct shell *shell)
{
    return WIFSIGNALED(shell->wait_status) ? 128 + WTERMSIG(shell->wait_status)
                                           : WEXITSTATUS(shell->wait_status);
}

int shell_count_lines(const char *text, const char *part)
{
    size_t length = strlen(part);
    int count = 0;

    ck_assert_uint_gt(length, 0);
    while ((text = strstr(text, part)) != NULL) {
        count++;
        text = strchr(text + length, '\n');
        if (text == NULL)
            break;
    }
    return count;
}

void shell_pause(long milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

    nanosleep(&time, NULL);
}
