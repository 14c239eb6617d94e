/* What the environment asks of the library. It is read once, so each test is a process. */
#include "shim/state/settings.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shim/wire/wire.h"
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

TEST_OPTIONS(.timeout = 120);

TEST(without_its_variables_the_library_is_inert)
{
    ck_assert_ptr_null(settings_of(NULL, NULL, NULL));
}

TEST(asking_for_events_alone_is_not_enough)
{
    ck_assert_ptr_null(settings_of(NULL, NULL, "all"));
}

TEST(a_descriptor_is_where_events_go)
{
    const struct settings *settings = settings_of("19:2049:131:7", NULL, NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert_int_eq(settings->sink.file.fd, 19);
    ck_assert_uint_eq(settings->sink.file.device, 2049);
    ck_assert_uint_eq(settings->sink.file.inode, 131);
    ck_assert_uint_eq(settings->sink.file.birth, 7);
    ck_assert(settings->reports_events);
    ck_assert(!settings->all_events);
    ck_assert(!settings->only_ready);
}

TEST(a_fifo_is_where_events_go)
{
    const struct settings *settings = settings_of(NULL, "/tmp/fifo", NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert_int_eq(settings->sink.file.fd, -1);
    ck_assert_str_eq(settings->sink.fifo, "/tmp/fifo");
    ck_assert(!settings->all_events);
}

TEST(of_both_the_descriptor_is_used)
{
    const struct settings *settings = settings_of("19:2049:131:7", "/tmp/fifo", NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert_int_eq(settings->sink.file.fd, 19);
}

TEST(beside_a_damaged_descriptor_the_fifo_is_used)
{
    const struct settings *settings = settings_of("19:2049", "/tmp/fifo", NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert_int_eq(settings->sink.file.fd, -1);
    ck_assert_str_eq(settings->sink.fifo, "/tmp/fifo");
}

static const struct {
    const char *fd, *fifo;
} damaged[] = {
    {"", NULL},       {"19", NULL}, {"19:2049:131:x", NULL}, {NULL, ""},
    {NULL, "a/fifo"}, {"", ""},     {"-1:2049:131:7", "no"},
};

LOOP_TEST(damaged_variables_leave_the_library_inert, COUNT(damaged))
{
    ck_assert_ptr_null(settings_of(damaged[_i].fd, damaged[_i].fifo, "all"));
}

/* In a rank on another host of Open MPI's: the agent that starts it says no secrets. */
TEST(a_launcher_elsewhere_is_known_by_the_variable_that_open_mpi_carries)
{
    const struct settings *settings;

    set(WIRE_TCP, NULL);
    set(WIRE_OPENMPI WIRE_TCP, "node1:5000:0123456789abcdef0123456789abcdef:10.77.0.1");
    settings = settings_of(NULL, "/tmp/fifo", NULL);
    ck_assert_ptr_nonnull(settings);
    ck_assert_uint_eq(settings->sink.tcp.count, 1);
    ck_assert_str_eq(settings->sink.tcp.host, "node1");
}

TEST(who_may_connect_is_everyone_unless_it_is_said)
{
    ck_assert(!settings_of(NULL, "/tmp/fifo", NULL)->only_me);
}

static const struct {
    const char *value;
    unsigned from;
} words_of_only[] = {{"me", 0}, {"me:1", 1}, {"me:65535", 65535}};

LOOP_TEST(who_may_connect_can_be_the_launcher_alone, COUNT(words_of_only))
{
    const struct settings *settings;

    setenv(WIRE_ONLY, words_of_only[_i].value, 1);
    settings = settings_of(NULL, "/tmp/fifo", NULL);
    ck_assert(settings->only_me);
    ck_assert_uint_eq(settings->only_from, words_of_only[_i].from);
}

static const char *const names_of_only[] = {WIRE_ONLY, WIRE_OPENMPI WIRE_ONLY};

LOOP_TEST(who_may_connect_is_me_if_it_is_said_by_either_name, 2)
{
    setenv(names_of_only[_i], WIRE_ONLY_ME, 1);
    ck_assert(settings_of(NULL, "/tmp/fifo", NULL)->only_me);
}

TEST(a_launcher_can_ask_for_all_events)
{
    const struct settings *settings = settings_of("19:2049:131:7", NULL, "all");

    ck_assert_ptr_nonnull(settings);
    ck_assert(settings->all_events);
}

TEST(a_launcher_can_ask_for_nothing_before_ready)
{
    const struct settings *settings = settings_of("19:2049:131:7", NULL, "ready");

    ck_assert_ptr_nonnull(settings);
    ck_assert(settings->only_ready);
    ck_assert(!settings->all_events);
}

static const char *const other_requests[] = {
    "", "ALL", "all ", "al", "allx", "1", "READY", "ready ", "read", "all ready", "all,ready",
};

LOOP_TEST(no_other_word_asks_for_other_events, COUNT(other_requests))
{
    const struct settings *settings = settings_of(NULL, "/tmp/fifo", other_requests[_i]);

    ck_assert_ptr_nonnull(settings);
    ck_assert(!settings->all_events);
    ck_assert(!settings->only_ready);
}

TEST(either_word_about_events_is_known_by_the_name_that_open_mpi_carries)
{
    setenv(WIRE_OPENMPI WIRE_EVENTS, WIRE_EVENTS_READY, 1);
    ck_assert(settings_of(NULL, "/tmp/fifo", NULL)->only_ready);
}

/* A client has the gate; it tells nothing, whatever else is in its environment. */
TEST(a_gate_alone_tells_nothing)
{
    const struct settings *settings;

    setenv(WIRE_GATE, "8888:name", 1);
    setenv(WIRE_PORT, "8888", 1);
    settings = settings_of(NULL, NULL, "all");
    ck_assert_ptr_nonnull(settings);
    ck_assert(!settings->reports_events);
    ck_assert_uint_eq(settings->gate.port, 8888);
    ck_assert_str_eq(settings->gate.name, "name");
}

TEST(a_damaged_gate_is_none)
{
    setenv(WIRE_GATE, "8888", 1);
    ck_assert_ptr_null(settings_of(NULL, NULL, NULL));
}

/* The launcher's own: the environment of an engine that starts a client has both. */
TEST(an_engine_may_have_a_gate_too)
{
    const struct settings *settings;

    setenv(WIRE_GATE, "8888:name", 1);
    settings = settings_of(NULL, "/tmp/fifo", NULL);
    ck_assert_ptr_nonnull(settings);
    ck_assert(settings->reports_events);
    ck_assert_uint_eq(settings->gate.port, 8888);
}

TEST(a_sleep_is_cut_unless_it_is_said)
{
    ck_assert(settings_of(NULL, "/tmp/fifo", NULL)->cuts_sleep);
}

static const char *const names_of_wake[] = {WIRE_WAKE, WIRE_OPENMPI WIRE_WAKE};

LOOP_TEST(a_sleep_is_not_cut_if_it_is_said_by_either_name, 2)
{
    setenv(names_of_wake[_i], WIRE_WAKE_OFF, 1);
    ck_assert(!settings_of(NULL, "/tmp/fifo", NULL)->cuts_sleep);
}

static const struct settings *settings_with(const char *port, const char *listen,
                                            const char *match, const char *tcp)
{
    set(WIRE_PORT, port);
    set(WIRE_LISTEN, listen);
    set(WIRE_MATCH, match);
    set(WIRE_TCP, tcp);
    return settings_of(NULL, "/tmp/fifo", NULL);
}

TEST(without_a_word_about_the_socket_nothing_is_rewritten)
{
    const struct settings *settings = settings_with(NULL, NULL, NULL, NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert(!settings->overrides_bind);
    ck_assert_uint_eq(settings->match.port, 0);
    ck_assert_uint_eq(settings->match.count, 0);
    ck_assert_uint_eq(settings->sink.tcp.count, 0);
}

TEST(a_rule_alone_rewrites_nothing)
{
    const struct settings *settings = settings_with(NULL, NULL, "exe=lmp port=88*", NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert(!settings->overrides_bind);
    ck_assert_uint_eq(settings->match.count, 2);
}

#define ANY_PORT true, 0, 0

/* What is asked for, and where the socket goes. */
static const struct {
    const char *port, *listen;
    unsigned name;
    sa_family_t family;
    bool has_ports;
    unsigned low, high;
} rewriting[] = {
    {"1", NULL, 1, AF_UNSPEC, ANY_PORT}, /* a name of one's own, and any free port */
    {"8888", NULL, 8888, AF_UNSPEC, ANY_PORT},
    {"65535", NULL, 65535, AF_UNSPEC, ANY_PORT},
    {NULL, "127.0.0.1", 0, AF_INET, false, 0, 0}, /* the port is the engine's */
    {NULL, ":50000-50100", 0, AF_UNSPEC, true, 50000, 50100},
    {NULL, "[::1]:0", 0, AF_INET6, ANY_PORT},
    {"8888", "127.0.0.1", 8888, AF_INET, ANY_PORT},
    {"8888", "[::1]", 8888, AF_INET6, ANY_PORT},
    {"8888", ":50000-50100", 8888, AF_UNSPEC, true, 50000, 50100},
    {"8888", "127.0.0.1:9000", 8888, AF_INET, true, 9000, 9000},
};

LOOP_TEST(the_imd_socket_goes_where_port_and_listen_say, COUNT(rewriting))
{
    const struct settings *settings =
        settings_with(rewriting[_i].port, rewriting[_i].listen, "exe=lmp", NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert(settings->overrides_bind);
    ck_assert_uint_eq(settings->match.port, rewriting[_i].name);
    ck_assert_uint_eq(settings->match.count, 1);
    ck_assert_int_eq(settings->bind.host.any.sa_family, rewriting[_i].family);
    ck_assert_int_eq(settings->bind.has_ports, rewriting[_i].has_ports);
    ck_assert_uint_eq(settings->bind.low, rewriting[_i].low);
    ck_assert_uint_eq(settings->bind.high, rewriting[_i].high);
}

#define SECRET "0123456789abcdef0123456789abcdef"

static const struct {
    const char *name, *value;
} damaged_words[] = {
    {WIRE_PORT, ""},
    {WIRE_PORT, "0"},
    {WIRE_PORT, "65536"},
    {WIRE_PORT, "4294975184"},
    {WIRE_PORT, "88x"},
    {WIRE_PORT, " 88"},
    {WIRE_PORT, "-1"},
    {WIRE_PORT, "99999999999999999999"},
    {WIRE_LISTEN, ""},
    {WIRE_LISTEN, ":70000"},
    {WIRE_LISTEN, "localhost"},
    {WIRE_LISTEN, ":6-5"},
    {WIRE_MATCH, ""},
    {WIRE_MATCH, "name=x"},
    {WIRE_MATCH, "exe="},
    {WIRE_TCP, ""},
    {WIRE_TCP, "node1"},
    {WIRE_TCP, "node1:1:" SECRET ":localhost"},
    {WIRE_TCP, "node1:0:" SECRET ":::1"},
    {WIRE_ONLY, ""}, /* not to be open to all by a slip */
    {WIRE_ONLY, "Me"},
    {WIRE_ONLY, "me:"},
    {WIRE_ONLY, "me:0"},
    {WIRE_ONLY, "me:65536"},
    {WIRE_ONLY, "me:80 "},
    {WIRE_ONLY, "me80"},
};

/* Half of what was asked for would be another port than the one asked for. */
LOOP_TEST(a_damaged_word_about_the_socket_leaves_the_library_inert, COUNT(damaged_words))
{
    setenv(damaged_words[_i].name, damaged_words[_i].value, 1);
    ck_assert_ptr_null(settings_of(NULL, "/tmp/fifo", "all"));
}

TEST(a_launcher_on_another_host_is_told_beside_the_fifo)
{
    const struct settings *settings =
        settings_with(NULL, NULL, NULL, "node1:42165:" SECRET ":10.77.0.1,fd00::1");

    ck_assert_ptr_nonnull(settings);
    ck_assert_str_eq(settings->sink.fifo, "/tmp/fifo");
    ck_assert_uint_eq(settings->sink.tcp.count, 2);
}

TEST(a_launcher_on_another_host_is_told_alone)
{
    const struct settings *settings;

    setenv(WIRE_TCP, "node1:42165:" SECRET ":10.77.0.1", 1);
    settings = settings_of(NULL, NULL, NULL);
    ck_assert_ptr_nonnull(settings);
    ck_assert_int_eq(settings->sink.file.fd, -1);
    ck_assert_str_eq(settings->sink.fifo, "");
    ck_assert_uint_eq(settings->sink.tcp.count, 1);
}

/* Engines change their environment, and process titles are written over it. */
TEST(an_environment_that_changes_later_changes_nothing)
{
    const struct settings *settings = settings_of(NULL, "/tmp/fifo", "all");

    char *fifo = getenv(WIRE_FIFO);

    ck_assert_ptr_nonnull(fifo);
    memset(fifo, 'x', strlen("/tmp/fifo"));
    ck_assert_ptr_eq(settings_of("19:2049:131:7", NULL, NULL), settings);
    ck_assert_str_eq(settings->sink.fifo, "/tmp/fifo");
    ck_assert_int_eq(settings->sink.file.fd, -1);
    ck_assert(settings->all_events);
}

TEST(what_was_inert_stays_inert)
{
    ck_assert_ptr_null(settings_of(NULL, NULL, NULL));
    ck_assert_ptr_null(settings_of("19:2049:131:7", NULL, NULL));
}

static pthread_barrier_t barrier;

static void *get_with_the_others(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&barrier);
    return (void *)(uintptr_t)settings_get();
}

LOOP_TEST(threads_that_ask_at_once_all_hear_the_same, 10)
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
        ck_assert_str_eq(((const struct settings *)settings)->sink.fifo, "/tmp/fifo");
    }
}
