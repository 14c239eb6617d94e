/*
 * What an engine inherits and what it is afterwards, as text to compare.
 *
 * usage: state [ARG...]
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/doubles/support/tcp.h"

static int is_wanted(const char *line)
{
    static const char *const names[] = {"SigBlk:", "SigIgn:", "SigCgt:", "SigPnd:",
                                        "ShdPnd:", "Name:",   "Umask:",  "NoNewPrivs:"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(line, names[i], strlen(names[i])) == 0)
            return 1;
    return 0;
}

static void show_status(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];

    while (fgets(line, sizeof line, file) != NULL)
        if (is_wanted(line))
            fputs(line, stdout);
    fclose(file);
}

static void show_file(const char *path)
{
    FILE *file = fopen(path, "r");
    int c;

    while ((c = getc(file)) != EOF)
        putchar(c != '\0' ? c : '\n');
    fclose(file);
}

static void show_descriptors(void)
{
    for (int fd = 0; fd < 64; fd++) {
        int flags = fcntl(fd, F_GETFD);
        struct stat status;

        if (flags >= 0 && fstat(fd, &status) == 0)
            printf("fd %d %d %o %lx\n", fd, flags, status.st_mode,
                   (unsigned long)status.st_rdev);
    }
}

static int is_ours(const char *entry)
{
    static const char *const ours[] = {
        "LD_PRELOAD=",
        "IMDSHIM_",
        "ASAN_OPTIONS=",
        "OMPI_IMDSHIM_",
        "OMPI_MCA_orte_launch_agent=",
        "PRTE_MCA_prte_launch_agent=",
    };

    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strncmp(entry, ours[i], strlen(ours[i])) == 0)
            return 1;
    return 0;
}

/* Without what the launcher adds to them, and that may give them another place. */
static void show_sanitizer_options(void)
{
    static const char added[] = "verify_asan_link_order=0";
    const char *options = getenv("ASAN_OPTIONS"), *ours;

    if (options == NULL)
        return;
    ours = strstr(options, added);
    if (ours == NULL)
        puts(options);
    else if (ours > options)
        printf("%.*s\n", (int)(ours - options - 1), options);
}

int main(int argc, char **argv)
{
    char cwd[4096];

    tcp_listener(0);
    printf("argc %d\n", argc);
    for (int i = 0; i < argc; i++)
        printf("arg <%s>\n", argv[i]);
    for (char **entry = environ; *entry != NULL; entry++)
        if (!is_ours(*entry))
            puts(*entry);
    show_sanitizer_options();
    show_status();
    show_file("/proc/self/limits");
    show_file("/proc/self/cmdline");
    show_descriptors();
    printf("cwd %s nice %d group %ld session %ld\n", getcwd(cwd, sizeof cwd),
           getpriority(PRIO_PROCESS, 0), (long)getpgrp(), (long)getsid(0));
    return 0;
}
