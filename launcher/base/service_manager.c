#include "launcher/base/service_manager.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * systemd.exec(5): since version 248 it names the process that it has started. Before, and in a
 * container, it is left to NotifyAccess= whose word counts.
 */
static bool is_main_process(void)
{
    const char *pid = getenv("SYSTEMD_EXEC_PID");

    return pid == NULL || strtol(pid, NULL, 10) == getpid();
}

/* "@" stands for the null byte of an abstract socket. Returns errno. */
static int send_to(const char *name, int fd, const char *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);

    if (name[0] != '/' && name[0] != '@')
        return EAFNOSUPPORT;
    if (length >= sizeof address.sun_path)
        return ENAMETOOLONG;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    length += offsetof(struct sockaddr_un, sun_path);
    return sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                  (const struct sockaddr *)&address, (socklen_t)length) < 0
               ? errno
               : 0;
}

int service_manager_tell_ready(unsigned port)
{
    const char *name = getenv("NOTIFY_SOCKET");
    char state[64];
    int fd, error;

    if (name == NULL || name[0] == '\0' || !is_main_process())
        return 0;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    snprintf(state, sizeof state, "READY=1\nSTATUS=listens on port %u", port);
    error = send_to(name, fd, state);
    close(fd);
    return error;
}
