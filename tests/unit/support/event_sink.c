#include "tests/unit/support/event_sink.h"

struct event_sink inherited(int fd)
{
    struct event_sink sink = {.file = {.fd = fd}};
    struct stat status;

    ck_assert_int_eq(fstat(fd, &status), 0);
    sink.file.device = status.st_dev;
    sink.file.inode = status.st_ino;
    sink.file.birth = sys_birth(fd);
    return sink;
}

struct event_sink inherited_pipe(int ends[2])
{
    ck_assert_int_eq(pipe(ends), 0);
    return inherited(ends[1]);
}

void make_path(struct event_sink *sink, const char *name)
{
    char directory[PATH_MAX - 64];

    ck_assert_ptr_nonnull(getcwd(directory, sizeof directory));
    *sink = (struct event_sink){.file = {.fd = -1}};
    snprintf(sink->fifo, sizeof sink->fifo, "%s/%s", directory, name);
}

struct event longest_event(char letter, char text[EVENT_MAX])
{
    memset(text, letter, EVENT_MAX - 1);
    text[EVENT_MAX - 1] = '\0';
    return (struct event){
        .kind = KIND_READY, .has = EVENT_HAS(KEY_EXE), .port = 1, .exe = text};
}
