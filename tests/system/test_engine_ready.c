/* "ready": told once, before the wait, by whatever call the engine waits. */
#include "tests/system/test_engine.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const methods[] = {
    "select", "pselect",  "select-high", "poll",    "poll-many", "ppoll",
    "accept", "poll-chk", "ppoll-chk",   "accept4", "epoll",
};

enum { METHODS = sizeof methods / sizeof methods[0] };

/* A client that says nothing and is gone. */
static void be_client(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

/* Nobody connects before "ready" is heard: told late it would never be. */
static void wait_and_connect(const char *method)
{
    struct shell shell;
    struct event listening, ready;

    shell_start(&shell, EXEC "$DOUBLES/waiter %s blocked" EVENTS_TO_OUT, method);
    ck_assert_msg(shell_wait_for_out(&shell, " ready "), "%s: %s", method, shell.out);
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
    wait_and_connect(methods[_i]);
}

static const char *const duplicates[] = {"accept-duplicate", "poll-duplicate",
                                         "select-duplicate"};

LOOP_TEST(ready_is_told_of_a_wait_on_a_duplicate, 3)
{
    struct shell shell;

    shell_run(&shell, EXEC "$DOUBLES/waiter %s plain" EVENTS_TO_OUT, duplicates[_i]);
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
}

static const char *const places[] = {"plain", "twice", "thread", "child"};

LOOP_TEST(ready_is_told_once_wherever_the_wait_is, METHODS)
{
    for (int i = 0; i < 4; i++) {
        struct shell shell;

        shell_run(&shell, EXEC_VERBOSE "$DOUBLES/waiter %s %s" EVENTS_TO_OUT, methods[_i],
                  places[i]);
        engine_told_its_port(&shell);
        ck_assert_msg(engine_count(&shell, EVENT_READY) == 1, "%s: %s", places[i], shell.out);
    }
}

LOOP_TEST(ready_is_not_told_of_a_wait_on_another_socket, METHODS)
{
    struct shell shell;

    shell_run(&shell, EXEC "$DOUBLES/waiter %s other" EVENTS_TO_OUT, methods[_i]);
    engine_ended_well(&shell);
    ck_assert_int_eq(engine_count(&shell, EVENT_LISTENING), 1);
    ck_assert_int_eq(engine_count(&shell, EVENT_READY), 0);
}

static const char *const no_waits[] = {"epoll-leave", "poll-for-room"};

LOOP_TEST(ready_is_not_told_of_what_waits_for_no_client, 2)
{
    struct shell shell;

    shell_run(&shell, EXEC "$DOUBLES/waiter %s plain" EVENTS_TO_OUT, no_waits[_i]);
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
                  EXEC "$DOUBLES/forbid process_vm_readv %d $DOUBLES/waiter %s" EVENTS_TO_OUT,
                  error, methods[_i]);
        engine_told_its_port(&shell);
        ck_assert_int_eq(engine_count(&shell, EVENT_READY), 1);
    }
}

/* The engine checks that its errno is what it was. */
LOOP_TEST(a_wait_that_nobody_can_be_told_of_leaves_errno_alone, METHODS)
{
    struct shell shell;

    shell_run(&shell, "mkfifo fifo; exec $IMDSHIM exec --fifo fifo -- $DOUBLES/waiter %s",
              methods[_i]);
    engine_ended_well(&shell);
}

TEST(a_poll_set_that_overflows_still_ends_a_fortified_engine)
{
    struct shell shell;
    int without;

    shell_run(&shell, "ulimit -c 0; exec $DOUBLES/waiter poll-overflow");
    without = shell_status(&shell);
    ck_assert_int_ne(without, 0);
    shell_run(&shell, "ulimit -c 0; exec " EXEC "$DOUBLES/waiter poll-overflow" EVENTS_TO_OUT);
    ck_assert_int_eq(shell_status(&shell), without);
}
