/*
 * imdshim exec: become the engine, with the library in it and its events on a descriptor or
 * FIFO.
 *
 * Nothing of ours is left in between: for launchers that have a loop of their own. Bad input is
 * status 125 and nothing is started; an engine that cannot be shimmed is started all the same,
 * with one line on stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/preload/engine.h"
#include "launcher/preload/library.h"
#include "launcher/preload/peer_check.h"
#include "launcher/preload/preflight.h"
#include "shim/wire/handover.h"
#include "shim/wire/sys.h"

enum { FD_TEXT = 96 };

/* The library writes to it only while it is this very file. */
static void hand_over_fd(int fd, char text[FD_TEXT])
{
    struct text handover = {text, 0, FD_TEXT - 1};
    struct stat status;
    int flags = fcntl(fd, F_GETFL), close_on_exec = fcntl(fd, F_GETFD);

    if (close_on_exec == FD_CLOEXEC) {
        errno = EBADF; /* nothing that is inherited has that flag: main() has opened it */
        close_on_exec = -1;
    }
    if (flags < 0 || close_on_exec < 0 || fstat(fd, &status) != 0)
        die_error(STATUS_FAILED, errno,
                  "--fd %d is not open: pass it on to imdshim (pass_fds, %d>...)", fd, fd);
    if ((flags & O_ACCMODE) == O_RDONLY)
        die(STATUS_FAILED, "--fd %d is open for reading only: give the end to write to", fd);
    handover_put_fd(&handover, &(struct handover_fd){.fd = fd,
                                                     .device = status.st_dev,
                                                     .inode = status.st_ino,
                                                     .birth = sys_birth(fd)});
    text_end(&handover);
}

/* An absolute path, for the engine may change its directory. */
static void find_fifo(const char *fifo, char path[PATH_MAX])
{
    struct stat status;

    if (realpath(fifo, path) == NULL || stat(path, &status) != 0)
        die_error(STATUS_FAILED, errno, "--fifo '%s' is not there: make it first, with mkfifo",
                  fifo);
    if (!S_ISFIFO(status.st_mode))
        die(STATUS_FAILED, "--fifo '%s' is not a FIFO: make one with mkfifo", fifo);
    if (access(path, W_OK) != 0)
        die_error(STATUS_FAILED, errno,
                  "--fifo '%s' cannot be written: give yourself the permission", fifo);
}

int exec_main(const struct options *options)
{
    char library[PATH_MAX], preload[PATH_MAX], fifo[PATH_MAX], fd[FD_TEXT];
    char obstacle[PREFLIGHT_TEXT];
    struct engine_channel channel = {NULL, NULL, NULL};
    char **environment;
    int error;

    if ((options->fd >= 0) == (options->fifo != NULL))
        die(STATUS_FAILED, "exec needs --fd or --fifo, one of them: where shall events go?");
    if (options->only_me)
        only_me_prepare();
    library_find(library);
    if (options->fifo != NULL) {
        find_fifo(options->fifo, fifo);
        channel.fifo = fifo;
    } else {
        hand_over_fd(options->fd, fd);
        channel.fd = fd;
    }
    library_name_for_preload(library, preload);
    environment =
        engine_environment(options, preload, &channel,
                           options->verbosity == VERBOSE && options->when != WHEN_READY);
    if (options->verbosity != QUIET &&
        preflight_finds_obstacle(options->operands[0], library, obstacle))
        say("not loaded: %s", obstacle);
    execvpe(options->operands[0], options->operands, environment);
    error = errno;
    free(environment);
    return engine_exec_failed(options->operands[0], error);
}
