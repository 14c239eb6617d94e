#include "launcher/run/record.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/base/private_dir.h"
#include "launcher/libc/bsd.h"
#include "shim/wire/text.h"

#define RECORD_FILE ".record." /* the start of its name, if it is a file */

static const char *const state_names[PHASES] = {
    [STARTING] = "starting",   [LISTENING] = "listening", [READY] = "ready",
    [CONNECTED] = "connected", [ENDING] = "ending",       [ENDED] = "ending",
};

enum { READS = 16 /* until two are the same */ };

const char *record_state_name(enum phase state)
{
    return state_names[state];
}

static void put(struct text *text, const char *key, const char *value)
{
    text_put_string(text, key);
    text_put_escaped(text, value);
}

static void put_number(struct text *text, const char *key, uint64_t number)
{
    text_put_string(text, key);
    text_put_number(text, number);
}

void record_format(const struct record *record, char to[RECORD_TEXT])
{
    struct text text = {to, 0, RECORD_TEXT - 1};

    put_number(&text, "pid=", (uint64_t)record->pid);
    put(&text, " state=", state_names[record->state]);
    put(&text, " host=", record->host);
    put_number(&text, " port=", record->port);
    put_number(&text, " clients=", record->clients);
    put_number(&text, " started=", (uint64_t)record->started);
    put(&text, " engine=", record->engine);
    put(&text, " directory=", record->directory);
    text_put_char(&text, '\n');
    text_end(&text);
}

static void unescape(char *value)
{
    char *to = value;
    unsigned byte;

    for (; *value != '\0'; value++)
        if (value[0] == '%' && isxdigit((unsigned char)value[1]) &&
            isxdigit((unsigned char)value[2]) && sscanf(value + 1, "%2x", &byte) == 1) {
            *to++ = (char)byte;
            value += 2;
        } else {
            *to++ = *value;
        }
    *to = '\0';
}

static bool parse_state(const char *value, enum phase *state)
{
    for (int i = 0; i < PHASES; i++)
        if (strcmp(value, state_names[i]) == 0) {
            *state = (enum phase)i;
            return true;
        }
    return false;
}

static bool parse_number(const char *value, uint64_t *number)
{
    const char *behind = text_take_number(value, INT64_MAX, number);

    return behind != NULL && *behind == '\0';
}

static bool parse_field(const char *key, char *value, struct record *record)
{
    uint64_t number;
    bool is_number;

    unescape(value);
    is_number = parse_number(value, &number);
    if (strcmp(key, "pid") == 0) {
        record->pid = (pid_t)number;
        return is_number && number > 0 && number <= INT_MAX;
    }
    if (strcmp(key, "state") == 0)
        return parse_state(value, &record->state);
    if (strcmp(key, "port") == 0) {
        record->port = (unsigned)number;
        return is_number && number <= UINT16_MAX;
    }
    if (strcmp(key, "clients") == 0) {
        record->clients = (unsigned)number;
        return is_number && number <= INT_MAX;
    }
    if (strcmp(key, "started") == 0) {
        record->started = (int64_t)number;
        return is_number;
    }
    if (strcmp(key, "host") == 0)
        return strlcpy(record->host, value, sizeof record->host) < sizeof record->host;
    if (strcmp(key, "engine") == 0)
        return strlcpy(record->engine, value, PATH_MAX) < PATH_MAX;
    if (strcmp(key, "directory") == 0)
        return strlcpy(record->directory, value, PATH_MAX) < PATH_MAX;
    return true;
}

bool record_parse(char *text, struct record *record)
{
    char *field, *equals, *newline = strchr(text, '\n');

    memset(record, 0, sizeof *record);
    if (newline == NULL)
        return false;
    *newline = '\0';
    while ((field = strsep(&text, " ")) != NULL) {
        equals = strchr(field, '=');
        if (equals == NULL)
            return false;
        *equals = '\0';
        if (!parse_field(field, equals + 1, record))
            return false;
    }
    return record->pid > 0;
}

/* By the call's number, because glibc has memfd_create(3) only since 2.27. */
static int create_in_memory(void)
{
#ifdef SYS_memfd_create
    return (int)syscall(SYS_memfd_create, RECORD_NAME, 1U /* MFD_CLOEXEC */);
#else
    return -1;
#endif
}

/* Without a name as soon as it is there. */
static void create_in(const char *directory, void *to)
{
    char path[PATH_MAX];
    int *fd = to;

    if (*fd >= 0 ||
        snprintf(path, sizeof path, "%s/" RECORD_FILE "XXXXXX", directory) >= PATH_MAX)
        return;
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd >= 0)
        unlink(path);
}

int record_create(void)
{
    int fd = create_in_memory();

    if (fd < 0) /* before Linux 3.17 */
        private_dir_visit(create_in, &fd);
    return fd;
}

/* Shorter than before it has the rest of the old one behind its newline. */
void record_write(int fd, const struct record *record)
{
    char text[RECORD_TEXT];

    record_format(record, text);
    if (fd >= 0 && pwrite(fd, text, strlen(text), 0) < 0)
        return; /* it is stale then, and no more */
}

/* A read that a write comes between may have a part of each: what is read twice is whole. */
static bool read_whole(int fd, char text[RECORD_TEXT])
{
    char again[RECORD_TEXT];
    ssize_t length = -1, before;

    for (int i = 0; i < READS; i++) {
        before = length;
        memcpy(again, text, before > 0 ? (size_t)before : 0);
        length = pread(fd, text, RECORD_TEXT - 1, 0);
        if (length < 0)
            return false;
        text[length] = '\0';
        if (length == before && memcmp(text, again, (size_t)length) == 0)
            return true;
    }
    return false;
}

static bool read_at(int directory, const char *name, struct record *record)
{
    char text[RECORD_TEXT];
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC), error;
    bool whole = fd >= 0 && read_whole(fd, text);

    error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return whole && record_parse(text, record);
}

/* "/memfd:NAME (deleted)", memfd_create(2); or "/tmp/imdshim-0/.record.XXXXXX (deleted)". */
static bool is_record(int directory, const char *name)
{
    static const char memory[] = "/memfd:" RECORD_NAME " ";
    char target[PATH_MAX];
    ssize_t length = readlinkat(directory, name, target, sizeof target - 1);

    target[length > 0 ? length : 0] = '\0';
    return strncmp(target, memory, strlen(memory)) == 0 ||
           strstr(target, "/" RECORD_FILE) != NULL;
}

bool record_read(pid_t launcher, struct record *record)
{
    char path[64];
    DIR *directory;
    struct dirent *entry;
    bool found = false;
    int error = 0;

    snprintf(path, sizeof path, "/proc/%ld/fd", (long)launcher);
    directory = opendir(path);
    if (directory == NULL)
        return false;
    while (errno = 0, !found && (entry = readdir(directory)) != NULL) {
        found = is_record(dirfd(directory), entry->d_name) &&
                read_at(dirfd(directory), entry->d_name, record);
        if (errno != 0 && errno != EINVAL) /* "." is no link */
            error = errno;
    }
    if (errno != 0)
        error = errno;
    closedir(directory);
    errno = error;
    return found;
}
