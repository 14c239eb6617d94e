#include "tests/faults/support/run_start.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/status.h"
#include "tests/faults/support/place.h"
#include "tests/faults/support/tracee.h"
#include "tests/support/process.h"

static void open_as(int fd, const char *path, int flags)
{
    int opened = open(path, flags, 0600);

    dup2(opened, fd);
    close(opened);
}

_Noreturn static void become(const char *const *words, bool traced)
{
    const char *argv[24] = {place_launcher()};

    for (int i = 0; words[i] != NULL; i++)
        argv[i + 1] = words[i];
    process_default_signals();
    open_as(STDOUT_FILENO, "/dev/null", O_WRONLY);
    open_as(STDERR_FILENO, "err", O_WRONLY | O_CREAT | O_TRUNC);
    if (traced)
        tracee_offer();
    execv(argv[0], (char *const *)argv);
    _exit(STATUS_FAILED);
}

pid_t run_start(const char *const *words, bool traced)
{
    pid_t pid = fork();

    if (pid == 0)
        become(words, traced);
    return pid;
}

/* Who reads has opened the FIFO before the engine can write. */
void run_start_reader(struct run_reader *reader)
{
    char bytes[4096];
    int fd;

    unlink("fifo");
    reader->events = mmap(NULL, sizeof *reader->events, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mkfifo("fifo", 0600);
    fd = open("fifo", O_RDWR | O_CLOEXEC);
    reader->pid = fork();
    if (reader->pid == 0)
        while (true)
            for (ssize_t got = read(fd, bytes, sizeof bytes); got > 0; got--)
                *reader->events += bytes[got - 1] == '\n';
    close(fd);
}

void run_forget_reader(struct run_reader *reader)
{
    if (reader->events != NULL)
        munmap(reader->events, sizeof *reader->events);
    reader->events = NULL;
}
