/* Who this process is: asked anew each time, also of a thread whose main() has ended. */
#include "shim/kernel/process.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/kernel/module.h"
#include "tests/support/network.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

TEST_OPTIONS(IN_SANDBOX);

/* ---- the program ---- */

#define TELL "TELL_WHO_YOU_ARE"

/* This program under another name: it says before main() who it is, and ends. */
__attribute__((constructor)) static void tell_who_you_are(void)
{
    const char *removed = getenv(TELL);
    char exe[NAME_SIZE];

    if (removed == NULL)
        return;
    if (*removed != '\0' && unlink(removed) != 0)
        _exit(2);
    process_exe(exe);
    printf("%s", exe);
    fflush(stdout);
    _exit(0);
}

static void copy_this_program(const char *to)
{
    char command[PATH_MAX + 64];

    snprintf(command, sizeof command, "cp /proc/%ld/exe '%s'", (long)getpid(), to);
    ck_assert_int_eq(system(command), 0);
}

/* What the program in the file says that it is; it removes the file `removed` first. */
static const char *name_of(const char *path, const char *removed)
{
    static char name[2 * NAME_SIZE];
    int ends[2], status;
    ssize_t length;
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        setenv(TELL, removed, 1);
        execl(path, path, (char *)NULL);
        _exit(3);
    }
    close(ends[1]);
    length = read(ends[0], name, sizeof name - 1);
    close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    name[length] = '\0';
    return name;
}

TEST(a_program_is_called_by_its_base_name)
{
    char path[PATH_MAX] = "", name[NAME_SIZE];

    ck_assert_int_gt(readlink("/proc/self/exe", path, sizeof path - 1), 0);
    process_exe(name);
    ck_assert_str_eq(name, basename(path));
}

static const char *const program_names[] = {"gmx", "my engine", "n\nl", "gmx (deleted", "d"};

LOOP_TEST(a_program_that_was_removed_is_called_by_its_name, COUNT(program_names))
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "./%s", program_names[_i]);
    copy_this_program(path);
    ck_assert_str_eq(name_of(path, ""), program_names[_i]);
    ck_assert_str_eq(name_of(path, path), program_names[_i]);
}

TEST(a_program_of_the_longest_name_is_called_by_it)
{
    char name[NAME_MAX + 1] = "", path[PATH_MAX];

    memset(name, 'n', NAME_MAX);
    snprintf(path, sizeof path, "./%s", name);
    copy_this_program(path);
    ck_assert_str_eq(name_of(path, ""), name);
    ck_assert_str_eq(name_of(path, path), name);
}

/* readlink(2) cuts it off, and the base name stands at its end. */
TEST(a_program_in_a_path_that_is_very_long_has_no_name)
{
    char directory[NAME_MAX + 1] = "";

    memset(directory, 'd', NAME_MAX);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(mkdir(directory, 0700), 0);
        ck_assert_int_eq(chdir(directory), 0);
    }
    copy_this_program("gmx");
    ck_assert_str_eq(name_of("./gmx", ""), "");
}

static const struct {
    const char *name, *stripped;
} names[] = {
    {"gmx (deleted)", "gmx"},
    {"gmx", "gmx"},
    {"", ""},
    {" (deleted)", " (deleted)"}, /* a file has a name */
    {"(deleted)", "(deleted)"},
    {"x(deleted)", "x(deleted)"},
    {"x (deleted) ", "x (deleted) "},
    {"x (deleted)y", "x (deleted)y"},
    {"x (deleted) (deleted)", "x (deleted)"},
    {"x (Deleted)", "x (Deleted)"},
    {"x (deleted", "x (deleted"},
};

LOOP_TEST(the_kernels_word_for_a_removed_file_is_taken_away, COUNT(names))
{
    char name[64];

    strcpy(name, names[_i].name);
    process_strip_deleted(name);
    ck_assert_str_eq(name, names[_i].stripped);
}

/* ---- the rest ---- */

TEST(a_thread_has_its_own_name)
{
    char name[COMM_SIZE];

    prctl(PR_SET_NAME, "0123456789abcde");
    process_comm(name);
    ck_assert_str_eq(name, "0123456789abcde");
    prctl(PR_SET_NAME, "gmx mdrun");
    process_comm(name);
    ck_assert_str_eq(name, "gmx mdrun");
}

TEST(the_host_is_the_kernels)
{
    struct utsname system;
    char name[HOST_SIZE];

    ck_assert_int_eq(uname(&system), 0);
    process_host(name);
    ck_assert_str_eq(name, system.nodename);
}

static ino_t inode_of(const char *path)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_ino;
}

TEST(the_network_is_the_one_that_the_thread_is_in, .needs = network_can_be_had)
{
    ino_t before = inode_of("/proc/thread-self/ns/net");

    ck_assert_uint_eq(process_netns(), before);
    network_enter();
    ck_assert_uint_ne(process_netns(), before);
    ck_assert_uint_eq(process_netns(), inode_of("/proc/thread-self/ns/net"));
}

/* select(2) reads no further into a set than to the last of them. */
TEST(every_descriptor_has_a_slot)
{
    const int numbers[] = {63, 64, 127, 255, 256, 300, 511, 512, 1000};
    struct rlimit limit = {1024, 1024};
    unsigned before = process_descriptor_slots();

    ck_assert_uint_gt(before, 0);
    ck_assert_uint_eq(process_descriptor_slots(), before);
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < COUNT(numbers); i++) {
        ck_assert_int_eq(dup2(STDERR_FILENO, numbers[i]), numbers[i]);
        ck_assert_uint_gt(process_descriptor_slots(), (unsigned)numbers[i]);
    }
    ck_assert_uint_le(process_descriptor_slots(), 2048); /* the kernel's steps are not larger */
}

TEST(asking_leaves_no_descriptor)
{
    char exe[NAME_SIZE];
    int next = dup(STDIN_FILENO);

    close(next);
    process_exe(exe);
    process_netns();
    process_descriptor_slots();
    ck_assert_int_eq(process_open("no/such/file"), -1);
    ck_assert_int_eq(dup(STDIN_FILENO), next);
}

/* ---- main() has called pthread_exit(3): the process's own directory in /proc is empty ---- */

static void *look_at_ourselves(void *expected)
{
    char exe[NAME_SIZE], object[NAME_SIZE], path[64];

    for (int i = 0; i < 10000 && readlink("/proc/self/exe", path, sizeof path) > 0; i++)
        usleep(1000);
    if (readlink("/proc/self/exe", path, sizeof path) > 0)
        _exit(1);
    process_exe(exe);
    if (strcmp(exe, expected) != 0)
        _exit(2);
    module_find((const void *)(uintptr_t)look_at_ourselves, object);
    if (strcmp(object, expected) != 0)
        _exit(3);
    _exit(process_descriptor_slots() == 0 ? 4 : process_netns() == 0 ? 5 : 0);
}

static void end_main_thread(const void *expected)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, look_at_ourselves, (void *)(uintptr_t)expected) != 0)
        _exit(10);
    pthread_exit(NULL);
}

TEST(a_process_whose_main_thread_has_ended_is_who_it_was)
{
    char exe[NAME_SIZE];

    process_exe(exe);
    ck_assert_int_eq(apart(end_main_thread, exe), 0);
}
