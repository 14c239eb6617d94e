#include "tests/unit/support/channel.h"

struct channel inherited(int fd)
{
    struct channel channel = {.fd = fd};
    struct stat status;

    ck_assert_int_eq(fstat(fd, &status), 0);
    channel.device = status.st_dev;
    channel.inode = status.st_ino;
    channel.birth = sys_birth(fd);
    return channel;
}

struct channel inherited_pipe(int ends[2])
{
    ck_assert_int_eq(pipe(ends), 0);
    return inherited(ends[1]);
}

void make_path(struct channel *channel, const char *name)
{
    char directory[PATH_MAX - 64];

    ck_assert_ptr_nonnull(getcwd(directory, sizeof directory));
    *channel = (struct channel){.fd = -1};
    snprintf(channel->path, sizeof channel->path, "%s/%s", directory, name);
}
