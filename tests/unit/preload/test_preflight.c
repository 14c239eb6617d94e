/* Can it be shimmed? Programs that are found or not, of all kinds, and scripts. */
#include "launcher/preload/preflight.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

enum { MOST_BYTES = 1 << 20 };

/* A program that is certainly for this machine stands for the library. */
static const char library[] = "/bin/true";

static struct preflight preflight;
static char text[PATH_MAX + 512];

static enum preflight_verdict examine(const char *engine)
{
    const char *const command[] = {engine, NULL};

    preflight_examine(command, library, &preflight);
    preflight_explain(&preflight, text, sizeof text);
    ck_assert_ptr_null(strchr(text, '\n'));
    return preflight.verdict;
}

static void write_file(const char *name, const void *bytes, size_t length)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    ck_assert_int_eq(close(fd), 0);
}

static void write_script(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void write_script(const char *name, const char *format, ...)
{
    char script[PATH_MAX + 64];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(script, sizeof script, format, arguments);
    va_end(arguments);
    write_file(name, script, strlen(script));
}

static union {
    ElfW(Ehdr) header;
    unsigned char bytes[MOST_BYTES];
} image;

static size_t image_length;

static void read_image(void)
{
    int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, &image, sizeof image);

    ck_assert_int_gt(length, (ssize_t)sizeof image.header);
    image_length = (size_t)length;
    close(fd);
}

static ElfW(Phdr) * interpreter_header(void)
{
    ElfW(Phdr) *headers = (ElfW(Phdr) *)(void *)(image.bytes + image.header.e_phoff);

    while (headers->p_type != PT_INTERP)
        headers++;
    return headers;
}

/* The copy names another dynamic linker, in what was the interpreter's place. */
static enum preflight_verdict examine_with_interpreter(const char *interpreter)
{
    ElfW(Phdr) * header;

    read_image();
    header = interpreter_header();
    ck_assert_uint_le(strlen(interpreter) + 1, header->p_filesz);
    strcpy((char *)image.bytes + header->p_offset, interpreter);
    write_file("engine", &image, image_length);
    return examine("./engine");
}

TEST_OPTIONS(IN_SANDBOX);

TEST(a_program_of_this_machine_is_fine)
{
    ck_assert_int_eq(examine("/bin/true"), PREFLIGHT_FINE);
    ck_assert_str_eq(preflight.program, "/bin/true");
    ck_assert_ptr_nonnull(strstr(text, "can be shimmed"));
}

TEST(a_program_is_looked_for_in_path)
{
    char path[PATH_MAX], expected[PATH_MAX + 16];

    ck_assert_int_eq(mkdir("bin", 0700), 0);
    ck_assert_int_eq(symlink("/bin/true", "bin/engine"), 0);
    snprintf(path, sizeof path, "/nowhere:/dev/null:%s/bin:/bin", getenv("TMPDIR"));
    snprintf(expected, sizeof expected, "%s/bin/engine", getenv("TMPDIR"));
    setenv("PATH", path, 1);
    ck_assert_int_eq(examine("engine"), PREFLIGHT_FINE);
    ck_assert_str_eq(preflight.program, expected);
    setenv("PATH", "/nowhere", 1);
    ck_assert_int_eq(examine("engine"), PREFLIGHT_NOT_FOUND);
    unsetenv("PATH");
    ck_assert_int_eq(examine("true"), PREFLIGHT_FINE);
}

/* An empty part of PATH is the working directory. */
TEST(an_empty_part_of_path_is_here)
{
    const char *const paths[] = {"", ":/nowhere", "/nowhere:", "/nowhere::/nowhere", "."};

    ck_assert_int_eq(symlink("/bin/true", "engine"), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        setenv("PATH", paths[i], 1);
        ck_assert_int_eq(examine("engine"), PREFLIGHT_FINE);
    }
}

/* The next one is taken, as execvp(3) does. */
TEST(what_cannot_be_executed_hides_nothing_in_path)
{
    char path[2 * PATH_MAX];

    ck_assert_int_eq(mkdir("one", 0700), 0);
    ck_assert_int_eq(mkdir("two", 0700), 0);
    write_file("one/engine", "x", 1);
    ck_assert_int_eq(chmod("one/engine", 0600), 0);
    ck_assert_int_eq(symlink("/bin/true", "two/engine"), 0);
    snprintf(path, sizeof path, "%s/one:%s/two", getenv("TMPDIR"), getenv("TMPDIR"));
    setenv("PATH", path, 1);
    ck_assert_int_eq(examine("engine"), PREFLIGHT_FINE);
    ck_assert_int_eq(unlink("two/engine"), 0);
    ck_assert_int_eq(examine("engine"), PREFLIGHT_NOT_EXECUTABLE);
}

TEST(what_is_not_there_is_told_from_what_cannot_be_executed)
{
    write_file("data", "x", 1);
    ck_assert_int_eq(chmod("data", 0600), 0);
    setenv("PATH", "/usr/bin:/bin", 1);
    ck_assert_int_eq(examine("./missing"), PREFLIGHT_NOT_FOUND);
    ck_assert_int_eq(examine("./data/engine"), PREFLIGHT_NOT_FOUND);
    ck_assert_int_eq(examine("no-such-engine-anywhere"), PREFLIGHT_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "no-such-engine-anywhere"));
    ck_assert_int_eq(examine("./data"), PREFLIGHT_NOT_EXECUTABLE);
    ck_assert_int_eq(examine("."), PREFLIGHT_NOT_EXECUTABLE);
    ck_assert_int_eq(examine("/tmp"), PREFLIGHT_NOT_EXECUTABLE);
}

/* execvp(3) says ENOENT. */
TEST(an_empty_name_is_not_found)
{
    ck_assert_int_eq(examine(""), PREFLIGHT_NOT_FOUND);
}

TEST(a_name_longer_than_any_path_does_no_harm)
{
    char *name = malloc(3 * PATH_MAX);

    memset(name, 'x', 3 * PATH_MAX - 1);
    name[3 * PATH_MAX - 1] = '\0';
    ck_assert_int_ne(examine(name), PREFLIGHT_FINE);
    name[0] = '/';
    ck_assert_int_ne(examine(name), PREFLIGHT_FINE);
    free(name);
}

TEST(linkers_of_glibc_and_musl_are_told_from_others)
{
    const char *const fine[] = {"/lib64/ld-linux.so.2",     "/lib/ld-linux-armhf.so.3",
                                "/lib64/ld64.so.2",         "/lib/ld.so.1",
                                "/a/ld-linux-x86-64.so.2",  "/lib/ld-musl-x86_64.so.1",
                                "/opt/ld-musl-aarch64.so.1"};
    const char *const other[] = {"/lib/ld-uClibc.so.0", "/system/bin/linker64",
                                 "/ld-linux/ld-musl.so", "/libexec/ld-elf.so.1"};

    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        ck_assert_int_eq(examine_with_interpreter(fine[i]), PREFLIGHT_FINE);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        ck_assert_int_eq(examine_with_interpreter(other[i]), PREFLIGHT_OTHER_LIBC);
        ck_assert_str_eq(preflight.detail, other[i]);
        ck_assert_ptr_nonnull(strstr(text, other[i]));
    }
}

TEST(a_program_without_a_linker_is_static)
{
    read_image();
    interpreter_header()->p_type = PT_NULL;
    write_file("engine", &image, image_length);
    ck_assert_int_eq(examine("./engine"), PREFLIGHT_STATIC);
    ck_assert_ptr_nonnull(strstr(text, "./engine is statically linked"));
}

TEST(a_program_of_another_machine_is_named)
{
    read_image();
    image.header.e_machine = 0x7777;
    write_file("engine", &image, image_length);
    ck_assert_int_eq(examine("./engine"), PREFLIGHT_OTHER_MACHINE);
    ck_assert_str_eq(preflight.detail, "ELF machine 30583");
    read_image();
    image.header.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
    write_file("engine", &image, image_length);
    ck_assert_int_eq(examine("./engine"), PREFLIGHT_OTHER_MACHINE);
    read_image();
    image.header.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    write_file("engine", &image, image_length);
    ck_assert_int_eq(examine("./engine"), PREFLIGHT_OTHER_MACHINE);
}

/* EACCES is known to env(1) too; of others it must not be said that there is no such file. */
TEST(what_keeps_it_from_looking_is_said)
{
    write_file("engine", "text\n", 5);
    examine("./engine");
    preflight_explain(&preflight, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "cannot be examined: it is no ELF file"));
    examine("./missing");
    preflight_explain(&preflight, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "cannot be found (No such file or directory)"));
    setenv("PATH", "loop", 1);
    ck_assert_int_eq(symlink("loop", "loop"), 0);
    ck_assert_int_eq(examine("engine"), PREFLIGHT_NOT_EXECUTABLE);
    preflight_explain(&preflight, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, strerror(ELOOP)));
}

TEST(of_what_is_no_elf_file_nothing_is_known)
{
    const char *const texts[] = {"", "echo a script without a first line\n", "#", "\177ELF"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file("engine", texts[i], strlen(texts[i]));
        ck_assert_int_eq(examine("./engine"), PREFLIGHT_UNREADABLE);
    }
    preflight_examine((const char *const[]){"/bin/true", NULL}, "/nowhere/libimdshim.so",
                      &preflight);
    ck_assert_int_eq(preflight.verdict, PREFLIGHT_UNREADABLE);
}

TEST(of_a_script_the_interpreter_counts)
{
    const char *const lines[] = {"#!/bin/true\n",     "#! /bin/true\n", "#!\t /bin/true -x y\n",
                                 "#!/bin/true\t-x\n", "#!/bin/true",    "#!/bin/true\n\177ELF"};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        write_script("engine", "%s", lines[i]);
        ck_assert_int_eq(examine("./engine"), PREFLIGHT_FINE);
        ck_assert_str_eq(preflight.program, "/bin/true");
    }
    examine_with_interpreter("/system/bin/linker64");
    ck_assert_int_eq(rename("engine", "python"), 0);
    write_script("engine", "#!%s/python\n", getenv("TMPDIR"));
    ck_assert_int_eq(examine("./engine"), PREFLIGHT_OTHER_LIBC);
}

/* To open a device may do something, and a FIFO's writer would go on. */
TEST(what_a_script_names_and_is_no_file_is_not_opened)
{
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    struct inotify_event event;

    ck_assert_int_eq(mkfifo("fifo", 0700), 0);
    ck_assert_int_ge(inotify_add_watch(watch, "fifo", IN_OPEN), 0);
    write_script("engine", "#!%s/fifo\n", getenv("TMPDIR"));
    ck_assert_int_eq(examine("./engine"), PREFLIGHT_UNREADABLE);
    ck_assert_int_lt(read(watch, &event, sizeof event), 0);
    close(watch);
    unlink("fifo");
}

/* A file may be anyone's. */
TEST(what_a_file_names_does_a_terminal_no_harm)
{
    const char *const linker = "/lib/\n\x1b[2J\x7f";

    write_script("engine", "#!/nowhere\x1b[2J\r\n");
    ck_assert_int_eq(examine("./engine"), PREFLIGHT_UNREADABLE);
    ck_assert_ptr_nonnull(strstr(text, "/nowhere?[2J? cannot"));
    ck_assert_int_eq(examine_with_interpreter(linker), PREFLIGHT_OTHER_LIBC);
    ck_assert_ptr_nonnull(strstr(text, "(/lib/??[2J?)"));
}

TEST(of_a_script_that_names_nothing_nothing_is_known)
{
    const char *const lines[] = {"#!",   "#!\n", "#! \n", "#!/nowhere/sh\n", "#!/bin/true\r\n",
                                 "#!/\n"};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        write_script("engine", "%s", lines[i]);
        ck_assert_int_eq(examine("./engine"), PREFLIGHT_UNREADABLE);
    }
}

TEST(scripts_that_run_each_other_come_to_an_end)
{
    write_script("engine", "#!%s/engine\n", getenv("TMPDIR"));
    ck_assert_int_eq(examine("./engine"), PREFLIGHT_UNREADABLE);
    write_script("engine", "#!%s/other\n", getenv("TMPDIR"));
    write_script("other", "#!%s/engine\n", getenv("TMPDIR"));
    ck_assert_int_eq(examine("./engine"), PREFLIGHT_UNREADABLE);
}

static void execute(const void *path)
{
    execl(path, path, (char *)NULL);
    _exit(126);
}

/* The kernel knows how many scripts may run one another. */
TEST(as_many_scripts_are_followed_as_the_kernel_follows)
{
    const char *const directory = getenv("TMPDIR");
    bool ever[2] = {false, false};
    char name[16];

    ck_assert_int_eq(symlink("/bin/true", "0"), 0);
    for (int i = 1; i < 10; i++) {
        bool runs;

        snprintf(name, sizeof name, "./%d", i);
        write_script(name, "#!%s/%d\n", directory, i - 1);
        runs = apart(execute, name) == 0;
        ck_assert_msg((examine(name) == PREFLIGHT_FINE) == runs, "%d scripts", i);
        ever[runs] = true;
    }
    ck_assert(ever[false] && ever[true]);
}
