#include "tests/faults/support/area.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/faults/support/leftover.h"

/* nftw(3) has no argument for these. */
static const char *wanted_not, *root;
static char *found;
static int found_count;

static bool make_directories(const struct area *area)
{
    return mkdir(area->run, 0700) == 0 && mkdir(area->tmp, 0700) == 0;
}

bool area_make(struct area *area, const char *path)
{
    snprintf(area->path, sizeof area->path, "%s", path);
    snprintf(area->run, sizeof area->run, "%s/run", path);
    snprintf(area->tmp, sizeof area->tmp, "%s/tmp", path);
    area->out = open(path, O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    area->err = open(path, O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    return area->out >= 0 && area->err >= 0 && make_directories(area) &&
           setenv("TMPDIR", area->tmp, 1) == 0;
}

bool area_forget_output(const struct area *area)
{
    return ftruncate(area->out, 0) == 0 && ftruncate(area->err, 0) == 0;
}

void area_empty(struct area *area)
{
    leftover_remove(area->run);
    leftover_remove(area->tmp);
    if (!make_directories(area) || !area_forget_output(area))
        perror(area->path);
}

static void read_from(int fd, char text[AREA_TEXT])
{
    ssize_t length = pread(fd, text, AREA_TEXT - 1, 0);

    text[length > 0 ? length : 0] = '\0';
}

void area_read(struct area *area)
{
    read_from(area->out, area->out_text);
    read_from(area->err, area->err_text);
}

static bool is_wanted_not(const char *name)
{
    const char *part = wanted_not;
    size_t length;

    for (; *part != '\0'; part += length + strspn(part + length, " ")) {
        length = strcspn(part, " ");
        if (length > 0 && part[length - 1] == '*'
                ? strncmp(name, part, length - 1) == 0
                : strlen(name) == length && strncmp(name, part, length) == 0)
            return true;
    }
    return false;
}

static int note_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    const char *name = path + strlen(root) + 1;
    size_t length = strlen(found);

    (void)status;
    if (walk->level < 2 || is_wanted_not(name) ||
        (type == FTW_D && strncmp(name, "tmp/imdshim-", 12) == 0))
        return 0;
    snprintf(found + length, AREA_TEXT - length, "%s%s", length > 0 ? " " : "", name);
    found_count++;
    return 0;
}

int area_left(const struct area *area, const char *expected, char text[AREA_TEXT])
{
    wanted_not = expected;
    root = area->path;
    found = text;
    found_count = 0;
    text[0] = '\0';
    nftw(area->path, note_entry, 16, FTW_PHYS);
    return found_count;
}
