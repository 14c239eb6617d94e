/*
 * The relay as its owner's wait loop sees it. What it does with streams is tests/system/test_relay*.
 */
#include "launcher/relay/client_side.h"
#include "launcher/relay/relay.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/suite.h"

static struct relay relay;

static void enter(void)
{
    const struct relay_plan plan = {.version = 3, .timeout = 10};

    relay_open(&relay, &plan);
}

static void leave(void)
{
    relay_close(&relay);
}

/* A client that the relay has let in. */
static int come(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned before = relay.clients;

    ck_assert_int_eq(connect(fd, &relay.where.any, sizeof relay.where.ipv4), 0);
    for (int i = 0; i < 10000 && relay.clients == before; i++) {
        relay_turn(&relay);
        usleep(1000);
    }
    ck_assert_uint_eq(relay.clients, before + 1);
    return fd;
}

TEST_OPTIONS(.setup = enter, .teardown = leave, .timeout = 60);

/* Another process may have it open for a moment: lsof(8), or whoever else reads /proc/PID/fd. */
TEST(a_client_that_has_left_wakes_nobody_though_somebody_still_holds_its_connection)
{
    struct pollfd event = {.fd = relay.fd, .events = POLLIN};
    int fd = come(), held = dup(relay.first_arrived->fd);

    clients_drop_all(&relay);
    close(fd);
    ck_assert_int_eq(poll(&event, 1, 0), 0);
    close(held);
    close(come());
}
