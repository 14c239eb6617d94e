/* What the environment asks of the library. It is read once, so each test is a process. */
#include "shim/settings.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shim/wire.h"
#include "tests/support/suite.h"

enum { THREADS = 32 };

static void set(const char *name, const char *value)
{
    if (value != NULL)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static const struct settings *settings_of(const char *fd, const char *fifo, const char *events)
{
    set(WIRE_FD, fd);
    set(WIRE_FIFO, fifo);
    set(WIRE_EVENTS, events);
    return settings_get();
}

START_TEST(without_its_variables_the_library_is_inert)
{
    ck_assert_ptr_null(settings_of(NULL, NULL, NULL));
}
END_TEST

START_TEST(asking_for_events_alone_is_not_enough)
{
    ck_assert_ptr_null(settings_of(NULL, NULL, "all"));
}
END_TEST

START_TEST(a_descriptor_is_a_channel)
{
    const struct settings *settings = settings_of("19:2049:131:7", NULL, NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert_int_eq(settings->channel.fd, 19);
    ck_assert_uint_eq(settings->channel.device, 2049);
    ck_assert_uint_eq(settings->channel.inode, 131);
    ck_assert(!settings->all_events);
}
END_TEST

START_TEST(a_fifo_is_a_channel)
{
    const struct settings *settings = settings_of(NULL, "/tmp/fifo", NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert_int_eq(settings->channel.fd, -1);
    ck_assert_str_eq(settings->channel.path, "/tmp/fifo");
    ck_assert(!settings->all_events);
}
END_TEST

START_TEST(of_both_the_descriptor_is_used)
{
    const struct settings *settings = settings_of("19:2049:131:7", "/tmp/fifo", NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert_int_eq(settings->channel.fd, 19);
}
END_TEST

START_TEST(beside_a_damaged_descriptor_the_fifo_is_used)
{
    const struct settings *settings = settings_of("19:2049", "/tmp/fifo", NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert_int_eq(settings->channel.fd, -1);
    ck_assert_str_eq(settings->channel.path, "/tmp/fifo");
}
END_TEST

static const struct {
    const char *fd, *fifo;
} damaged[] = {
    {"", NULL},       {"19", NULL}, {"19:2049:131:x", NULL}, {NULL, ""},
    {NULL, "a/fifo"}, {"", ""},     {"-1:2049:131:7", "no"},
};

START_TEST(damaged_variables_leave_the_library_inert)
{
    ck_assert_ptr_null(settings_of(damaged[_i].fd, damaged[_i].fifo, "all"));
}
END_TEST

START_TEST(a_launcher_can_ask_for_all_events)
{
    const struct settings *settings = settings_of("19:2049:131:7", NULL, "all");

    ck_assert_ptr_nonnull(settings);
    ck_assert(settings->all_events);
}
END_TEST

static const char *const other_requests[] = {"", "ALL", "all ", "al", "allx", "1"};

START_TEST(no_other_word_asks_for_all_events)
{
    const struct settings *settings = settings_of(NULL, "/tmp/fifo", other_requests[_i]);

    ck_assert_ptr_nonnull(settings);
    ck_assert(!settings->all_events);
}
END_TEST

/* Engines change their environment, and process titles are written over it. */
START_TEST(an_environment_that_changes_later_changes_nothing)
{
    const struct settings *settings = settings_of(NULL, "/tmp/fifo", "all");

    char *fifo = getenv(WIRE_FIFO);

    ck_assert_ptr_nonnull(fifo);
    memset(fifo, 'x', strlen("/tmp/fifo"));
    ck_assert_ptr_eq(settings_of("19:2049:131:7", NULL, NULL), settings);
    ck_assert_str_eq(settings->channel.path, "/tmp/fifo");
    ck_assert_int_eq(settings->channel.fd, -1);
    ck_assert(settings->all_events);
}
END_TEST

START_TEST(what_was_inert_stays_inert)
{
    ck_assert_ptr_null(settings_of(NULL, NULL, NULL));
    ck_assert_ptr_null(settings_of("19:2049:131:7", NULL, NULL));
}
END_TEST

static pthread_barrier_t barrier;

static void *get_with_the_others(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&barrier);
    return (void *)(uintptr_t)settings_get();
}

START_TEST(threads_that_ask_at_once_all_hear_the_same)
{
    pthread_t threads[THREADS];

    set(WIRE_FIFO, "/tmp/fifo");
    unsetenv(WIRE_FD);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, get_with_the_others, NULL);
    for (int i = 0; i < THREADS; i++) {
        void *settings = NULL;

        pthread_join(threads[i], &settings);
        ck_assert_ptr_nonnull(settings);
        ck_assert_str_eq(((const struct settings *)settings)->channel.path, "/tmp/fifo");
    }
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *test_suite(void)
{
    Suite *suite = suite_create("settings");
    TCase *tests = tcase_create("settings");

    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, without_its_variables_the_library_is_inert);
    tcase_add_test(tests, asking_for_events_alone_is_not_enough);
    tcase_add_test(tests, a_descriptor_is_a_channel);
    tcase_add_test(tests, a_fifo_is_a_channel);
    tcase_add_test(tests, of_both_the_descriptor_is_used);
    tcase_add_test(tests, beside_a_damaged_descriptor_the_fifo_is_used);
    tcase_add_loop_test(tests, damaged_variables_leave_the_library_inert, 0, COUNT(damaged));
    tcase_add_test(tests, a_launcher_can_ask_for_all_events);
    tcase_add_loop_test(tests, no_other_word_asks_for_all_events, 0, COUNT(other_requests));
    tcase_add_test(tests, an_environment_that_changes_later_changes_nothing);
    tcase_add_test(tests, what_was_inert_stays_inert);
    tcase_add_loop_test(tests, threads_that_ask_at_once_all_hear_the_same, 0, 10);
    return suite;
}
