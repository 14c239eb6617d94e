/*
 * Commands for tests: sh -c with IMDSHIM, LIBIMDSHIM and DOUBLES in the environment, so that
 * "$IMDSHIM run -- $DOUBLES/listener" is one.
 */
#ifndef IMDSHIM_TESTS_SHELL_H
#define IMDSHIM_TESTS_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { SHELL_OUTPUT = 65536, SHELL_SECONDS = 90 };

/* A command that runs. Its output is read as it comes and never blocks it. */
struct shell {
    pid_t pid;
    int out_fd, err_fd;
    size_t out_length, err_length;
    char out[SHELL_OUTPUT], err[SHELL_OUTPUT]; /* NUL-terminated; what does not fit is lost */
    bool ended;
    int wait_status; /* once ended */
};

/*
 * Start a command. The shell is the command's parent only if the command needs one: begin it
 * with "exec " to signal the program itself by shell->pid.
 */
void shell_start(struct shell *shell, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Read until out (or err) contains the text; true if so. False once the command has ended, or
 * after SHELL_SECONDS: the caller asserts on it.
 */
bool shell_wait_for_out(struct shell *shell, const char *text);
bool shell_wait_for_err(struct shell *shell, const char *text);

/* Read until the command has ended; it is killed, and the test fails, after SHELL_SECONDS. */
void shell_finish(struct shell *shell);

/* Start and finish. */
void shell_run(struct shell *shell, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* 0 to 255, or 128 + the number of the signal that ended it. */
int shell_status(const struct shell *shell);

/* The number of lines of text that contain part. */
int shell_count_lines(const char *text, const char *part);

/* Sleep, for tests of what must not happen. */
void shell_pause(long milliseconds);

#endif
