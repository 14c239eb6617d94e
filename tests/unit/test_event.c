/* Events as the library writes them, and that the launcher reads the same out of them. */
#include "shim/wire/event_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>

#include "launcher/source/event.h"
#include "tests/support/suite.h"

static struct listener gromacs(void)
{
    struct listener listener = {.fd = 19, .pid = 4711};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(42165)};

    memcpy(&listener.address, &address, sizeof address);
    strcpy(listener.host, "node1");
    strcpy(listener.exe, "gmx");
    strcpy(listener.object, "libgromacs.so.7");
    return listener;
}

/* Every value as long as it can be, and every byte of it one that is escaped. */
static struct listener longest(void)
{
    struct listener listener = {.fd = INT_MAX, .pid = INT_MAX, .asked = UINT16_MAX};
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(65535)};

    memset(&address.sin6_addr, 0xff, sizeof address.sin6_addr);
    memcpy(&listener.address, &address, sizeof address);
    memset(listener.host, 0xff, HOST_SIZE - 1);
    memset(listener.exe, 0xff, NAME_SIZE - 1);
    memset(listener.object, '\n', NAME_SIZE - 1);
    return listener;
}

static void assert_is(const struct event_line *line, const char *expected)
{
    ck_assert_uint_eq(line->length, strlen(expected));
    ck_assert_mem_eq(line->bytes, expected, line->length);
}

static void read_back(const struct event_line *line, struct event *event)
{
    char copy[EVENT_MAX];

    ck_assert_uint_le(line->length, sizeof copy);
    ck_assert_int_eq(line->bytes[line->length - 1], '\n');
    ck_assert_ptr_null(memchr(line->bytes, '\n', line->length - 1));
    memcpy(copy, line->bytes, line->length);
    copy[line->length - 1] = '\0';
    ck_assert_msg(event_parse(copy, event), "not read: %.*s", (int)line->length, line->bytes);
}

TEST(the_listening_line_is_the_contracts)
{
    struct listener listener = gromacs();
    struct event_line line;

    event_format_listener(&line, &listener, NULL);
    assert_is(&line, "42165 listening host=node1 addr=0.0.0.0 asked=0 pid=4711 fd=19 exe=gmx "
                     "object=libgromacs.so.7\n");
}

TEST(the_ready_line_is_the_contracts)
{
    struct event_line line;

    event_format_ready(&line, 42165, 4711);
    assert_is(&line, "42165 ready pid=4711\n");
}

TEST(a_passed_listener_has_its_reason)
{
    struct listener listener = gromacs();
    struct event_line line;

    listener.asked = 1024;
    strcpy(listener.object, "mca_btl_tcp.so");
    event_format_listener(&line, &listener, REASON_RUNTIME);
    assert_is(&line, "42165 passed host=node1 addr=0.0.0.0 asked=1024 pid=4711 fd=19 "
                     "reason=runtime exe=gmx object=mca_btl_tcp.so\n");
}

TEST(a_refused_socket_has_no_port_but_where_it_was_to_go_and_errno)
{
    struct listener listener = gromacs();
    struct event_line line;
    struct event event;

    listener.asked = 8888;
    event_format_refused(&line, &listener, EADDRINUSE);
    assert_is(&line, "0 refused host=node1 addr=0.0.0.0 asked=8888 pid=4711 fd=19 error=98 "
                     "exe=gmx object=libgromacs.so.7\n");
    read_back(&line, &event);
    ck_assert_int_eq(event.kind, KIND_REFUSED);
    ck_assert_uint_eq(event.port, 0);
    ck_assert_uint_eq(event.asked, 8888);
    ck_assert_int_eq(event.error, EADDRINUSE);
    ck_assert_str_eq(event.address, "0.0.0.0");
}

TEST(a_denied_connection_has_its_user_or_the_reason_why_that_is_not_known)
{
    static const struct {
        struct denied denied;
        const char *line;
    } lines[] = {
        {{true, 65534, 0}, "42165 denied pid=4711 uid=65534\n"},
        {{true, 0, 0}, "42165 denied pid=4711 uid=0\n"},
        {{true, UINT_MAX, 0}, "42165 denied pid=4711 uid=4294967295\n"},
        {{false, 0, 0}, "42165 denied pid=4711\n"},
        {{false, 0, EPERM}, "42165 denied pid=4711 error=1\n"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct event_line line;
        struct event event;

        event_format_denied(&line, 42165, 4711, &lines[i].denied);
        assert_is(&line, lines[i].line);
        read_back(&line, &event);
        ck_assert_int_eq(event.kind, KIND_DENIED);
        ck_assert_int_eq(event.has_uid, lines[i].denied.has_uid);
        ck_assert_uint_eq(event.uid, lines[i].denied.uid);
        ck_assert_int_eq(event.error, lines[i].denied.error);
    }
}

TEST(loaded_and_ended_have_port_0)
{
    struct event_line line;

    event_format_loaded(&line, 4711, "gmx", "gmx");
    assert_is(&line, "0 loaded pid=4711 exe=gmx comm=gmx\n");
    event_format_ended(&line, 4711);
    assert_is(&line, "0 ended pid=4711\n");
}

TEST(what_is_unknown_is_an_empty_value)
{
    struct listener listener = gromacs();
    struct event_line line;
    struct event event;

    listener.host[0] = listener.exe[0] = listener.object[0] = '\0';
    event_format_listener(&line, &listener, NULL);
    assert_is(&line, "42165 listening host= addr=0.0.0.0 asked=0 pid=4711 fd=19 exe= "
                     "object=\n");
    read_back(&line, &event);
    ck_assert_str_eq(event.object, "");
}

TEST(a_file_name_of_any_bytes_stays_one_word)
{
    struct listener listener = gromacs();
    struct event_line line;
    struct event event;

    strcpy(listener.exe, "my engine\n0 ready pid=1");
    strcpy(listener.object, "\t100%=\x7f\xc3\xa4");
    event_format_listener(&line, &listener, NULL);
    read_back(&line, &event);
    ck_assert_str_eq(event.exe, "my%20engine%0A0%20ready%20pid=1");
    ck_assert_str_eq(event.object, "%09100%25=%7F%C3%A4");
    ck_assert_int_eq(event.kind, KIND_LISTENING);
    ck_assert_int_eq(event.pid, 4711);
}

TEST(the_longest_listener_is_a_whole_line)
{
    const char *const reasons[] = {NULL, REASON_RUNTIME, REASON_SECOND};
    struct listener listener = longest();
    struct event_line line;
    struct event event;

    for (int i = 0; i < 3; i++) {
        event_format_listener(&line, &listener, reasons[i]);
        read_back(&line, &event);
        ck_assert_uint_eq(strlen(event.host), 3 * (HOST_SIZE - 1));
        ck_assert_uint_eq(strlen(event.exe), 3 * (NAME_SIZE - 1));
        ck_assert_uint_eq(strlen(event.object), 3 * (NAME_SIZE - 1));
        ck_assert_str_eq(event.address, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        ck_assert_str_eq(event.reason, reasons[i] != NULL ? reasons[i] : "");
    }
    event_format_refused(&line, &listener, INT_MAX);
    read_back(&line, &event);
    ck_assert_int_eq(event.error, INT_MAX);
    ck_assert_uint_eq(strlen(event.object), 3 * (NAME_SIZE - 1));
}

TEST(the_longest_program_names_are_a_whole_line)
{
    char exe[NAME_SIZE] = "", comm[COMM_SIZE] = "";
    struct event_line line;
    struct event event;

    memset(exe, ' ', sizeof exe - 1);
    memset(comm, '%', sizeof comm - 1);
    event_format_loaded(&line, INT_MAX, exe, comm);
    read_back(&line, &event);
    ck_assert_int_eq(event.kind, KIND_LOADED);
    ck_assert_uint_eq(strlen(event.exe), 3 * (sizeof exe - 1));
    ck_assert_uint_eq(strlen(event.comm), 3 * (sizeof comm - 1));
}

TEST(the_launcher_reads_a_listener_as_it_was)
{
    struct listener listener = gromacs();
    struct event_line line;
    struct event event;

    listener.asked = 8888;
    event_format_listener(&line, &listener, REASON_SECOND);
    read_back(&line, &event);
    ck_assert_int_eq(event.kind, KIND_PASSED);
    ck_assert_uint_eq(event.port, 42165);
    ck_assert_uint_eq(event.asked, 8888);
    ck_assert_int_eq(event.pid, 4711);
    ck_assert_str_eq(event.address, "0.0.0.0");
    ck_assert_str_eq(event.host, "node1");
    ck_assert_str_eq(event.exe, "gmx");
    ck_assert_str_eq(event.object, "libgromacs.so.7");
    ck_assert_str_eq(event.reason, "second");
}

TEST(the_launcher_reads_the_other_events_as_they_were)
{
    struct event_line line;
    struct event event;

    event_format_ready(&line, 65535, 1);
    read_back(&line, &event);
    ck_assert_int_eq(event.kind, KIND_READY);
    ck_assert_uint_eq(event.port, 65535);
    ck_assert_int_eq(event.pid, 1);
    event_format_loaded(&line, INT_MAX, "gmx", "gmx mdrun");
    read_back(&line, &event);
    ck_assert_int_eq(event.kind, KIND_LOADED);
    ck_assert_int_eq(event.pid, INT_MAX);
    ck_assert_str_eq(event.comm, "gmx%20mdrun");
    event_format_ended(&line, 2);
    read_back(&line, &event);
    ck_assert_int_eq(event.kind, KIND_ENDED);
    ck_assert_int_eq(event.pid, 2);
}

/* _Static_assert has no pipe(7) to ask: lines of several processes must never mix. */
TEST(a_line_is_written_in_one_piece)
{
    ck_assert_int_le(EVENT_MAX, PIPE_BUF);
    ck_assert_uint_eq(sizeof(((struct event_line *)NULL)->bytes), EVENT_MAX);
}
