/* An engine that has accepted its client, as it is seen from outside: here it is this process. */
#include "launcher/notify/accept_look.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/wire/address.h"
#include "shim/wire/local_address.h"
#include "tests/support/suite.h"

static const char *const hosts[] = {"127.0.0.1", "::1"};

static union address where;
static int listener;
static struct accept_look look;

static void listen_at(const char *host)
{
    struct stat status;

    ck_assert(address_parse(&where, host));
    listener = socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, &where.any, address_length(&where)), 0);
    ck_assert(address_of_socket(&where, listener));
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(fstat(listener, &status), 0);
    accept_look_begin(&look, getpid(), status.st_ino, address_port(&where));
}

static int client_of_it(void)
{
    int fd = socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(fd, &where.any, address_length(&where)), 0);
    return fd;
}

LOOP_TEST(a_client_is_seen_when_it_has_been_accepted_and_not_before, COUNT(hosts))
{
    int client, accepted;

    listen_at(hosts[_i]);
    ck_assert_int_eq(accept_look_now(&look), 0);
    client = client_of_it();
    ck_assert_int_eq(accept_look_now(&look), 0);
    ck_assert_int_gt(look.next, 0);
    accepted = accept(listener, NULL, NULL);
    ck_assert_int_eq(accept_look_now(&look), getpid());
    ck_assert_int_eq(look.next, 0);
    close(accepted);
    close(client);
    close(listener);
}

TEST(a_connection_to_another_port_is_not_its_clients)
{
    int first, client, accepted;

    listen_at("127.0.0.1");
    first = listener;
    client = client_of_it();
    accepted = accept(listener, NULL, NULL);
    listen_at("127.0.0.1");
    ck_assert_int_eq(accept_look_now(&look), 0);
    close(accepted);
    close(client);
    close(listener);
    close(first);
}

TEST(a_listener_that_is_closed_is_not_looked_at_again)
{
    listen_at("127.0.0.1");
    close(listener);
    ck_assert_int_eq(accept_look_now(&look), 0);
    ck_assert_int_eq(look.next, 0);
}
