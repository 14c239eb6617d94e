/*
 * A library of an engine's that listens: when it is called, loaded (LISTEN_WHEN=start) or
 * unloaded (LISTEN_WHEN=end).
 */
#include <stdlib.h>
#include <sys/prctl.h>

#include "tests/doubles/tcp.h"

int library_listen(void);

int library_listen(void)
{
    return tcp_listener(0);
}

/* The launcher, which has this library too, is not the engine. */
static int is_time(const char *when)
{
    const char *wanted = getenv("LISTEN_WHEN");
    char program[16] = "";

    prctl(PR_GET_NAME, program);
    return wanted != NULL && strcmp(wanted, when) == 0 && strcmp(program, "quiet") == 0;
}

__attribute__((constructor)) static void start(void)
{
    if (is_time("start"))
        tcp_print_port(library_listen());
}

__attribute__((destructor)) static void end(void)
{
    if (is_time("end"))
        tcp_print_port(library_listen());
}
