/* --port-file: there whole, or not at all. */
#include "launcher/run/port_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/base/status.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

enum { REPLACEMENTS = 300 };

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static const char *text_of(const char *path)
{
    static char text[256];
    int fd = open(path, O_RDONLY);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

    text[length > 0 ? length : 0] = '\0';
    close(fd);
    return text;
}

static int count_files(void)
{
    DIR *directory = opendir(".");
    struct dirent *entry;
    int count = 0;

    while ((entry = readdir(directory)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

TEST_OPTIONS(IN_SANDBOX);

TEST(it_is_host_and_port_and_a_newline)
{
    ck_assert_int_eq(port_file_write("port", "node1", 42165), 0);
    ck_assert_str_eq(text_of("port"), "node1:42165\n");
    ck_assert_int_eq(port_file_write("port", "[::1]", 1), 0);
    ck_assert_str_eq(text_of("port"), "[::1]:1\n");
    ck_assert_int_eq(count_files(), 1);
}

/* A port of the last run would send a client to a stranger. */
TEST(what_an_earlier_run_left_is_removed_first)
{
    write_text("port", "node1:8888\n");
    port_file_prepare("port");
    ck_assert_int_eq(count_files(), 0);
    port_file_prepare("port");
    ck_assert_int_eq(count_files(), 0);
}

TEST(its_mode_is_the_users_umask)
{
    const mode_t masks[] = {0022, 0077, 0027, 0};
    struct stat status;

    for (int i = 0; i < 4; i++) {
        umask(masks[i]);
        ck_assert_int_eq(port_file_write("port", "node1", 42165), 0);
        ck_assert_int_eq(stat("port", &status), 0);
        ck_assert_uint_eq(status.st_mode & 0777, 0666 & ~masks[i]);
        ck_assert_uint_eq(umask(0), masks[i]);
    }
}

static void prepare(const void *path)
{
    close(STDERR_FILENO);
    port_file_prepare(path);
}

TEST(a_file_that_cannot_be_written_is_an_error_beforehand)
{
    char long_name[PATH_MAX + 8];

    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    ck_assert_int_eq(apart(prepare, "nowhere/port"), STATUS_FAILED);
    ck_assert_int_eq(apart(prepare, long_name), STATUS_FAILED);
    ck_assert_int_eq(mkdir("directory", 0700), 0);
    ck_assert_int_eq(apart(prepare, "directory"), STATUS_FAILED);
    ck_assert_int_eq(count_files(), 1);
}

TEST(a_file_that_cannot_be_written_is_an_error_later)
{
    ck_assert_int_eq(port_file_write("nowhere/port", "node1", 42165), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(mkdir("directory", 0700), 0);
    ck_assert_int_eq(port_file_write("directory", "node1", 42165), -1);
    ck_assert_int_eq(errno, EISDIR);
    ck_assert_int_eq(count_files(), 1); /* no temporary one is left */
}

/* As if the disk were full. */
static void write_without_room(const void *unused)
{
    (void)unused;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){4, 4});
    if (port_file_write("port", "node1", 42165) == 0)
        _exit(1);
    _exit(errno == EFBIG ? 0 : 2);
}

TEST(without_room_for_all_of_it_there_is_nothing)
{
    ck_assert_int_eq(apart(write_without_room, NULL), 0);
    ck_assert_int_eq(count_files(), 0);
}

/* A reader that polls for the file. */
TEST(a_reader_never_sees_half_of_it)
{
    const char *hosts[] = {"a", "a-longer-name"};
    pid_t child;

    ck_assert_int_eq(port_file_write("port", hosts[0], 1), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        for (int i = 0; i < REPLACEMENTS; i++)
            port_file_write("port", hosts[i % 2], (unsigned)(i % 2 * 65535));
        _exit(0);
    }
    while (waitpid(child, NULL, WNOHANG) == 0) {
        const char *text = text_of("port");

        ck_assert_msg(strcmp(text, "a:1\n") == 0 || strcmp(text, "a:0\n") == 0 ||
                          strcmp(text, "a-longer-name:65535\n") == 0,
                      "seen: '%s'", text);
    }
}
