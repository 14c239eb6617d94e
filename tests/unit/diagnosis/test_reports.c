/* What events change, and what they leave for a diagnosis. */
#include "launcher/diagnosis/reports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

enum { ENGINE = 100, CHILD = 200, OTHER = 300 };

static struct reports reports;

static void begin(void)
{
    static const struct options options = {.port = 0};

    reports_begin(&reports, ENGINE, &options);
}

/* The event's texts are there until the next one. */
static struct received received_of(enum event_kind kind, unsigned pid, unsigned port,
                                   const char *name)
{
    static char exe[NAME_SIZE], comm[COMM_SIZE], object[NAME_SIZE];
    struct received received = {.event = {.kind = kind,
                                          .pid = pid,
                                          .port = port,
                                          .host = "",
                                          .reason = "",
                                          .exe = exe,
                                          .object = object,
                                          .comm = comm}};

    snprintf(exe, sizeof exe, "%s", name);
    snprintf(comm, sizeof comm, "%.15s", name);
    snprintf(object, sizeof object, "%.200s.so", name);
    if (kind == KIND_LOADED)
        object[0] = '\0'; /* no launcher's module */
    address_parse(&received.event.address, "0.0.0.0");
    address_set_port(&received.event.address, port);
    return received;
}

static enum news add(enum event_kind kind, unsigned pid, unsigned port, const char *name)
{
    struct received received = received_of(kind, pid, port, name);

    return reports_add(&reports, &received);
}

static enum news add_remote(enum event_kind kind, unsigned pid, unsigned port, const char *name)
{
    struct received received = received_of(kind, pid, port, name);

    received.remote = true;
    address_parse(&received.peer, "10.77.0.2");
    return reports_add(&reports, &received);
}

static enum news add_passed(const char *name, const char *reason)
{
    struct received received = received_of(KIND_PASSED, CHILD, 1024, name);

    received.event.reason = reason;
    return reports_add(&reports, &received);
}

static enum news add_refused(const char *exe, unsigned asked, unsigned error)
{
    struct received received = received_of(KIND_REFUSED, CHILD, 0, exe);

    received.event.asked = asked;
    received.event.error = error;
    return reports_add(&reports, &received);
}

TEST_OPTIONS(.setup = begin);

TEST(the_first_listener_is_the_imd_port)
{
    ck_assert_int_eq(add(KIND_LOADED, ENGINE, 0, "gmx"), NEWS_NONE);
    ck_assert(!reports.listening);
    ck_assert_int_eq(add(KIND_LISTENING, ENGINE, 42165, "gmx"), NEWS_LISTENING);
    ck_assert(reports.listening);
    ck_assert(!reports.ready);
    ck_assert_uint_eq(reports.listener.port, 42165);
    ck_assert_str_eq(reports.listener.exe, "gmx");
}

TEST(a_second_listener_is_one_that_is_passed)
{
    add(KIND_LISTENING, ENGINE, 42165, "gmx");
    ck_assert_int_eq(add(KIND_LISTENING, OTHER, 8888, "lmp"), NEWS_PASSED);
    ck_assert_uint_eq(reports.listener.port, 42165);
    ck_assert_int_eq(reports.listener.pid, ENGINE);
    ck_assert_uint_eq(reports.passed_count, 1);
}

TEST(ready_is_news_once)
{
    add(KIND_LISTENING, ENGINE, 42165, "gmx");
    ck_assert_int_eq(add(KIND_READY, ENGINE, 42165, ""), NEWS_READY);
    ck_assert(reports.ready);
    ck_assert_int_eq(add(KIND_READY, ENGINE, 42165, ""), NEWS_NONE);
}

TEST(ready_for_another_port_or_before_any_is_no_news)
{
    ck_assert_int_eq(add(KIND_READY, ENGINE, 42165, ""), NEWS_NONE);
    ck_assert_int_eq(add(KIND_READY, ENGINE, 0, ""), NEWS_NONE);
    add(KIND_LISTENING, ENGINE, 42165, "gmx");
    ck_assert_int_eq(add(KIND_READY, ENGINE, 42166, ""), NEWS_NONE);
    ck_assert(!reports.ready);
    ck_assert_int_eq(add(KIND_READY, CHILD, 42165, ""), NEWS_READY);
}

TEST(the_listener_of_another_process_may_be_the_engines)
{
    add(KIND_LOADED, ENGINE, 0, "mpirun");
    ck_assert_int_eq(add(KIND_PASSED, ENGINE, 1024, "mca_oob_tcp"), NEWS_PASSED);
    ck_assert_int_eq(add(KIND_LISTENING, CHILD, 42165, "lmp"), NEWS_LISTENING);
}

TEST(a_listener_elsewhere_is_the_imd_port)
{
    add(KIND_LOADED, ENGINE, 0, "mpirun");
    ck_assert_int_eq(add_remote(KIND_LISTENING, ENGINE, 1024, "lmp"), NEWS_LISTENING);
    ck_assert(reports.listener.remote);
    ck_assert_uint_eq(reports.listener.peer.ipv4.sin_addr.s_addr, inet_addr("10.77.0.2"));
    ck_assert_int_eq(add_remote(KIND_READY, ENGINE, 1024, "lmp"), NEWS_READY);
    ck_assert_int_eq(add(KIND_LISTENING, CHILD, 1025, "lmp"), NEWS_PASSED);
}

TEST(the_last_program_with_the_library_is_kept)
{
    add(KIND_LOADED, ENGINE, 0, "dash");
    add(KIND_LOADED, CHILD, 0, "env");
    ck_assert_str_eq(reports.engine_image.exe, "dash");
    ck_assert_str_eq(reports.program.exe, "env");
    add(KIND_LOADED, ENGINE, 0, "gmx");
    ck_assert_str_eq(reports.engine_image.exe, "gmx");
    ck_assert_str_eq(reports.program.exe, "gmx");
    ck_assert_int_eq(reports.launcher.pid, 0);
}

TEST(what_a_launcher_starts_is_told_from_what_started_it)
{
    add(KIND_LOADED, ENGINE, 0, "dash");
    add(KIND_LOADED, CHILD, 0, "mpiexec.hydra");
    ck_assert_str_eq(reports.launcher.exe, "mpiexec.hydra");
    ck_assert_int_eq(reports.program.pid, 0);
    add(KIND_LOADED, OTHER, 0, "hydra_pmi_proxy");
    add(KIND_LOADED, OTHER, 0, "ssh");
    ck_assert_int_eq(reports.program.pid, 0);
    add(KIND_LOADED, OTHER, 0, "lmp");
    ck_assert_str_eq(reports.program.exe, "lmp");
    ck_assert_str_eq(reports.launcher.exe, "mpiexec.hydra");
}

/* A lone engine that is linked with Open MPI starts one. */
TEST(a_daemon_of_an_mpi_engine_is_no_launcher)
{
    add(KIND_LOADED, ENGINE, 0, "lmp");
    add(KIND_LOADED, CHILD, 0, "orted");
    ck_assert_str_eq(reports.program.exe, "lmp");
    ck_assert_int_eq(reports.launcher.pid, 0);
}

/* Numbers of processes are each host's own. */
TEST(a_process_elsewhere_with_the_engines_number_is_not_the_engine)
{
    add(KIND_LOADED, ENGINE, 0, "mpirun");
    add_remote(KIND_LOADED, ENGINE, 0, "lmp");
    ck_assert_str_eq(reports.engine_image.exe, "mpirun");
    ck_assert_str_eq(reports.program.exe, "lmp");
    ck_assert(reports.program.remote);
}

TEST(any_number_of_passed_listeners_is_counted)
{
    for (unsigned i = 1; i <= 1000; i++)
        add(KIND_PASSED, ENGINE, i, "a-module-with-a-name-longer-than-a-message-can-hold");
    ck_assert_uint_eq(reports.passed_count, 1000);
    ck_assert_uint_lt(strnlen(reports.passed, sizeof reports.passed), sizeof reports.passed);
    ck_assert_ptr_eq(strstr(reports.passed, "0.0.0.0:1 (a-module"), reports.passed);
}

TEST(a_port_is_known_once_it_was_reported)
{
    ck_assert(!reports_have_port(&reports, 1024));
    add(KIND_PASSED, ENGINE, 1024, "mca_btl_tcp");
    ck_assert(reports_have_port(&reports, 1024));
    add(KIND_LISTENING, ENGINE, 42165, "lmp");
    ck_assert(reports_have_port(&reports, 42165));
    ck_assert(!reports_have_port(&reports, 42166));
}

/* Nothing may be said of a port then: it may have been one of those that are not kept. */
TEST(when_too_many_ports_were_reported_each_may_have_been)
{
    for (unsigned i = 1; i <= REPORTED_PORTS; i++)
        add(KIND_PASSED, ENGINE, i, "x");
    ck_assert(!reports_have_port(&reports, 2000));
    add(KIND_PASSED, ENGINE, 1999, "x");
    ck_assert(reports_have_port(&reports, 2000));
}

TEST(only_the_librarys_own_word_makes_a_listener_unmatched)
{
    static const char *const reasons[] = {"", REASON_SECOND, "unmatche", "unmatchedx"};

    for (int i = 0; i < 4; i++)
        add_passed("lmp", reasons[i]);
    ck_assert(!reports.unmatched);
    ck_assert_uint_eq(reports.passed_count, 4);
    add_passed("lmp", REASON_UNMATCHED);
    ck_assert(reports.unmatched);
}

static const struct {
    struct options options;
    enum news news;
} askers[] = {
    {{.port = 8888}, NEWS_REFUSED},
    {{.listen = ":0"}, NEWS_REFUSED},
    {{.port = 8888, .listen = ":0"}, NEWS_REFUSED},
    {{.port = 8889}, NEWS_BIND_FAILED},
    {{.relay = true, .listen = ":0"}, NEWS_BIND_FAILED},
    {{.port = 0}, NEWS_BIND_FAILED},
};

LOOP_TEST(a_bind_that_fails_is_the_users_wish_or_the_engines, COUNT(askers))
{
    reports_begin(&reports, ENGINE, &askers[_i].options);
    ck_assert_int_eq(add_refused("namd2", 8888, EADDRINUSE), askers[_i].news);
    ck_assert(reports.refused == (askers[_i].news == NEWS_REFUSED));
    ck_assert_int_eq(reports.failed_bind.error, reports.refused ? 0 : EADDRINUSE);
    ck_assert(!reports.listening);
    ck_assert_int_eq(add(KIND_LISTENING, ENGINE, 1025, "namd2"), NEWS_LISTENING);
}

TEST(any_free_port_that_was_not_to_be_had_is_the_engines_own_bind)
{
    ck_assert_int_eq(add_refused("namd2", 0, EADDRNOTAVAIL), NEWS_BIND_FAILED);
    ck_assert_int_eq(reports.failed_bind.error, EADDRNOTAVAIL);
}

/* NAMD then asks for thousands of others. */
TEST(the_first_port_that_an_engine_did_not_get_is_kept)
{
    add_refused("namd2", 8888, EADDRINUSE);
    ck_assert_int_eq(add_refused("namd2", 1025, EACCES), NEWS_NONE);
    ck_assert_uint_eq(reports.failed_bind.port, 8888);
    ck_assert_int_eq(reports.failed_bind.error, EADDRINUSE);
    ck_assert_int_eq(reports.failed_bind.pid, CHILD);
    ck_assert_str_eq(reports.failed_bind.exe, "namd2");
}

TEST(a_port_that_a_runtime_did_not_get_is_no_news)
{
    ck_assert_int_eq(add_refused("mca_btl_tcp", 1024, EADDRINUSE), NEWS_NONE);
    ck_assert_int_eq(add_refused("orted", 1024, EADDRINUSE), NEWS_NONE);
    ck_assert_int_eq(add_refused("gmx", 1024, 0), NEWS_NONE);
    ck_assert_int_eq(reports.failed_bind.error, 0);
}

TEST(a_launcher_that_reports_itself_is_news)
{
    struct received received = received_of(KIND_LOADED, CHILD, 0, "start-it");

    received.event.object = "libprrte.so.3";
    ck_assert_int_eq(reports_add(&reports, &received), NEWS_LAUNCHER);
    received.event.object = "";
    ck_assert_int_eq(reports_add(&reports, &received), NEWS_NONE);
    received.event.exe = "mpirun";
    ck_assert_int_eq(reports_add(&reports, &received), NEWS_LAUNCHER);
    received.remote = true;
    ck_assert_int_eq(reports_add(&reports, &received), NEWS_NONE);
}

TEST(when_the_process_listens_again_it_is_the_listener)
{
    begin();
    ck_assert_int_eq(add(KIND_LISTENING, ENGINE, 1000, "lmp"), NEWS_LISTENING);
    ck_assert_int_eq(add(KIND_READY, ENGINE, 1000, "lmp"), NEWS_READY);
    ck_assert_int_eq(add(KIND_CONNECTED, ENGINE, 1000, "lmp"), NEWS_CONNECTED);
    ck_assert_int_eq(add(KIND_LISTENING, ENGINE, 1001, "lmp"), NEWS_LISTENING);
    ck_assert_uint_eq(reports.listener.port, 1001);
    ck_assert_int_eq(add(KIND_READY, ENGINE, 1000, "lmp"), NEWS_NONE); /* the first one's */
    ck_assert_int_eq(add(KIND_READY, ENGINE, 1001, "lmp"), NEWS_READY);
    ck_assert_int_eq(add(KIND_CONNECTED, ENGINE, 1001, "lmp"), NEWS_CONNECTED);
}

/* Another host's may have the same number, and another module is no engine. */
TEST(another_process_or_module_that_listens_is_not_the_listener_that_comes_again)
{
    begin();
    add(KIND_LISTENING, ENGINE, 1000, "lmp");
    ck_assert_int_eq(add(KIND_LISTENING, OTHER, 1001, "lmp"), NEWS_PASSED);
    ck_assert_int_eq(add_remote(KIND_LISTENING, ENGINE, 1001, "lmp"), NEWS_PASSED);
    ck_assert_int_eq(add(KIND_LISTENING, ENGINE, 1001, "server"), NEWS_PASSED);
    ck_assert_uint_eq(reports.listener.port, 1000);
}

static enum news add_second(unsigned pid, const char *host, unsigned port)
{
    struct received received = received_of(KIND_PASSED, pid, port, "lmp");

    received.event.reason = REASON_SECOND;
    address_parse(&received.event.address, host);
    address_set_port(&received.event.address, port);
    return reports_add(&reports, &received);
}

static const struct {
    unsigned pid;
    const char *host;
    unsigned port;
    bool serves;
} seconds[] = {
    {ENGINE, "::", 1000, true},       {ENGINE, "::1", 1000, true},
    {ENGINE, "0.0.0.0", 1000, false}, {ENGINE, "::", 1001, false},
    {OTHER, "::", 1000, false},       {ENGINE, "2001:db8::1", 1000, false},
};

LOOP_TEST(a_second_socket_on_the_port_of_the_other_family_serves_it_too, COUNT(seconds))
{
    begin();
    add(KIND_LISTENING, ENGINE, 1000, "lmp");
    ck_assert_int_eq(add_second(seconds[_i].pid, seconds[_i].host, seconds[_i].port),
                     seconds[_i].serves ? NEWS_OTHER_FAMILY : NEWS_PASSED);
    ck_assert(reports.both_families == seconds[_i].serves);
    add(KIND_LISTENING, ENGINE, 1002, "lmp");
    ck_assert(!reports.both_families);
}
