/*
 * LAMMPS under imdshim, against LAMMPS alone.
 *
 * LAMMPS takes no port 0, and Debian's, linked with Open MPI, opens five listening sockets
 * before its IMD socket: three in an orted that it starts, two in its own process.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/engines.h"
#include "tests/support/sandbox.h"
#include "tests/support/shell.h"
#include "tests/support/suite.h"

#define LMP "lmp -in $SOURCE/scripts/argon-lammps.in -log none -var port %u "
#define NOT_WAITING LMP "-var nowait on "
#define WATCH "$IMDSHIM watch $IMD_URL"
#define FRAMES "50 frames of 256 atoms"

static struct shell shell;
static unsigned port;

static void enter(void)
{
    sandbox_enter();
    engines_allow_root();
    port = engines_free_port();
}

static void assert_told(void)
{
    char text[64];

    snprintf(text, sizeof text, "] listens on 0.0.0.0:%u (asked for %u)\n", port, port);
    ck_assert_msg(strstr(shell.err, text) != NULL, "%s", shell.err);
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on "), 1);
}

TEST_OPTIONS(.setup = enter, .teardown = sandbox_leave, .timeout = 120,
             .needs = engines_have_lammps);

/* Two of the five are IPv6's. */
TEST(the_imd_socket_is_told_from_those_of_open_mpi)
{
    int families = access("/proc/net/if_inet6", F_OK) == 0 ? 2 : 1;

    shell_run(&shell, "$IMDSHIM run -v --client '" WATCH "' -- " LMP " >out", port);
    ck_assert_msg(shell_status(&shell) == 0, "%s", shell.err);
    assert_told();
    ck_assert_int_eq(shell_count_lines(shell.err, "(libpmix.so."), 1);
    ck_assert_int_eq(shell_count_lines(shell.err, "(mca_oob_tcp.so)"), families);
    ck_assert_int_eq(shell_count_lines(shell.err, "(mca_btl_tcp.so)"), families);
    ck_assert_int_eq(shell_count_lines(shell.err, ": its listener is an MPI or"),
                     1 + 2 * families);
    ck_assert_int_eq(shell_count_lines(shell.err, "the first listener of no MPI or cluster "
                                                  "runtime (liblammps.so."),
                     1);
}

/* To a file, for LAMMPS and the client may print in any order. */
TEST(all_frames_arrive_at_the_client)
{
    shell_run(&shell, "$IMDSHIM run -q --client '" WATCH " >frames' -- " LMP, port);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_ptr_eq(strstr(engines_read("frames"), FRAMES), engines_read("frames"));
    ck_assert_str_eq(shell.err, "");
}

/* Into a pipe it prints nothing while it waits, for stdio keeps it. */
TEST(the_port_of_a_lammps_that_says_nothing_is_learned)
{
    static struct shell client;

    shell_start(&shell, "exec $IMDSHIM run -v -- " LMP, port);
    ck_assert_msg(shell_wait_for_err(&shell, "waits for a client on port"), "%s", shell.err);
    ck_assert_str_eq(shell.out, "");
    shell_run(&client, "$IMDSHIM watch %u", engines_port_told(&shell));
    ck_assert_ptr_eq(strstr(client.out, FRAMES), client.out);
    shell_finish(&shell);
    ck_assert_int_eq(shell_status(&shell), 0);
    ck_assert_ptr_nonnull(strstr(shell.out, "Waiting for IMD connection on port"));
}

TEST(exec_tells_the_port_on_a_fifo)
{
    char line[64];

    shell_run(&shell,
              "mkfifo events && exec 3<>events && $IMDSHIM exec --fifo events -- " NOT_WAITING
              " >out; status=$?; read -r event <&3; echo $event; read -r event <&3;"
              "echo $event; exit $status",
              port);
    ck_assert_int_eq(shell_status(&shell), 0);
    snprintf(line, sizeof line, "%u listening host=", port);
    ck_assert_ptr_eq(strstr(shell.out, line), shell.out);
    ck_assert_ptr_nonnull(strstr(shell.out, " exe=lmp object=liblammps.so."));
    snprintf(line, sizeof line, "\n%u ready pid=", port);
    ck_assert_ptr_nonnull(strstr(shell.out, line));
}

/* All but the times that it took. */
#define COMPARABLE                                                                             \
    "comparable() { sed -i -e '/create_atoms CPU/d' -e '/^Loop time/,/^Nlocal/d'"              \
    " -e '/^Total wall/d' $1; };"

LOOP_TEST(nothing_that_lammps_writes_is_changed, 2)
{
    static const char *const prefixes[] = {"run -q --", "exec -q --fd 9 --"};

    shell_run(&shell,
              COMPARABLE "mkdir run; cd run;" NOT_WAITING
                         " >plain 2>err; $IMDSHIM %s " NOT_WAITING
                         " 9>events >under; status=$?; comparable plain; comparable under;"
                         "diff plain under; cat err; grep -c '^ *[1-5]00 ' plain; ls;"
                         "exit $status",
              port, prefixes[_i], port);
    ck_assert_str_eq(shell.err, "");
    ck_assert_str_eq(shell.out, "5\nerr\nevents\nplain\nunder\n");
    ck_assert_int_eq(shell_status(&shell), 0);
}

static void take_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
}

TEST(a_taken_port_fails_as_without_imdshim)
{
    take_port();
    shell_run(&shell,
              COMPARABLE LMP
              " >plain 2>err; echo $?; $IMDSHIM run -q -- " LMP " >under; echo $?;"
              "cat err >&2; comparable plain; comparable under; diff plain under;"
              "grep -c 'error in IMD' under",
              port, port);
    ck_assert_str_eq(shell.out, "1\n1\n1\n");
    ck_assert_int_eq(shell_count_lines(shell.err, "Address already in use"), 2);
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: "), 0);
}

TEST(a_taken_port_is_125_for_who_asked_for_a_client)
{
    take_port();
    shell_run(&shell, "$IMDSHIM run --client 'echo started >client' -- " LMP, port);
    ck_assert_int_eq(shell_status(&shell), 125);
    ck_assert_ptr_nonnull(strstr(shell.out, "error in IMD"));
    ck_assert_ptr_nonnull(strstr(shell.err, "Address already in use"));
    ck_assert_int_eq(shell_count_lines(shell.err, "imdshim: cannot listen: lmp["), 1);
    ck_assert_int_ne(access("client", F_OK), 0);
}

TEST(a_client_that_fails_ends_lammps)
{
    shell_run(&shell, "$IMDSHIM run --client 'exit 7' -- " LMP, port);
    ck_assert_int_eq(shell_status(&shell), 7);
    assert_told();
    ck_assert_ptr_nonnull(strstr(shell.err, "the client failed with status 7"));
}

/* The second run is of another fix imd; nobody listens in between. */
#define TWICE                                                                                  \
    "{ cat $SOURCE/scripts/argon-lammps.in; echo 'unfix imd'; echo 'run 200';"                 \
    "  echo 'print \"\" file closed'; echo 'run 2000';"                                        \
    "  echo 'fix imd all imd ${port} trate 10'; echo 'run 500'; } >twice.in; "
#define WHEN_CLOSED "until [ -e closed ]; do sleep 0.05; done; "

static const char *const ways[] = {"", "--relay --imd-version 2"};

LOOP_TEST(a_client_gets_frames_of_both_runs_that_have_a_fix_imd, COUNT(ways))
{
    shell_run(&shell,
              TWICE
              "$IMDSHIM run %s -p 8888 --client '$IMDSHIM watch $IMD_URL >first && " WHEN_CLOSED
              "$IMDSHIM watch $IMD_URL >second' -- "
              "lmp -in twice.in -log none >out; status=$?; cat first second; exit $status",
              ways[_i]);
    ck_assert_msg(shell_status(&shell) == 0, "%s%s", shell.out, shell.err);
    ck_assert_int_eq(shell_count_lines(shell.out, FRAMES), 2);
    ck_assert_int_eq(shell_count_lines(shell.err, "] listens on 0.0.0.0:"), 2);
}
