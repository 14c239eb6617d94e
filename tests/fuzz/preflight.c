/*
 * The pre-flight: up to three files, which name each other as /proc/self/fd/200, 201 and 202
 * behind "#!". The first is the engine.
 *
 * Two bytes are the length of the first file and two that of the second; the rest is the third.
 */
#include "launcher/preload/preflight.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/support/fuzz.h"

enum { FILES = 3, FIRST = 200 };

static const char *const command[] = {"/proc/self/fd/200", NULL};
static const char library[] = "/proc/self/exe";

static void make_files(void)
{
    for (int i = 0; i < FILES; i++) {
        int fd = memfd_create("file", MFD_CLOEXEC);

        DEMAND(fd >= 0 && dup3(fd, FIRST + i, O_CLOEXEC) == FIRST + i);
        close(fd);
    }
}

static void write_file(int fd, struct input *input, size_t size)
{
    const uint8_t *bytes = take_bytes(input, &size);

    DEMAND(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size);
}

static void demand_explained(const struct preflight *preflight, size_t size)
{
    char *text = malloc(size);

    preflight_explain(preflight, text, size);
    DEMAND(memchr(text, '\0', size) != NULL && is_one_line(text));
    free(text);
}

static bool may_be(enum preflight_verdict verdict)
{
    return verdict == PREFLIGHT_FINE || verdict == PREFLIGHT_UNREADABLE ||
           verdict == PREFLIGHT_STATIC || verdict == PREFLIGHT_OTHER_LIBC ||
           verdict == PREFLIGHT_OTHER_MACHINE || verdict == PREFLIGHT_NOEXEC;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    size_t first = take_number(&input, 2), second = take_number(&input, 2);
    struct preflight *preflight = malloc(sizeof *preflight), again;

    if (fcntl(FIRST, F_GETFD) < 0)
        make_files();
    write_file(FIRST, &input, first);
    write_file(FIRST + 1, &input, second);
    write_file(FIRST + 2, &input, input.left);
    preflight_examine(command, library, preflight);
    preflight_examine(command, library, &again);
    DEMAND(memcmp(preflight, &again, sizeof again) == 0);
    DEMAND(may_be(preflight->verdict));
    DEMAND(IS_STRING(preflight->program));
    DEMAND(IS_STRING(preflight->detail));
    demand_explained(preflight, PREFLIGHT_TEXT);
    demand_explained(preflight, 1 + size % 64);
    DEMAND(preflight_is_obstacle(preflight->verdict) ==
           (preflight->verdict >= PREFLIGHT_STATIC));
    free(preflight);
    return 0;
}
