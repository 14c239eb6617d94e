/* "ready": told once, before the wait, by whatever call the engine waits. */
#include "tests/system/support/engine_events.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENGINE "$DOUBLES/engine "
#define LISTENS "listen=127.0.0.1 port "
#define TWO_CLIENTS "call call "

static const struct {
    const char *listens, *waits;
} methods[] = {
    {LISTENS, "wait=select"},
    {LISTENS, "wait=pselect"},
    {"tcp high bind=127.0.0.1/0 listen port ", "wait=select-high"},
    {LISTENS, "wait=poll"},
    {LISTENS, "wait=poll-many"},
    {LISTENS, "wait=ppoll"},
    {LISTENS, "wait=ppoll-time"},
    {LISTENS, "wait=accept"},
    {LISTENS, "wait=poll-chk"},
    {LISTENS, "wait=ppoll-chk"},
    {LISTENS, "wait=accept4"},
    {LISTENS, "wait=epoll"},
};

enum { METHODS = COUNT(methods) };

/* A client that says nothing and is gone. */
static void be_client(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_msg(connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "port %u: %s",
                  port, strerror(errno));
    close(fd);
}

/* Nobody connects before "ready" is heard: told late it would never be. */
static void wait_and_connect(const char *listens, const char *waits)
{
    struct shell shell;
    struct event listening, ready;

    shell_start(&shell, EXEC ENGINE "%s%s" EVENTS_TO_OUT, listens, waits);
    ck_assert_msg(shell_wait_for_out(&shell, " ready "), "%s: %s", waits, shell.out);
    listening = engine_told(&shell, KIND_LISTENING);
    ready = engine_told(&shell, KIND_READY);
    ck_assert(strstr(shell.out, " listening ") < strstr(shell.out, " ready "));
    ck_assert_uint_eq(ready.port, listening.port);
    ck_assert_int_eq(ready.pid, listening.pid);
    be_client(ready.port);
    shell_finish(&shell);
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
}

TEST_OPTIONS(IN_SANDBOX);

LOOP_TEST(ready_is_told_before_the_wait, METHODS)
{
    wait_and_connect(methods[_i].listens, methods[_i].waits);
}

static const char *const duplicates[] = {"accept", "poll", "select"};

LOOP_TEST(ready_is_told_of_a_wait_on_a_duplicate, 3)
{
    struct shell shell;

    shell_run(&shell, EXEC ENGINE LISTENS TWO_CLIENTS "wait-duplicate=%s" EVENTS_TO_OUT,
              duplicates[_i]);
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
}

/* The wait is done twice in the second. */
static const char *const places[] = {"", "", "thread ", "fork "};

LOOP_TEST(ready_is_told_once_wherever_the_wait_is, METHODS)
{
    for (int i = 0; i < 4; i++) {
        struct shell shell;

        shell_run(&shell, EXEC_VERBOSE ENGINE "%s" TWO_CLIENTS "%s%s %s" EVENTS_TO_OUT,
                  methods[_i].listens, places[i], methods[_i].waits,
                  i == 1 ? methods[_i].waits : "");
        engine_told_its_port(&shell);
        ck_assert_msg(engine_count(&shell, EVENT_READY) == 1, "%s: %s", places[i], shell.out);
    }
}

LOOP_TEST(ready_is_not_told_of_a_wait_on_another_socket, METHODS)
{
    struct shell shell;

    shell_run(&shell, EXEC ENGINE "listen=127.0.0.1 %s" TWO_CLIENTS "%s" EVENTS_TO_OUT,
              methods[_i].listens, methods[_i].waits);
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
    ck_assert_int_eq(engine_count(&shell, EVENT_READY), 0);
}

static const char *const no_waits[] = {"epoll-leave", "poll-for-room"};

LOOP_TEST(ready_is_not_told_of_what_waits_for_no_client, 2)
{
    struct shell shell;

    shell_run(&shell, EXEC ENGINE LISTENS TWO_CLIENTS "wait=%s" EVENTS_TO_OUT, no_waits[_i]);
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
    ck_assert_int_eq(engine_count(&shell, EVENT_READY), 0);
}

LOOP_TEST(ready_is_told_where_a_sandbox_forbids_reading_memory, METHODS)
{
    struct shell shell;

    /* 1 is EPERM, 38 is ENOSYS. */
    for (int error = 1; error < 39; error += 37) {
        shell_run(&shell,
                  EXEC "$DOUBLES/forbid process_vm_readv %d " ENGINE "%s" TWO_CLIENTS
                       "%s" EVENTS_TO_OUT,
                  error, methods[_i].listens, methods[_i].waits);
        engine_told_its_port(&shell);
        ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
    }
}

/* The engine checks that its errno is what it was. */
LOOP_TEST(a_wait_that_nobody_can_be_told_of_leaves_errno_alone, METHODS)
{
    struct shell shell;

    shell_run(&shell,
              "mkfifo fifo; exec $IMDSHIM exec --fifo fifo -- " ENGINE "%s" TWO_CLIENTS "%s",
              methods[_i].listens, methods[_i].waits);
    engine_ended_well(&shell);
}

#define OVERFLOWS ENGINE LISTENS TWO_CLIENTS "wait=poll-overflow"

TEST(a_poll_set_that_overflows_still_ends_a_fortified_engine)
{
    struct shell shell;
    int without;

    shell_run(&shell, "ulimit -c 0; exec " OVERFLOWS);
    without = shell_status(&shell);
    ck_assert_int_ne(without, 0);
    shell_run(&shell, "ulimit -c 0; exec " EXEC OVERFLOWS EVENTS_TO_OUT);
    ck_assert_int_eq(shell_status(&shell), without);
}
