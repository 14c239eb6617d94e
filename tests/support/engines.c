#include "tests/support/engines.h"

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/suite.h"

bool engines_have(const char *program)
{
    return suite_has_program(program, "real engines");
}

bool engines_have_gromacs(void)
{
    return engines_have("gmx");
}

bool engines_have_lammps(void)
{
    return engines_have("lmp");
}

void engines_allow_root(void)
{
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
}

void engines_prepare_argon(void)
{
    struct shell shell;

    shell_run(&shell, "$SOURCE/scripts/argon-gromacs.sh .");
    ck_assert_msg(shell_status(&shell) == 0 && access("argon.tpr", R_OK) == 0,
                  "argon-gromacs.sh: %s", shell.err);
}

static bool is_free(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound;

    ck_assert_int_ge(fd, 0);
    bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return bound;
}

/* Tests run in processes of their own, some at once: each begins its search elsewhere. */
unsigned engines_free_ports(unsigned count)
{
    enum { FIRST = 12000, COUNT = 18000 };

    for (unsigned i = 0, found = 0; i < COUNT; i++) {
        unsigned port = FIRST + ((unsigned)getpid() * 61 + i) % COUNT;

        found = !is_free(port) ? 0 : port == FIRST ? 1 : found + 1;
        if (found == count)
            return port + 1 - count;
    }
    ck_abort_msg("no port is free");
    return 0;
}

unsigned engines_free_port(void)
{
    return engines_free_ports(1);
}

static unsigned port_after(const char *text, const char *before)
{
    const char *found = strstr(text, before);

    return found != NULL ? (unsigned)strtoul(found + strlen(before), NULL, 10) : 0;
}

unsigned engines_port_in_text(const char *text)
{
    return port_after(text, "IMD: Listening for IMD connection on port ");
}

unsigned engines_port_in_log(const char *path)
{
    return engines_port_in_text(engines_read(path));
}

unsigned engines_port_told(const struct shell *shell)
{
    return port_after(shell->err, " listens on 0.0.0.0:");
}

const char *engines_read(const char *path)
{
    static char text[SHELL_OUTPUT];
    FILE *file = fopen(path, "re");
    size_t length = 0;

    if (file != NULL) {
        length = fread(text, 1, sizeof text - 1, file);
        fclose(file);
    }
    text[length] = '\0';
    return text;
}
