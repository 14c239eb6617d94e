/* Whose process is at the other end of a connection. */
#include "shim/wire/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/wire/address.h"
#include "tests/support/network.h"
#include "tests/support/suite.h"

enum { OTHER = 65534 };

static const struct {
    int domain, client_domain;
    const char *listens, *calls;
} ways[] = {
    {AF_INET, AF_INET, "127.0.0.1", "127.0.0.1"},
    {AF_INET, AF_INET, "0.0.0.0", "127.1.2.3"},
    {AF_INET, AF_INET6, "0.0.0.0", "::ffff:127.0.0.1"},
    {AF_INET6, AF_INET, "::", "127.0.0.1"},
    {AF_INET6, AF_INET6, "::", "::ffff:127.0.0.1"},
    {AF_INET6, AF_INET6, "::", "::1"},
    {AF_INET6, AF_INET6, "::1", "::1"},
};

enum { WAYS = sizeof ways / sizeof *ways };

static union address read_address(const char *text, unsigned port)
{
    union address address;

    ck_assert(address_parse(&address, text));
    address_set_port(&address, port);
    return address;
}

static int listen_by(int way, unsigned *port)
{
    union address address = read_address(ways[way].listens, 0);
    socklen_t length = address_length(&address);
    int fd = socket(ways[way].domain, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, &address.any, length), 0);
    ck_assert_int_eq(listen(fd, 5), 0);
    ck_assert_int_eq(getsockname(fd, &address.any, &length), 0);
    *port = address_port(&address);
    return fd;
}

static int call_by(int way, unsigned port)
{
    union address address = read_address(ways[way].calls, port);
    int fd = socket(ways[way].client_domain, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return connect(fd, &address.any, address_length(&address)) == 0 ? fd : -1;
}

static enum peer ask(int connection, uid_t *uid)
{
    int error = 0;
    enum peer peer = peer_lookup(connection, uid, &error);

    ck_assert_msg(peer != PEER_UNKNOWN, "%s", strerror(error));
    return peer;
}

static bool is_root(void)
{
    return geteuid() == 0 ||
           suite_skip("another user's connections", "only root can be another user");
}

LOOP_TEST(a_connection_of_this_user_is_ours, WAYS)
{
    unsigned port;
    int listener = listen_by(_i, &port), client = call_by(_i, port);
    int connection = accept(listener, NULL, NULL);
    uid_t uid = OTHER;

    ck_assert_int_eq(ask(connection, &uid), PEER_SAME_USER);
    ck_assert_uint_eq(uid, geteuid());
    ck_assert_int_eq(ask(client, &uid),
                     PEER_SAME_USER); /* and so is the engine, seen from there */
    close(connection);
    close(client);
    close(listener);
}

/* It is told whose a socket is by who made it, whoever has it now. */
LOOP_TEST(a_connection_of_another_user_is_that_users, WAYS, .needs = is_root)
{
    unsigned port;
    int listener = listen_by(_i, &port), connection, status;
    uid_t uid = 0;
    pid_t pid = fork();

    if (pid == 0) {
        if (setgid(OTHER) != 0 || setuid(OTHER) != 0 || call_by(_i, port) < 0)
            _exit(1);
        pause();
    }
    connection = accept(listener, NULL, NULL);
    ck_assert_int_eq(ask(connection, &uid), PEER_OTHER_USER);
    ck_assert_uint_eq(uid, OTHER);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    ck_assert_int_eq(ask(connection, &uid), PEER_CLOSED);
    close(connection);
    close(listener);
}

LOOP_TEST(a_client_that_has_closed_is_gone, WAYS)
{
    for (int reset = 0; reset < 2; reset++) {
        const struct linger at_once = {.l_onoff = reset};
        unsigned port;
        int listener = listen_by(_i, &port), client = call_by(_i, port), connection;
        uid_t uid;

        setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(client);
        connection = accept(listener, NULL, NULL);
        ck_assert_int_ge(connection, 0);
        ck_assert_int_eq(ask(connection, &uid), PEER_CLOSED);
        close(connection);
        close(listener);
    }
}

LOOP_TEST(a_client_that_has_only_said_all_that_it_has_to_say_is_still_ours, WAYS)
{
    unsigned port;
    int listener = listen_by(_i, &port), client = call_by(_i, port);
    int connection = accept(listener, NULL, NULL);
    uid_t uid;

    shutdown(client, SHUT_WR);
    ck_assert_int_eq(ask(connection, &uid), PEER_SAME_USER);
    close(connection);
    close(client);
    close(listener);
}

/* The kernel looks for listeners too where it finds no connection. */
TEST(a_listener_on_the_clients_port_is_not_taken_for_the_client)
{
    unsigned port, second_port;
    int listener = listen_by(0, &port), second = listen_by(0, &second_port), reuse = 1;
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), connection;
    const union address address = read_address("127.0.0.1", port);
    const union address second_address = read_address("127.0.0.1", second_port);
    socklen_t length = address_length(&address);
    uid_t uid;

    close(second);
    setsockopt(client, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    ck_assert_int_eq(bind(client, &second_address.any, length), 0);
    ck_assert_int_eq(connect(client, &address.any, length), 0);
    connection = accept(listener, NULL, NULL);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
               sizeof(struct linger));
    close(client);
    second = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    ck_assert_int_eq(bind(second, &second_address.any, length), 0);
    ck_assert_int_eq(listen(second, 1), 0);
    ck_assert_int_eq(ask(connection, &uid), PEER_CLOSED);
    close(connection);
    close(second);
    close(listener);
}

/*
 * A connection that is over leaves its port to others, and waits in the backlog with all that
 * its client has said.
 */
TEST(who_has_the_port_of_a_connection_that_is_over_is_not_taken_for_the_client)
{
    const struct linger reset = {.l_onoff = 1};
    unsigned port;
    int listener = listen_by(0, &port), clients[2], connection, reuse = 1;
    union address here = read_address("127.0.0.1", 0), there = read_address("127.0.0.1", port);
    socklen_t length = address_length(&here);
    uid_t uid;

    for (int i = 0; i < 2; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(clients[i], SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
        ck_assert_int_eq(bind(clients[i], &here.any, length), 0);
        ck_assert_int_eq(connect(clients[i], &there.any, length), 0);
        ck_assert_int_eq(getsockname(clients[i], &here.any, &length), 0);
        if (i == 1)
            break;
        ck_assert_int_eq(send(clients[i], "kill", 4, 0), 4);
        setsockopt(clients[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(clients[i]);
    }
    connection = accept(listener, NULL, NULL);
    ck_assert_int_eq(ask(connection, &uid), PEER_CLOSED);
    close(connection);
    connection = accept(listener, NULL, NULL);
    ck_assert_int_eq(ask(connection, &uid), PEER_SAME_USER);
    close(connection);
    close(clients[1]);
    close(listener);
}

static bool has_user_namespaces(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(unshare(CLONE_NEWUSER) != 0);
    if (waitpid(pid, &status, 0) == pid && status == 0)
        return true;
    return suite_skip("users without a number", "no user namespace can be made");
}

/* There all who have no number in it have the same one. */
TEST(who_has_no_number_in_a_user_namespace_is_unknown, .needs = has_user_namespaces)
{
    unsigned port;
    int listener = listen_by(0, &port), client = call_by(0, port), error = 0;
    int connection = accept(listener, NULL, NULL);
    uid_t uid;

    ck_assert_int_eq(unshare(CLONE_NEWUSER), 0);
    ck_assert_uint_eq(geteuid(), OTHER);
    ck_assert_int_eq(peer_lookup(connection, &uid, &error), PEER_UNKNOWN);
    ck_assert_int_eq(error, EOVERFLOW);
    close(connection);
    close(client);
    close(listener);
}

/* Of its socket this host's kernel knows nothing, and its address is not this host's. */
TEST(a_connection_from_another_host_is_remote, .needs = network_can_have_addresses)
{
    union address here = {.any = {.sa_family = AF_INET}};
    socklen_t length = sizeof here;
    int listener = -1, connection, status, error;
    pid_t pid;
    uid_t uid;

    network_enter();
    network_add_address("10.77.0.1/24");
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, &here.any, &length), 0);
    pid = network_fork_beyond("10.77.0.2/24");
    if (pid == 0) {
        here = read_address("10.77.0.1", address_port(&here));
        if (connect(socket(AF_INET, SOCK_STREAM, 0), &here.any, sizeof here.ipv4) != 0)
            _exit(1);
        pause();
    }
    connection = accept(listener, NULL, NULL);
    ck_assert_int_eq(peer_lookup(connection, &uid, &error), PEER_REMOTE);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    ck_assert_int_eq(peer_lookup(connection, &uid, &error), PEER_REMOTE);
    close(connection);
    close(listener);
}

TEST(what_is_no_connection_is_unknown)
{
    int pipes[2], error = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uid_t uid;

    ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
    ck_assert_int_eq(peer_lookup(pipes[0], &uid, &error), PEER_UNKNOWN);
    ck_assert_int_eq(error, ENOTSOCK);
    ck_assert_int_eq(peer_lookup(-1, &uid, &error), PEER_UNKNOWN);
    ck_assert_int_eq(error, EBADF);
    ck_assert_int_eq(peer_lookup(fd, &uid, &error), PEER_UNKNOWN);
    ck_assert_int_eq(error, ENOTCONN);
    ck_assert_int_eq(peer_lookup(local, &uid, &error), PEER_UNKNOWN);
    ck_assert_int_eq(error, EAFNOSUPPORT);
    close(pipes[0]);
    close(pipes[1]);
    close(fd);
    close(local);
}

TEST(asking_leaves_no_descriptor)
{
    unsigned port;
    int listener = listen_by(0, &port), client = call_by(0, port);
    int connection = accept(listener, NULL, NULL), next = dup(0);
    uid_t uid;

    close(next);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ask(connection, &uid), PEER_SAME_USER);
    ck_assert_int_eq(dup(0), next);
    close(next);
    close(connection);
    close(client);
    close(listener);
}

/* Whatever connections there are at the same port. */
LOOP_TEST(a_listener_is_seen_as_long_as_it_is_there, WAYS)
{
    unsigned port;
    int listener = listen_by(_i, &port), call = call_by(_i, port);
    union address address = read_address(ways[_i].calls, port);
    int end = accept(listener, NULL, NULL);

    ck_assert(peer_listens(&address));
    close(listener);
    errno = 0;
    ck_assert(!peer_listens(&address));
    ck_assert_int_eq(errno, ENOENT);
    close(end);
    close(call);
    ck_assert(!peer_listens(&address));
}
