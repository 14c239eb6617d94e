/* Which module holds an address: the parser of proc(5) maps, and the real thing. */
#include "shim/kernel/module.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

static const char maps[] =
    "55d0c0a00000-55d0c0a01000 r--p 00000000 08:01 131 /usr/bin/gmx\n"
    "55d0c0a01000-55d0c0a02000 r-xp 00001000 08:01 131                        /usr/bin/gmx\n"
    "55d0c1b00000-55d0c1b21000 rw-p 00000000 00:00 0                          [heap]\n"
    "7f1f00000000-7f1f00021000 rw-p 00000000 00:00 0 \n"
    "7f1f10000000-7f1f10001000 r-xp 00000000 08:01 7   /opt/my lib/libgromacs mpi.so.7\n"
    "7f1f10002000-7f1f10003000 r-xp 00000000 08:01 8   /opt/lib.d/mca_btl_tcp.so (deleted)\n"
    "7f1f10004000-7f1f10005000 r-xp 00000000 00:01 9   /memfd:jit (deleted)\n"
    "7f1f10006000-7f1f10007000 r-xp 00000000 08:01 10  /a\\012b\n"
    "7fffffffe000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]\n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

static const struct {
    uintptr_t address;
    const char *name; /* NULL: no line holds it */
} places[] = {
    {0x55d0c0a00000, "gmx"},
    {0x55d0c0a00fff, "gmx"},
    {0x55d0c0a01000, "gmx"},
    {0x55d0c0a02000, NULL}, /* one past the last byte */
    {0x55d0c1b00010, ""},
    {0x7f1f00000000, ""},
    {0x7f1f10000800, "libgromacs mpi.so.7"},
    {0x7f1f10001800, NULL}, /* between two */
    {0x7f1f10002800, "mca_btl_tcp.so (deleted)"},
    {0x7f1f10004000, "memfd:jit (deleted)"},
    {0x7f1f10006000, "a\\012b"},
    {0x7fffffffe800, ""},
    {0xffffffffff600800, ""},
    {0, NULL},
    {UINTPTR_MAX, NULL},
};

/* A piece has an end that a sanitizer guards. */
static bool feed_copy(struct module_scan *scan, const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    bool found;

    memcpy(copy + 1, text, length);
    found = module_scan_feed(scan, copy + 1, length);
    free(copy);
    return found;
}

/* Feed in pieces of random sizes up to most. */
static bool feed_in_pieces(struct module_scan *scan, const char *text, size_t length,
                           size_t most, unsigned short *state)
{
    size_t size;

    for (size_t at = 0; at < length; at += size) {
        size = 1 + (size_t)nrand48(state) % most;
        if (size > length - at)
            size = length - at;
        if (feed_copy(scan, text + at, size))
            return true;
    }
    return false;
}

static void assert_places_are_found(size_t most, unsigned short seed)
{
    unsigned short state[3] = {seed, 0, 0};
    struct module_scan scan;

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        bool found;

        module_scan_begin(&scan, (const void *)places[i].address);
        found = feed_in_pieces(&scan, maps, sizeof maps - 1, most, state);
        ck_assert_msg(found == (places[i].name != NULL), "%#jx, pieces to %zu, seed %u",
                      (uintmax_t)places[i].address, most, seed);
        if (found)
            ck_assert_str_eq(scan.name, places[i].name);
    }
}

TEST_OPTIONS(.timeout = 120);

TEST(every_address_of_a_map_is_found_in_one_piece)
{
    struct module_scan scan;

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        module_scan_begin(&scan, (const void *)places[i].address);
        ck_assert_int_eq(module_scan_feed(&scan, maps, sizeof maps - 1),
                         places[i].name != NULL);
        if (places[i].name != NULL)
            ck_assert_str_eq(scan.name, places[i].name);
    }
}

TEST(every_address_of_a_map_is_found_byte_by_byte)
{
    assert_places_are_found(1, 0);
}

TEST(every_address_of_a_map_is_found_in_any_pieces)
{
    for (unsigned short seed = 1; seed <= 200; seed++)
        assert_places_are_found(1 + seed % 97, seed);
}

TEST(a_name_is_not_told_before_its_line_has_ended)
{
    const char line[] = "1000-2000 r-xp 00000000 08:01 131 /usr/lib/libgromacs.so.7\n";
    struct module_scan scan;

    module_scan_begin(&scan, (const void *)(uintptr_t)0x1234);
    ck_assert(!module_scan_feed(&scan, line, sizeof line - 2));
    ck_assert(module_scan_feed(&scan, "\n", 1));
    ck_assert_str_eq(scan.name, "libgromacs.so.7");
}

/* The second line's name is the shorter one, and nothing of the first is left in it. */
TEST(a_name_that_is_too_long_is_cut_off)
{
    char text[1500], expected[NAME_SIZE] = "";
    struct module_scan scan;

    memset(text, 'x', sizeof text);
    memcpy(text, "1000-2000 r-xp 00000000 08:01 131 /", 35);
    text[1400] = '\n';
    memset(expected, 'x', sizeof expected - 1);
    module_scan_begin(&scan, (const void *)(uintptr_t)0x1000);
    ck_assert(feed_copy(&scan, text, 1401));
    ck_assert_str_eq(scan.name, expected);

    module_scan_begin(&scan, (const void *)(uintptr_t)0x2000);
    ck_assert(!feed_copy(&scan, text, 1401));
    ck_assert(feed_copy(&scan, "2000-3000 r-xp 0 0:0 1 /b/a\n", 28));
    ck_assert_str_eq(scan.name, "a");
}

/* What the kernel would not write ends in something too; a sanitizer watches. */
TEST(text_that_is_no_map_does_no_harm)
{
    unsigned short state[3] = {7, 0, 0};
    struct module_scan scan;
    char junk[512];

    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof junk; i++)
            junk[i] =
                nrand48(state) % 2 == 0 ? "0f- /\n"[nrand48(state) % 6] : (char)nrand48(state);
        module_scan_begin(&scan, (const void *)(uintptr_t)nrand48(state));
        feed_copy(&scan, junk, sizeof junk);
        ck_assert_uint_lt(strnlen(scan.name, sizeof scan.name), NAME_SIZE);
    }
}

static void assert_found(const void *address, const char *expected)
{
    char name[NAME_SIZE];

    memset(name, '?', sizeof name);
    module_find(address, name);
    ck_assert_str_eq(name, expected);
}

TEST_OPTIONS(IN_SANDBOX);

TEST(a_function_of_libc_is_in_libc)
{
    char path[PATH_MAX];
    void *function = dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
    Dl_info info;

    ck_assert_int_ne(dladdr(function, &info), 0);
    ck_assert_ptr_nonnull(realpath(info.dli_fname, path));
    assert_found(function, basename(path));
}

TEST(a_function_of_the_program_is_in_the_program)
{
    char path[PATH_MAX] = "";

    ck_assert_int_gt(readlink("/proc/self/exe", path, sizeof path - 1), 0);
    assert_found((const void *)(uintptr_t)assert_found, basename(path));
}

TEST(an_address_in_no_file_has_no_name)
{
    int on_the_stack = 0;
    void *anonymous = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_found(&on_the_stack, "");
    assert_found(anonymous, "");
    assert_found((const void *)getauxval(AT_SYSINFO_EHDR), "");
    assert_found(NULL, "");
    ck_assert_int_eq(munmap(anonymous, 4096), 0);
    assert_found(anonymous, "");
}

/* A page of a file of that name. */
static void *map_file(const char *name)
{
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *page;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 4096), 0);
    page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    ck_assert_ptr_ne(page, MAP_FAILED);
    close(fd);
    return page;
}

TEST(a_file_with_a_space_in_its_name_has_the_whole_name)
{
    void *page = map_file("lib of mine.so");

    assert_found(page, "lib of mine.so");
    ck_assert_int_eq(unlink("lib of mine.so"), 0);
    assert_found(page, "lib of mine.so");
}

/* A package manager has put a new version there: the engine runs on with the old one. */
TEST(a_file_that_was_replaced_is_called_by_its_name)
{
    void *page = map_file("libgromacs.so.7"), *new_page = map_file("new");

    ck_assert_int_eq(rename("new", "libgromacs.so.7"), 0);
    assert_found(page, "libgromacs.so.7");
    assert_found(new_page, "libgromacs.so.7");
}

TEST(a_file_whose_own_name_ends_in_deleted_loses_that_too)
{
    assert_found(map_file("notes (deleted)"), "notes");
    assert_found(map_file("(deleted)"), "(deleted)");
    assert_found(map_file("x(deleted)"), "x(deleted)");
}

TEST(the_longest_name_a_file_can_have_is_whole)
{
    char name[NAME_MAX + 1] = "";
    void *page;

    memset(name, 'n', sizeof name - 1);
    page = map_file(name);
    assert_found(page, name);
    ck_assert_int_eq(unlink(name), 0);
    assert_found(page, name); /* " (deleted)" has no room */
}

/* A part of " (deleted)" has room: nothing tells it from a part of the name. */
TEST(a_name_nearly_as_long_as_any_can_be_is_found_as_the_kernel_has_it)
{
    char name[NAME_MAX + 1] = "", expected[NAME_SIZE] = "";
    void *page;

    memset(name, 'n', sizeof name - 6);
    memset(expected, 'n', sizeof name - 6);
    strcat(expected, " (del");
    page = map_file(name);
    ck_assert_int_eq(unlink(name), 0);
    assert_found(page, expected);
}

TEST(looking_for_a_module_leaves_no_descriptor)
{
    int before = dup(STDIN_FILENO), after;

    for (int i = 0; i < 10; i++)
        assert_found(NULL, "");
    after = dup(STDIN_FILENO);
    ck_assert_int_eq(after, before + 1);
}

static bool is_libc(const char *name)
{
    return strncmp(name, "libc.so.", 8) == 0;
}

static bool is_none(const char *name)
{
    return strcmp(name, "none.so") == 0;
}

TEST(a_module_that_the_program_was_started_with_is_found_by_its_name)
{
    char name[NAME_SIZE];

    ck_assert(module_find_loaded(is_libc, name));
    ck_assert_ptr_eq(strstr(name, "libc.so."), name);
    ck_assert(!module_find_loaded(is_none, name));
    ck_assert_str_eq(name, "");
}
