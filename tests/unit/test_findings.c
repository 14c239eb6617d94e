/* What a run's events tell, and why nothing was learned. */
#include "launcher/run/diagnosis.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

enum { ENGINE = 100, CHILD = 200, OTHER = 300 };

static struct findings findings;
static char text[2048];

static void begin(void)
{
    findings_begin(&findings, ENGINE);
}

static enum news add(enum event_kind kind, pid_t pid, unsigned port, const char *name)
{
    char comm[COMM_SIZE], object[3 * NAME_SIZE + 3];
    struct received received = {.event = {.kind = kind,
                                          .pid = (unsigned)pid,
                                          .port = port,
                                          .host = "",
                                          .reason = "",
                                          .exe = name,
                                          .object = object,
                                          .comm = comm}};

    ck_assert(address_parse(&received.event.address, "0.0.0.0"));
    snprintf(comm, sizeof comm, "%.15s", name);
    snprintf(object, sizeof object, "%s.so", name);
    return findings_add(&findings, &received);
}

static enum why explain(const char *engine_comm, const char *last_comm, bool killed)
{
    const struct present present = {engine_comm, last_comm, killed, killed ? SIGKILL : 0};

    return findings_explain(&findings, &present, text, sizeof text);
}

static void assert_said(const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in: %s", part, text);
    ck_assert_ptr_null(strchr(text, '\n'));
}

TEST_OPTIONS(.setup = begin);

TEST(the_first_listener_is_the_imd_port)
{
    ck_assert_int_eq(add(KIND_LOADED, ENGINE, 0, "gmx"), NEWS_NONE);
    ck_assert(!findings.listening);
    ck_assert_int_eq(add(KIND_LISTENING, ENGINE, 42165, "gmx"), NEWS_LISTENING);
    ck_assert(findings.listening);
    ck_assert(!findings.ready);
    ck_assert_uint_eq(findings.listener.port, 42165);
    ck_assert_str_eq(findings.listener.exe, "gmx");
}

TEST(a_second_listener_is_one_that_is_passed)
{
    add(KIND_LISTENING, ENGINE, 42165, "gmx");
    ck_assert_int_eq(add(KIND_LISTENING, OTHER, 8888, "lmp"), NEWS_PASSED);
    ck_assert_uint_eq(findings.listener.port, 42165);
    ck_assert_int_eq(findings.listener.pid, ENGINE);
    ck_assert_uint_eq(findings.passed_count, 1);
}

TEST(ready_is_news_once)
{
    add(KIND_LISTENING, ENGINE, 42165, "gmx");
    ck_assert_int_eq(add(KIND_READY, ENGINE, 42165, ""), NEWS_READY);
    ck_assert(findings.ready);
    ck_assert_int_eq(add(KIND_READY, ENGINE, 42165, ""), NEWS_NONE);
}

TEST(ready_for_another_port_or_before_any_is_no_news)
{
    ck_assert_int_eq(add(KIND_READY, ENGINE, 42165, ""), NEWS_NONE);
    ck_assert_int_eq(add(KIND_READY, ENGINE, 0, ""), NEWS_NONE);
    add(KIND_LISTENING, ENGINE, 42165, "gmx");
    ck_assert_int_eq(add(KIND_READY, ENGINE, 42166, ""), NEWS_NONE);
    ck_assert(!findings.ready);
    ck_assert_int_eq(add(KIND_READY, CHILD, 42165, ""), NEWS_READY);
}

TEST(the_listener_of_another_process_may_be_the_engines)
{
    add(KIND_LOADED, ENGINE, 0, "mpirun");
    ck_assert_int_eq(add(KIND_PASSED, ENGINE, 1024, "mca_oob_tcp"), NEWS_PASSED);
    ck_assert_int_eq(add(KIND_LISTENING, CHILD, 42165, "lmp"), NEWS_LISTENING);
}

TEST(without_any_event_the_library_was_not_loaded)
{
    ck_assert_int_eq(explain("gmx", "", false), WHY_NOT_LOADED);
    assert_said("100");
    assert_said("imdshim check");
}

TEST(an_engine_that_ends_without_a_port_never_listened)
{
    add(KIND_LOADED, ENGINE, 0, "gmx");
    ck_assert_int_eq(explain("gmx", "gmx", false), WHY_NEVER_LISTENED);
    assert_said("gmx[100]");
    assert_said("is IMD switched on");
}

TEST(an_engine_that_is_killed_never_listened)
{
    add(KIND_LOADED, ENGINE, 0, "gmx");
    ck_assert_int_eq(explain("gmx", "gmx", true), WHY_NEVER_LISTENED);
    ck_assert_int_eq(explain("", "", true), WHY_NEVER_LISTENED);
    assert_said("status 137");
}

/* _exit(2), or a time that has run out: the image has not said that it ended. */
TEST(an_engine_that_ends_or_lives_without_a_word_never_listened)
{
    add(KIND_LOADED, ENGINE, 0, "gmx");
    ck_assert_int_eq(explain("gmx", "gmx", false), WHY_NEVER_LISTENED);
    ck_assert_int_eq(explain("", "", false), WHY_NEVER_LISTENED);
}

TEST(an_engine_that_became_another_program_lost_the_library)
{
    add(KIND_LOADED, ENGINE, 0, "env");
    ck_assert_int_eq(explain("gmx", "gmx", false), WHY_NOT_LOADED);
    assert_said("env[100] became 'gmx' without the library");
    assert_said("LD_PRELOAD");
}

TEST(an_engine_that_became_another_program_with_the_library_never_listened)
{
    add(KIND_LOADED, ENGINE, 0, "env");
    add(KIND_LOADED, ENGINE, 0, "gmx");
    ck_assert_int_eq(explain("gmx", "gmx", false), WHY_NEVER_LISTENED);
    assert_said("gmx[100]");
}

/* It was escaped on its way; the kernel's is not. */
TEST(a_name_that_had_to_be_escaped_is_not_compared)
{
    add(KIND_LOADED, ENGINE, 0, "my%20engine");
    ck_assert_int_eq(explain("my engine", "my engine", false), WHY_NEVER_LISTENED);
}

TEST(listeners_of_a_runtime_alone_match_nothing)
{
    add(KIND_LOADED, ENGINE, 0, "lmp");
    add(KIND_PASSED, ENGINE, 1024, "mca_btl_tcp");
    add(KIND_PASSED, ENGINE, 42000, "libpmix");
    ck_assert_int_eq(explain("lmp", "lmp", false), WHY_NOTHING_MATCHED);
    assert_said("0.0.0.0:1024 (mca_btl_tcp.so), 0.0.0.0:42000 (libpmix.so)");
    assert_said("is IMD switched on");
}

TEST(any_number_of_passed_listeners_is_counted)
{
    add(KIND_LOADED, ENGINE, 0, "lmp");
    for (unsigned i = 1; i <= 1000; i++)
        add(KIND_PASSED, ENGINE, i, "a-module-with-a-name-longer-than-a-message-can-hold");
    ck_assert_uint_eq(findings.passed_count, 1000);
    ck_assert_uint_lt(strnlen(findings.passed, sizeof findings.passed), sizeof findings.passed);
    ck_assert_int_eq(explain("lmp", "lmp", false), WHY_NOTHING_MATCHED);
    assert_said("0.0.0.0:1 (");
}

TEST(a_child_that_is_another_program_now_lost_the_library)
{
    add(KIND_LOADED, ENGINE, 0, "dash");
    add(KIND_LOADED, CHILD, 0, "env");
    ck_assert_int_eq(explain("dash", "gmx", false), WHY_NOT_LOADED);
    assert_said("env[200]");
}

TEST(a_child_that_still_runs_has_not_listened)
{
    add(KIND_LOADED, ENGINE, 0, "dash");
    add(KIND_LOADED, CHILD, 0, "gmx");
    ck_assert_int_eq(explain("dash", "gmx", false), WHY_NEVER_LISTENED);
    assert_said("gmx[200]");
}

TEST(a_child_that_ended_has_not_listened)
{
    add(KIND_LOADED, ENGINE, 0, "dash");
    add(KIND_LOADED, CHILD, 0, "gmx");
    ck_assert_int_eq(explain("dash", "", false), WHY_NEVER_LISTENED);
    assert_said("gmx[200]");
}

TEST(the_longest_names_stay_one_line_of_the_size_given)
{
    char name[3 * NAME_SIZE] = "";

    memset(name, 'n', sizeof name - 1);
    add(KIND_LOADED, ENGINE, 0, name);
    memset(text, '!', sizeof text);
    findings_explain(&findings, &(struct present){"gmx", "gmx", false, 0}, text, 64);
    ck_assert_uint_eq(strnlen(text, 64), 63);
    ck_assert_int_eq(text[64], '!');
}
