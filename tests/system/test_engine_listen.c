/* --listen: where the IMD socket is bound, whatever was asked for. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/engines.h"
#include "tests/system/support/engine_events.h"

/* In a test's words $a is a free port, $b and $c are those behind it, $other is one apart. */
#define PORTS "a=%u b=%u c=%u other=%u;"
#define PORT_VALUES first, first + 1, first + 2, first + 3
enum { PORT_COUNT = 4 };

#define LISTEN "$IMDSHIM exec -v --fd 9 --listen "

enum whence { KEPT, ANY, IN_RANGE };

static const struct {
    const char *listen, *steps, *address;
    enum whence port; /* as asked, $other; a free one; $a, $b or $c */
} places[] = {
    {"127.0.0.1", "tcp bind=0.0.0.0/$other listen port", "127.0.0.1", KEPT},
    {"0.0.0.0", "tcp bind=127.0.0.1/$other listen port", "0.0.0.0", KEPT},
    {"127.0.0.1", "tcp bind=203.0.113.7/$other listen port", "127.0.0.1", KEPT},
    {":0", "tcp bind=127.0.0.1/$other listen port", "127.0.0.1", ANY},
    {"127.0.0.1:0", "tcp bind=0.0.0.0/$other listen port", "127.0.0.1", ANY},
    {":$b", "tcp bind=0.0.0.0/$other listen port", "0.0.0.0", IN_RANGE},
    {":$b", "tcp bind=0.0.0.0/0 listen port", "0.0.0.0", IN_RANGE},
    {":$a-$c", "tcp bind=0.0.0.0/$other listen port", "0.0.0.0", IN_RANGE},
    {"127.0.0.1:$a-$c", "tcp reuse bind=0.0.0.0/$other listen port", "127.0.0.1", IN_RANGE},
    {":$a-$c", "tcp reuseport bind=0.0.0.0/$other listen port", "0.0.0.0", IN_RANGE},
    {":$a-$c", "tcp bind=0.0.0.0/$other fork dup listen port", "0.0.0.0", IN_RANGE},
    {"[::1]", "v6only bind=::/$other listen port", "::1", KEPT},
    {"[::1]:$a-$c", "tcp6 bind=::/$other listen port", "::1", IN_RANGE},
    {"127.0.0.1:0", "tcp6 bind=::/$other listen port", "::ffff:127.0.0.1", ANY},
    {":$a", "udp bind=0.0.0.0/$other tcp bind=0.0.0.0/$other listen port", "0.0.0.0", IN_RANGE},
    {"127.0.0.1", "tcp listen port", "127.0.0.1", ANY},
    {"127.0.0.1:$a-$c", "tcp listen port", "127.0.0.1", IN_RANGE},
    {"[::1]:$a", "tcp6 listen port", "::1", IN_RANGE},
    {"127.0.0.1:$a -p $other", "tcp bind=0.0.0.0/$other listen port", "127.0.0.1", IN_RANGE},
    {"127.0.0.1 -p $other", "tcp bind=0.0.0.0/$other listen port", "127.0.0.1", ANY},
};

enum { PLACES = sizeof places / sizeof places[0] };

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(the_imd_socket_listens_where_it_is_told_to, PLACES)
{
    unsigned first = engines_free_ports(PORT_COUNT), last = first + PORT_COUNT - 1;
    struct shell shell;
    struct event event;

    shell_run(&shell, PORTS LISTEN "%s -- $DOUBLES/engine %s" EVENTS_TO_OUT, PORT_VALUES,
              places[_i].listen, places[_i].steps);
    event = engine_told_its_port(&shell);
    ck_assert_ptr_null(strstr(shell.err, "failed"));
    ck_assert_str_eq(engine_address(&event), places[_i].address);
    ck_assert_msg(places[_i].port == KEPT       ? event.port == last
                  : places[_i].port == IN_RANGE ? event.port >= first && event.port < last
                                                : event.port < first || event.port > last,
                  "port %u, not of %u to %u", event.port, first, last);
}

/* What is listened on besides is where it was asked for. */
static const char *const others[] = {
    "tcp bind=127.0.0.1/0 listen tcp bind=0.0.0.0/$other listen port",
    "tcp bind=127.0.0.1/0 listen udp bind=0.0.0.0/$other port",
    "udp bind=0.0.0.0/$other port",
};

LOOP_TEST(no_other_socket_is_moved, COUNT(others))
{
    unsigned first = engines_free_ports(PORT_COUNT);
    struct shell shell;

    shell_run(&shell, PORTS LISTEN "127.0.0.1:$a -- $DOUBLES/engine %s" EVENTS_TO_OUT,
              PORT_VALUES, others[_i]);
    engine_ended_well(&shell);
    ck_assert_uint_eq(engine_printed_port(&shell), first + 3);
    if (engine_count(&shell, EVENT_PASSED) > 0) {
        struct event event = engine_told(&shell, KIND_PASSED);

        ck_assert_str_eq(engine_address(&event), "0.0.0.0");
    }
}

/* LAMMPS: unfix, and another fix imd. */
TEST(the_imd_socket_after_one_that_was_closed_is_moved_too)
{
    unsigned first = engines_free_ports(PORT_COUNT);
    struct shell shell;

    shell_run(&shell,
              PORTS LISTEN "127.0.0.1:$a-$b -- $DOUBLES/engine tcp bind=0.0.0.0/0 listen close "
                           "tcp bind=0.0.0.0/$other listen port" EVENTS_TO_OUT,
              PORT_VALUES);
    engine_ended_well(&shell);
    ck_assert_uint_ge(engine_printed_port(&shell), first);
    ck_assert_uint_lt(engine_printed_port(&shell), first + 3);
    ck_assert_int_eq(shell_count_lines(shell.out, " listening "), 2);
    ck_assert_int_eq(shell_count_lines(shell.out, " addr=127.0.0.1 "), 2);
}

/* If one of them had been moved to that port, the engine would not have got it. */
TEST(no_socket_of_an_mpi_runtime_is_moved)
{
    unsigned first = engines_free_ports(PORT_COUNT);
    struct shell shell;

    engine_build_library("listening", "mca_btl_tcp.so");
    shell_run(&shell,
              PORTS LISTEN "127.0.0.1:$a -- $DOUBLES/engine mpi ./mca_btl_tcp.so" EVENTS_TO_OUT,
              PORT_VALUES);
    ck_assert_uint_eq(engine_told_its_port(&shell).port, first);
    ck_assert_int_eq(shell_count_lines(shell.out, " reason=runtime "), 5);
}

static const struct {
    const char *listen, *steps;
    int error;
} refusals[] = {
    {"203.0.113.7", "tcp bind=0.0.0.0/0 listen port", EADDRNOTAVAIL},
    {"[2001:db8::7]:0", "tcp6 bind=::/0 listen port", EADDRNOTAVAIL},
    {"[::1]", "tcp bind=0.0.0.0/0 listen port", EAFNOSUPPORT},
    {"127.0.0.1", "v6only bind=::/0 listen port", EAFNOSUPPORT},
};

/* The engine then does what it does when a bind fails; this one listens all the same. */
LOOP_TEST(what_cannot_be_is_refused_with_the_kernels_own_error, 4)
{
    struct shell shell;
    char expected[64];

    shell_run(&shell, LISTEN "%s -- $DOUBLES/engine %s" EVENTS_TO_OUT, refusals[_i].listen,
              refusals[_i].steps);
    engine_ended_well(&shell);
    snprintf(expected, sizeof expected, "bind: failed with %d\nlisten: failed with %d\n",
             refusals[_i].error, refusals[_i].error);
    ck_assert_int_eq(strncmp(shell.err, expected, strlen(expected)), 0);
    ck_assert_int_eq(engine_count(&shell, EVENT_REFUSED), 1);
    ck_assert_int_eq(engine_told(&shell, KIND_REFUSED).error, refusals[_i].error);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 0);
}

/* 3: the engine has no listener. */
TEST(a_refusal_is_told_from_a_small_signal_stack)
{
    struct shell shell;

    shell_run(&shell, LISTEN "203.0.113.7 -- $DOUBLES/contexts altstack" EVENTS_TO_OUT);
    ck_assert_int_eq(shell_status(&shell), 3);
    ck_assert_int_eq(engine_count(&shell, EVENT_REFUSED), 1);
}

static int take_port(unsigned port, bool shared)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = shared;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

/* What has taken the port allows both. What the engine has set is set afterwards too. */
static const struct {
    const char *set, *have;
} options[] = {
    {"", "options 0 0\n"},
    {"reuse", "options 1 0\n"},
    {"reuseport", "options 0 1\n"},
    {"reuse reuseport", "options 1 1\n"},
};

LOOP_TEST(ports_of_a_range_that_are_taken_are_skipped, 4)
{
    unsigned first = engines_free_ports(PORT_COUNT);
    int fds[] = {take_port(first, true), take_port(first + 2, true)};
    struct shell shell;

    shell_run(&shell,
              PORTS LISTEN ":$a-$c -- $DOUBLES/engine tcp %s bind=0.0.0.0/$other listen port "
                           "options" EVENTS_TO_OUT,
              PORT_VALUES, options[_i].set);
    close(fds[0]);
    close(fds[1]);
    ck_assert_uint_eq(engine_told_its_port(&shell).port, first + 1);
    ck_assert_ptr_nonnull(strstr(shell.err, options[_i].have));
    ck_assert_ptr_null(strstr(shell.err, "failed"));
}

/* Not even if it goes on to ask for other ports, or listens without. */
LOOP_TEST(a_range_without_a_free_port_is_no_port, 4)
{
    unsigned first = engines_free_ports(PORT_COUNT);
    int fds[] = {take_port(first, true), take_port(first + 1, true)};
    struct shell shell;

    shell_run(&shell,
              PORTS LISTEN ":$a-$b -- $DOUBLES/engine tcp %s bind=0.0.0.0/$other "
                           "bind=0.0.0.0/1025 bind=0.0.0.0/0 listen options" EVENTS_TO_OUT,
              PORT_VALUES, options[_i].set);
    close(fds[0]);
    close(fds[1]);
    ck_assert_int_eq(shell_count_lines(shell.err, "bind: failed with 98"), 3);
    ck_assert_int_eq(shell_count_lines(shell.err, "listen: failed with 98"), 1);
    ck_assert_ptr_nonnull(strstr(shell.err, options[_i].have));
    ck_assert_int_eq(engine_count(&shell, EVENT_REFUSED), 1);
    ck_assert_int_eq(engine_told(&shell, KIND_REFUSED).asked, first + 3);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 0);
}

static bool has_strace(void)
{
    return system("strace -o /dev/null true 2>/dev/null") == 0 ||
           suite_skip("the number of NAMD's bind calls", "strace does not work here");
}

TEST(the_range_is_not_searched_again_for_each_of_namds_3071_ports, .needs = has_strace)
{
    unsigned first = engines_free_ports(PORT_COUNT);
    int fds[] = {take_port(first, false), take_port(first + 1, false)}, calls;
    struct shell shell;

    shell_run(&shell,
              PORTS LISTEN ":$a-$b -- strace -f -o calls -e trace=bind -e signal=none "
                           "$DOUBLES/engine namd $other" EVENTS_TO_OUT
                           "; echo calls $(grep -c bind calls)",
              PORT_VALUES);
    close(fds[0]);
    close(fds[1]);
    ck_assert_int_eq(shell_count_lines(shell.err, "IMD: Address already in use"), 1);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 0);
    calls = atoi(strstr(shell.out, "calls ") + strlen("calls "));
    ck_assert_int_ge(calls, 3072);
    ck_assert_int_le(calls, 3072 + 4);
}
