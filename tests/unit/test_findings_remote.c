/* What the events of other hosts change, and of sockets that are not as the user asked. */
#include "launcher/run/diagnosis.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

enum { ENGINE = 100, CHILD = 200 };

static struct findings findings;
static char text[2048];

static void begin(void)
{
    findings_begin(&findings, ENGINE);
}

static struct received event_of(enum event_kind kind, pid_t pid, const char *name)
{
    static char comm[COMM_SIZE], object[NAME_SIZE];
    struct received received = {.event = {.kind = kind,
                                          .pid = (unsigned)pid,
                                          .port = 1024,
                                          .host = "",
                                          .reason = "",
                                          .exe = name,
                                          .object = object,
                                          .comm = comm}};

    ck_assert(address_parse(&received.event.address, "0.0.0.0"));
    snprintf(comm, sizeof comm, "%.15s", name);
    snprintf(object, sizeof object, "%s.so", name);
    return received;
}

static enum news add(enum event_kind kind, pid_t pid, const char *name)
{
    struct received event = event_of(kind, pid, name);

    return findings_add(&findings, &event);
}

static enum news add_remote(enum event_kind kind, pid_t pid, const char *name)
{
    struct received event = event_of(kind, pid, name);

    event.remote = true;
    ck_assert(address_parse(&event.peer, "10.77.0.2"));
    return findings_add(&findings, &event);
}

static enum news add_passed(const char *name, const char *reason)
{
    struct received event = event_of(KIND_PASSED, CHILD, name);

    event.event.reason = reason;
    return findings_add(&findings, &event);
}

static enum why explain(const char *engine_comm, const char *last_comm)
{
    const struct present present = {engine_comm, last_comm, true, 0};

    return findings_explain(&findings, &present, text, sizeof text);
}

static void assert_said(const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in: %s", part, text);
    ck_assert_ptr_null(strchr(text, '\n'));
}

TEST_OPTIONS(.setup = begin);

/* Numbers of processes are each host's own. */
TEST(a_process_elsewhere_with_the_engines_number_is_not_the_engine)
{
    add(KIND_LOADED, ENGINE, "mpirun");
    add_remote(KIND_LOADED, ENGINE, "lmp");
    ck_assert_str_eq(findings.engine_image.exe, "mpirun");
    ck_assert_str_eq(findings.last_image.exe, "lmp");
    ck_assert(findings.last_image.remote);
}

/* Its name here is not known: a process of that number here may be anything. */
TEST(a_process_elsewhere_is_never_said_to_have_become_another)
{
    add(KIND_LOADED, ENGINE, "mpirun");
    add_remote(KIND_LOADED, CHILD, "lmp");
    ck_assert_int_eq(explain("mpirun", "bash"), WHY_NEVER_LISTENED);
    assert_said("lmp[200]");
    ck_assert_int_eq(explain("mpirun", ""), WHY_NEVER_LISTENED);
}

TEST(an_engine_that_lost_the_library_has_lost_it_whoever_else_has_it)
{
    add(KIND_LOADED, ENGINE, "env");
    add_remote(KIND_LOADED, ENGINE, "lmp");
    ck_assert_int_eq(explain("mpirun", "mpirun"), WHY_NOT_LOADED);
    assert_said("env[100] became 'mpirun'");
}

TEST(a_listener_elsewhere_is_the_imd_port)
{
    add(KIND_LOADED, ENGINE, "mpirun");
    ck_assert_int_eq(add_remote(KIND_LISTENING, ENGINE, "lmp"), NEWS_LISTENING);
    ck_assert(findings.listener.remote);
    ck_assert_int_eq(add_remote(KIND_READY, ENGINE, "lmp"), NEWS_READY);
    ck_assert_int_eq(add(KIND_LISTENING, CHILD, "lmp"), NEWS_PASSED);
}

TEST(a_socket_that_could_not_be_bound_is_news_each_time)
{
    ck_assert(!findings.refused);
    ck_assert_int_eq(add(KIND_REFUSED, ENGINE, "namd2"), NEWS_REFUSED);
    ck_assert(findings.refused);
    ck_assert_int_eq(add_remote(KIND_REFUSED, CHILD, "namd2"), NEWS_REFUSED);
    ck_assert(!findings.listening);
    ck_assert_uint_eq(findings.passed_count, 0);
}

TEST(after_a_refusal_another_socket_may_still_be_the_imd_socket)
{
    add(KIND_REFUSED, ENGINE, "namd2");
    ck_assert_int_eq(add(KIND_LISTENING, ENGINE, "namd2"), NEWS_LISTENING);
}

TEST(where_one_listener_was_not_as_the_user_said_that_is_said)
{
    add(KIND_LOADED, ENGINE, "lmp");
    ck_assert_int_eq(add_passed("mca_btl_tcp", REASON_RUNTIME), NEWS_PASSED);
    ck_assert(!findings.unmatched);
    ck_assert_int_eq(explain("lmp", "lmp"), WHY_NOTHING_MATCHED);
    assert_said("MPI or cluster runtime");
    add_passed("liblammps", REASON_UNMATCHED);
    add_passed("mca_btl_tcp", REASON_RUNTIME);
    ck_assert(findings.unmatched);
    ck_assert_int_eq(explain("lmp", "lmp"), WHY_NOTHING_MATCHED);
    assert_said("as --port and --match say");
    assert_said("0.0.0.0:1024 (liblammps.so)");
}

TEST(only_the_librarys_own_word_makes_a_listener_unmatched)
{
    static const char *const reasons[] = {"", REASON_SECOND, "unmatche", "unmatchedx"};

    for (int i = 0; i < 4; i++)
        add_passed("lmp", reasons[i]);
    ck_assert(!findings.unmatched);
    ck_assert_uint_eq(findings.passed_count, 4);
}
