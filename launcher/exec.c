/*
 * imdshim exec: become the engine, with the library in it and its events on a descriptor or
 * FIFO.
 *
 * Nothing of ours is left in between: for launchers that have a loop of their own. Bad input is
 * status 125 and nothing is started; an engine that cannot be shimmed is started all the same,
 * with one line on stderr.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/commands.h"
#include "launcher/engine.h"
#include "launcher/library.h"
#include "launcher/preflight.h"
#include "launcher/status.h"

enum { FD_TEXT = 64 };

/* The library writes to it only while it is this very file. */
static void hand_over_fd(int fd, char text[FD_TEXT])
{
    struct stat status;
    int flags = fcntl(fd, F_GETFL), close_on_exec = fcntl(fd, F_GETFD);

    if (flags < 0 || close_on_exec < 0 || fstat(fd, &status) != 0)
        err(STATUS_FAILED, "--fd %d: pass it on to imdshim (pass_fds, %d>...)", fd, fd);
    if ((flags & O_ACCMODE) == O_RDONLY)
        errx(STATUS_FAILED, "--fd %d is open for reading only: give the end to write to", fd);
    fcntl(fd, F_SETFD, close_on_exec & ~FD_CLOEXEC);
    snprintf(text, FD_TEXT, "%d:%llu:%llu", fd, (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
}

/* An absolute path, for the engine may change its directory. */
static void find_fifo(const char *fifo, char path[PATH_MAX])
{
    struct stat status;

    if (realpath(fifo, path) == NULL || stat(path, &status) != 0)
        err(STATUS_FAILED, "--fifo %s: make it first, with mkfifo", fifo);
    if (!S_ISFIFO(status.st_mode))
        errx(STATUS_FAILED, "--fifo %s is not a FIFO: make one with mkfifo", fifo);
    if (access(path, W_OK) != 0)
        err(STATUS_FAILED, "--fifo %s: its permissions must let you write", fifo);
}

static void warn_of_obstacle(const char *engine, const char *library)
{
    char text[PATH_MAX + 512];
    struct preflight preflight;

    preflight_examine(engine, library, &preflight);
    if (preflight.verdict < PREFLIGHT_STATIC)
        return;
    preflight_explain(&preflight, text, sizeof text);
    warnx("not loaded: %s", text);
}

int exec_main(const struct options *options)
{
    char library[PATH_MAX], fifo[PATH_MAX], fd[FD_TEXT];
    struct engine_channel channel = {NULL, NULL};
    char **environment;

    if ((options->fd >= 0) == (options->fifo != NULL))
        errx(STATUS_FAILED, "exec needs --fd or --fifo, one of them: where shall events go?");
    library_find(library);
    if (options->fifo != NULL) {
        find_fifo(options->fifo, fifo);
        channel.fifo = fifo;
    } else {
        hand_over_fd(options->fd, fd);
        channel.fd = fd;
    }
    environment = engine_environment(library, &channel, options->verbosity == VERBOSE);
    if (options->verbosity != QUIET)
        warn_of_obstacle(options->operands[0], library);
    execvpe(options->operands[0], options->operands, environment);
    return engine_exec_failed(options->operands[0], errno);
}
