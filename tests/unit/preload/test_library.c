/* LD_PRELOAD: what is there stays there, and a path that it cannot hold gets a link. */
#include "launcher/preload/library.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/base/status.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"
#include "tests/unit/support/apart.h"

#define OURS "/opt/lib/imdshim/libimdshim.so"

static const struct {
    const char *existing, *composed;
} values[] = {
    {NULL, OURS},
    {"", OURS},
    {"/lib/libasan.so", "/lib/libasan.so:" OURS}, /* it keeps its place */
    {"/lib/a.so:/lib/b.so", "/lib/a.so:/lib/b.so:" OURS},
    {"/lib/a.so /lib/b.so", "/lib/a.so /lib/b.so:" OURS},
    {OURS, OURS},
    {OURS ":/lib/a.so", OURS ":/lib/a.so"},
    {"/lib/a.so:" OURS, "/lib/a.so:" OURS},
    {"/lib/a.so " OURS " /lib/b.so", "/lib/a.so " OURS " /lib/b.so"},
    {"::" OURS ":", "::" OURS ":"},
    {OURS ".1", OURS ".1:" OURS}, /* another library */
    {"/lib/a.so:" OURS "x", "/lib/a.so:" OURS "x:" OURS},
    {"/usr" OURS, "/usr" OURS ":" OURS},
    {"/usr" OURS ":" OURS "x " OURS, "/usr" OURS ":" OURS "x " OURS},
    {"libimdshim.so", "libimdshim.so:" OURS},
};

LOOP_TEST(preload_keeps_what_is_there_and_has_ours_once, COUNT(values))
{
    char *value = library_compose_preload(values[_i].existing, OURS);

    ck_assert_str_eq(value, values[_i].composed);
    free(value);
}

TEST(without_our_name_the_users_preloads_are_all)
{
    static const char *const existing[] = {NULL, "", "a.so", "a.so:b.so"};

    for (int i = 0; i < 4; i++) {
        char *value = library_compose_preload(existing[i], NULL);

        ck_assert_str_eq(value, existing[i] != NULL ? existing[i] : "");
        free(value);
    }
}

TEST(a_preload_of_any_length_is_kept)
{
    enum { LENGTH = 65536 };
    char *existing = malloc(LENGTH + 1), *value, *again;

    for (size_t i = 0; i < LENGTH; i++)
        existing[i] = i % 16 == 0 ? '/' : i % 16 == 15 ? ':' : 'x';
    existing[LENGTH - 1] = 'x';
    existing[LENGTH] = '\0';
    value = library_compose_preload(existing, OURS);
    ck_assert_uint_eq(strlen(value), LENGTH + 1 + strlen(OURS));
    ck_assert_int_eq(strncmp(value, existing, LENGTH), 0);
    ck_assert_str_eq(value + LENGTH, ":" OURS);
    again = library_compose_preload(value, OURS);
    ck_assert_str_eq(again, value);
    free(existing);
    free(value);
    free(again);
}

static const struct {
    const char *existing, *composed;
} options[] = {
    {NULL, "verify_asan_link_order=0"},
    {"", "verify_asan_link_order=0"},
    {"detect_leaks=0", "detect_leaks=0:verify_asan_link_order=0"},
    {"a=1:b=2:", "a=1:b=2::verify_asan_link_order=0"},
    {"verify_asan_link_order=1", "verify_asan_link_order=1"},
    {"a=1 verify_asan_link_order=0,b=2", "a=1 verify_asan_link_order=0,b=2"},
};

LOOP_TEST(a_sanitizer_is_told_not_to_mind_its_place_unless_the_user_says, COUNT(options))
{
    char *value = library_compose_asan_options(options[_i].existing);

    ck_assert_str_eq(value, options[_i].composed);
    free(value);
}

TEST(a_path_that_preload_can_hold_is_used_as_it_is)
{
    char name[PATH_MAX];

    library_name_for_preload(OURS, name);
    ck_assert_str_eq(name, OURS);
}

static void make_library(const char *directory, char path[PATH_MAX])
{
    ck_assert_int_lt(snprintf(path, PATH_MAX, "%s/%s", getenv("TMPDIR"), directory), PATH_MAX);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    strcat(path, "/lib.so");
    close(open(path, O_WRONLY | O_CREAT, 0600));
}

static void assert_links_to(const char *link, const char *target)
{
    char found[PATH_MAX] = "";

    ck_assert_ptr_null(strpbrk(link, " :$"));
    ck_assert_int_gt(readlink(link, found, sizeof found - 1), 0);
    ck_assert_str_eq(found, target);
}

static const char *const awkward[] = {"my lib", "my:lib", " :", "my$LIB", "${ORIGIN}x", "$"};

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(a_path_that_preload_cannot_hold_gets_a_link, COUNT(awkward))
{
    char library[PATH_MAX], name[PATH_MAX], again[PATH_MAX];

    make_library(awkward[_i], library);
    library_name_for_preload(library, name);
    assert_links_to(name, library);
    library_name_for_preload(library, again);
    ck_assert_str_eq(again, name);
    assert_links_to(name, library);
}

TEST(two_libraries_have_two_links)
{
    char libraries[2][PATH_MAX], names[2][PATH_MAX];

    make_library("my lib", libraries[0]);
    make_library("my other lib", libraries[1]);
    for (int i = 0; i < 2; i++)
        library_name_for_preload(libraries[i], names[i]);
    for (int i = 0; i < 2; i++)
        assert_links_to(names[i], libraries[i]);
}

/* The inode is another's now, or the tree was moved. */
TEST(a_link_that_points_elsewhere_is_replaced)
{
    char library[PATH_MAX], name[PATH_MAX];

    make_library("my lib", library);
    library_name_for_preload(library, name);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(symlink("/nowhere", name), 0);
    library_name_for_preload(library, name);
    assert_links_to(name, library);
}

/* In containers a process has the same number every time. */
TEST(a_link_half_made_by_a_killed_run_is_no_obstacle)
{
    char library[PATH_MAX], name[PATH_MAX], temporary[PATH_MAX + 32];

    make_library("my lib", library);
    library_name_for_preload(library, name);
    snprintf(temporary, sizeof temporary, "%s.%ld", name, (long)getpid());
    ck_assert_int_eq(rename(name, temporary), 0);
    library_name_for_preload(library, name);
    assert_links_to(name, library);
}

static void name_library(const void *library)
{
    char name[PATH_MAX];

    close(STDERR_FILENO);
    library_name_for_preload(library, name);
}

TEST(a_library_that_is_not_there_is_an_error)
{
    ck_assert_int_eq(apart(name_library, "/no where/lib.so"), STATUS_FAILED);
}

static void find(const void *unused)
{
    char path[PATH_MAX];

    (void)unused;
    close(STDERR_FILENO);
    library_find(path);
}

/* It is looked for beside the program, which is this test. */
TEST(a_tree_without_its_library_is_an_error)
{
    ck_assert_int_eq(apart(find, NULL), STATUS_FAILED);
}
