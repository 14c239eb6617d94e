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
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/child.h"
#include "launcher/base/say.h"
#include "launcher/base/status.h"
#include "launcher/commands/commands.h"
#include "launcher/container/enter.h"
#include "launcher/container/plan.h"
#include "launcher/libc/exec.h"
#include "launcher/preload/carry.h"
#include "launcher/preload/cluster.h"
#include "launcher/preload/engine.h"
#include "launcher/preload/library.h"
#include "launcher/preload/peer_check.h"
#include "launcher/preload/preflight.h"
#include "shim/wire/sys.h"

enum { FD_TEXT = 96 };

/* The library writes to it only while it is this very file. */
static void hand_over_fd(int fd, char text[FD_TEXT])
{
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
    snprintf(text, FD_TEXT, "%d:%llu:%llu:%llu", fd, (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino, (unsigned long long)sys_birth(fd));
}

/* An absolute path, because the engine may change its directory. */
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

/*
 * s6-supervise takes the first newline in its notification pipe for "ready", whatever is before
 * it: then nothing is written before the engine is.
 */
static bool is_for_s6(int fd)
{
    char parent[COMM_SIZE];
    struct stat status;

    child_read_comm(getppid(), parent);
    return strcmp(parent, "s6-supervise") == 0 && fstat(fd, &status) == 0 &&
           S_ISFIFO(status.st_mode);
}

static const char *events_for(const struct options *options)
{
    if (options->when == WHEN_READY ||
        (options->when == WHEN_NOT_SAID && options->fd >= 0 && is_for_s6(options->fd)))
        return WIRE_EVENTS_READY;
    return options->verbosity == VERBOSE ? WIRE_EVENTS_ALL : NULL;
}

/* What stands in the way, and does not keep the engine from being started. */
static void say_obstacles(const struct options *options, const struct preflight *preflight)
{
    const char *const *command = (const char *const *)options->operands;
    char text[PREFLIGHT_TEXT], lost[CARRY_TEXT];

    if (options->verbosity == QUIET)
        return;
    if (preflight_is_obstacle(preflight->verdict)) {
        preflight_explain(preflight, text, sizeof text);
        say("not loaded: %s", text);
    }
    if (carry_is_lost(command, lost))
        say("%s", lost);
    if (cluster_is_likely_to_leave_host(command, getenv("SLURM_JOB_NUM_NODES")))
        say("an engine on another host cannot report to exec: if it may be on one, start "
            "imdshim "
            "behind the launcher, as in 'srun imdshim exec', or use 'imdshim run'");
}

/* NULL if the engine would not start with the library. */
static const char *check_engine_file(const struct options *options, const char *library,
                                     const char *preload)
{
    const char *const *command = (const char *const *)options->operands;
    struct preflight preflight = {.verdict = PREFLIGHT_FINE};

    if (plan_find_runtime(command) == NULL) /* what starts a container is not the engine */
        preflight_examine(command, library, &preflight);
    say_obstacles(options, &preflight);
    return preflight_must_not_preload(preflight.verdict) ? NULL : preload;
}

/* Returns the status if it could not be. */
static int become(const struct options *options, const char *library, const char *preload,
                  const struct engine_channel *channel)
{
    const struct container_needs needs = {
        .library = library, .preload = preload, .fifo = channel->fifo};
    const char *const *command = (const char *const *)options->operands;
    char **ours =
        engine_environment(options, check_engine_file(options, library, preload), channel);
    char *const *environment = ours;
    struct container container;
    int error;

    if (container_enter(&container, command, environment, &needs)) {
        if (container.means == CONTAINER_TOLD && options->verbosity != QUIET)
            say("%s", container.text);
        command = (const char *const *)container.command.list;
        environment = container.environment.list;
    }
    exec_program(command, environment);
    error = errno;
    container_free(&container);
    free(ours);
    return engine_exec_failed(options->operands[0], error);
}

int exec_main(const struct options *options)
{
    char library[PATH_MAX], preload[PATH_MAX], fifo[PATH_MAX], fd[FD_TEXT];
    struct engine_channel channel = {.events = events_for(options)};

    if ((options->fd >= 0) == (options->fifo != NULL))
        die(STATUS_FAILED, "exec needs --fd or --fifo, one of them: where shall events go?");
    if (options->only_me)
        peer_check();
    library_find(library);
    if (options->fifo != NULL) {
        find_fifo(options->fifo, fifo);
        channel.fifo = fifo;
    } else {
        hand_over_fd(options->fd, fd);
        channel.fd = fd;
    }
    library_name_for_preload(library, preload);
    return become(options, library, preload, &channel);
}
