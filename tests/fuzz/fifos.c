/*
 * Names in the private directory: which are FIFOs of this host's runs, and whose.
 *
 * The first line is the host's name, the second the file's.
 */
#include "launcher/source/fifos.c" /* NOLINT: how it takes a name apart */

#include <limits.h>

#include "tests/fuzz/support/fuzz.h"

/* Everything behind the host's name and a dot is digits, a dot, and no other dot. */
static pid_t expect(const char *name, const char *host)
{
    size_t length = strlen(host), digits;
    unsigned long long pid;

    if (strncmp(name, host, length) != 0 || name[length] != '.')
        return 0;
    name += length + 1;
    digits = strspn(name, "0123456789");
    if (digits == 0 || name[digits] != '.' || strchr(name + digits + 1, '.') != NULL)
        return 0;
    errno = 0;
    pid = strtoull(name, NULL, 10);
    return errno == 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    char *host = take_text(&input, '\n'), *name = take_text(&input, '\n');

    DEMAND(pid_in_name(name, host) == expect(name, host));
    free(name);
    free(host);
    return 0;
}
