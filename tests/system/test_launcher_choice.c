/* --port, --listen and --match as a run has them: what is taken, what is said of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/support/engines.h"
#include "tests/support/suite.h"
#include "tests/system/support/launcher.h"

/* In a test's words $a, $b and $c are free ports in a row. */
#define PORTS "a=%u b=%u c=%u;"
#define PORT_VALUES first, first + 1, first + 2
enum { PORT_COUNT = 3 };

#define STEPS "$DOUBLES/engine "
#define BOTH STEPS "tcp bind=127.0.0.1/$a listen port tcp bind=127.0.0.1/$b listen port"
#define TWO_PROGRAMS                                                                           \
    "sh -c \"$DOUBLES/engine tcp bind=127.0.0.1/$a listen;"                                    \
    "'./my engine' tcp bind=127.0.0.1/$b listen\""

static const struct {
    const char *options, *command;
    unsigned taken; /* 0: what asks for $a, 1: what asks for $b */
} choices[] = {
    {"", BOTH, 0},
    {"-m port=$b", BOTH, 1},
    {"-m 'port=[0-9]*'", BOTH, 0},
    {"-m exe=eng?ne -m port=$b", BOTH, 1},
    {"-m object=engine -m port=$a", BOTH, 0},
    {"-m 'exe=*' -m 'object=*' -m port=$b", BOTH, 1},
    {"-p $b", BOTH, 1},
    {"-p $b -m exe=engine", BOTH, 1},
    {"", TWO_PROGRAMS, 0},
    {"-m 'exe=my engine'", TWO_PROGRAMS, 1},
    {"-m 'object=my*'", TWO_PROGRAMS, 1},
};

enum { CHOICES = sizeof choices / sizeof choices[0] };

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(the_socket_that_is_meant_is_taken_and_the_other_named, CHOICES)
{
    unsigned first = engines_free_ports(PORT_COUNT);
    struct shell shell;
    char expected[64];

    shell_run(&shell, PORTS "cp $DOUBLES/engine 'my engine'; exec $IMDSHIM run -v %s -- %s",
              PORT_VALUES, choices[_i].options, choices[_i].command);
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on 127.0.0.1:"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "ignored port "), 1);
    snprintf(expected, sizeof expected, " (asked for %u)\n", first + choices[_i].taken);
    ck_assert_msg(strstr(shell.err, expected) != NULL, "%s", shell.err);
}

/* Sockets of libraries, a runtime's among them if the user says so. */
LOOP_TEST(a_library_is_named_by_object, 2)
{
    static const char *const names[] = {"libimd-2.so", "mca_btl_tcp.so"};
    struct shell shell;

    shell_run(&shell,
              "${CC:-cc} -std=c11 -D_GNU_SOURCE -I$SOURCE -shared -fPIC -o %s "
              "$SOURCE/tests/doubles/libraries/listening.c &&"
              "$IMDSHIM run -v -m 'object=%.5s*' -- $DOUBLES/engine mpi ./%s",
              names[_i], names[_i], names[_i]);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on 127.0.0.1:"), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, ": another listener was"), 4);
    ck_assert_int_eq(shell_count_lines(shell.err, " say (engine)\n"), 1);
}

LOOP_TEST(what_did_listen_is_named_when_nothing_matched, 4)
{
    static const char *const options[] = {"-m port=1", "-m exe=engine -m object=libimd*",
                                          "-p 1", "-m port=$a -m exe=lmp"};
    unsigned first = engines_free_ports(PORT_COUNT);
    struct shell shell;
    char expected[128];

    snprintf(expected, sizeof expected,
             "imdshim: nothing matched: only 127.0.0.1:%u (engine), 127.0.0.1:%u (engine) ",
             first, first + 1);
    shell_run(&shell, PORTS "$IMDSHIM run %s -- " BOTH, PORT_VALUES, options[_i]);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_int_eq(shell_count_lines(shell.err, expected), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 1);
}

TEST(exec_takes_the_same_options)
{
    unsigned first = engines_free_ports(PORT_COUNT);
    struct shell shell;

    shell_run(&shell,
              PORTS "$IMDSHIM exec --fd 3 -p $c -l 127.0.0.1:$a-$b -m exe=engine -- " STEPS
                    "tcp bind=127.0.0.1/0 listen tcp bind=0.0.0.0/$c listen 3>&1",
              PORT_VALUES);
    ck_assert_int_eq(shell_count_lines(shell.out, "\n"), 1);
    ck_assert_msg(atoi(shell.out) == (int)first || atoi(shell.out) == (int)first + 1, "%s",
                  shell.out);
    ck_assert_ptr_nonnull(strstr(shell.out, " listening "));
    ck_assert_ptr_nonnull(strstr(shell.out, " addr=127.0.0.1 "));
}

static const char *const reuse[] = {"", "reuse", "reuseport"};

/* All have bound before one listens: two that allow it could have the same port till then. */
LOOP_TEST(of_five_engines_in_a_range_of_three_ports_three_succeed, 3)
{
    unsigned first = engines_free_ports(PORT_COUNT);
    struct shell shell;
    char expected[64];

    shell_run(&shell,
              PORTS
              "for i in 1 2 3 4 5; do $IMDSHIM run -l :$a-$c -- " STEPS
              "tcp %s bind=0.0.0.0/8888 until=go listen until=stop >out$i 2>err$i & done;"
              "until [ $(cat err* | grep -c ^bind) = 5 ]; do sleep 0.05; done; >go;"
              "until [ $(cat err* | grep -c ^listen) = 5 ]; do sleep 0.05; done; >stop; wait;"
              "cat err* | sort; cat out*",
              PORT_VALUES, reuse[_i]);
    for (int i = 0; i < PORT_COUNT; i++) {
        snprintf(expected, sizeof expected, "] listens on 0.0.0.0:%u (asked for 8888)",
                 first + (unsigned)i);
        ck_assert_msg(shell_count_lines(shell.out, expected) == 1, "%s: %s", expected,
                      shell.out);
    }
    snprintf(expected, sizeof expected, "] cannot listen on :%u-%u (asked for 8888): no port ",
             first, first + 2);
    ck_assert_msg(shell_count_lines(shell.out, expected) == 2, "%s: %s", expected, shell.out);
    ck_assert_int_eq(shell_count_lines(shell.out, "bind: failed with 98"), 2);
    ck_assert_int_eq(shell_count_lines(shell.out, "listen: failed with 98"), 2);
    ck_assert_int_eq(shell_count_lines(shell.out, "imdshim: "), 5);
}

/* What NAMD prints is what it believes: the port that all asked for, never 1025. */
TEST(none_of_several_namds_with_one_port_moves)
{
    struct shell shell;

    shell_run(&shell, "for i in 1 2 3 4 5 6; do $IMDSHIM run -q -p 8888 -o port$i -- "
                      "$DOUBLES/engine namd 8888 100 2>err$i & done; wait;"
                      "cat err*; for i in 1 2 3 4 5 6; do "
                      "[ $(sed -n 's/^port //p' err$i) = $(sed 's/.*://' port$i) ] && echo own;"
                      "done; cat port* | sort -u | wc -l");
    ck_assert_int_eq(shell_count_lines(shell.out, "BIND     8888\n"), 6);
    ck_assert_int_eq(shell_count_lines(shell.out, "port 1025"), 0);
    ck_assert_msg(strstr(shell.out, "own\nown\nown\nown\nown\nown\n6\n") != NULL, "%s",
                  shell.out);
}

static const struct {
    const char *options, *socket, *line;
} refusals[] = {
    {"-l [::1]:0", "tcp bind=0.0.0.0/7", "on [::1]:0 (asked for 7): the engine uses an IPv4"},
    {"-l 127.0.0.1", "v6only bind=::/7", "on 127.0.0.1 (asked for 7): the engine uses an IPv6"},
    {"-l 203.0.113.7", "tcp bind=0.0.0.0/7", "on 203.0.113.7 (asked for 7): no interface"},
    {"-p 7 -l 203.0.113.7", "tcp bind=0.0.0.0/7", "on 203.0.113.7 (asked for 7): no interface"},
};

LOOP_TEST(a_place_that_cannot_be_had_is_one_line_that_says_so, 4)
{
    struct shell shell;

    shell_run(&shell, "$IMDSHIM run %s -- " STEPS "%s bind=0.0.0.0/1025 listen",
              refusals[_i].options, refusals[_i].socket);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "bind: failed"), 2);
    ck_assert_msg(shell_count_lines(shell.err, refusals[_i].line) == 1, "%s", shell.err);
    shell_run(&shell,
              "$IMDSHIM run -q %s -- " STEPS "%s 2>&1 | grep imdshim:", refusals[_i].options,
              refusals[_i].socket);
    ck_assert_str_eq(shell.out, "");
}

/* 0, or errno. */
static int connect_to(in_addr_t host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

    address.sin_addr.s_addr = host;
    error = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    close(fd);
    return error;
}

/* One that leads out of this host, if it has one. */
static in_addr_t other_address(void)
{
    in_addr_t found = htonl(INADDR_LOOPBACK + 1);
    struct ifaddrs *list;

    ck_assert_int_eq(getifaddrs(&list), 0);
    for (struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
        if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET &&
            (i->ifa_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP)
            found = ((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr.s_addr;
    freeifaddrs(list);
    return found;
}

static const struct {
    const char *options;
    int error;
} reaches[] = {{"", 0}, {"-l :0", 0}, {"-l 127.0.0.1", ECONNREFUSED}};

LOOP_TEST(an_address_that_is_not_listened_on_refuses, 3)
{
    struct shell shell;
    int port;

    shell_start(&shell,
                "exec $IMDSHIM run -q %s -- " STEPS
                "tcp bind=0.0.0.0/0 listen port until=stop 2>&1",
                reaches[_i].options);
    ck_assert(shell_wait_for_out(&shell, "port "));
    port = atoi(strstr(shell.out, "port ") + strlen("port "));
    ck_assert_int_eq(connect_to(htonl(INADDR_LOOPBACK), port), 0);
    ck_assert_int_eq(connect_to(htonl(INADDR_LOOPBACK + 1), port), reaches[_i].error);
    ck_assert_int_eq(connect_to(other_address(), port), reaches[_i].error);
    make_file("stop");
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 0);
}
