#include "launcher/base/status.h"

#include <errno.h>
#include <sys/wait.h>

int status_of_exec_error(int error)
{
    return error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
}

int status_of_wait(int wait_status)
{
    return WIFSIGNALED(wait_status) ? STATUS_OF_SIGNAL + WTERMSIG(wait_status)
                                    : WEXITSTATUS(wait_status);
}
