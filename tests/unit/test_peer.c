/* Whose process is at the other end of a connection. */
#include "shim/wire/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/suite.h"

enum { OTHER = 65534 };

union address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

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

static socklen_t read_address(union address *address, int domain, const char *text)
{
    memset(address, 0, sizeof *address);
    address->any.sa_family = (sa_family_t)domain;
    if (domain == AF_INET) {
        ck_assert_int_eq(inet_pton(domain, text, &address->ipv4.sin_addr), 1);
        return sizeof address->ipv4;
    }
    ck_assert_int_eq(inet_pton(domain, text, &address->ipv6.sin6_addr), 1);
    return sizeof address->ipv6;
}

static int listen_by(int way, in_port_t *port)
{
    union address address;
    socklen_t length = read_address(&address, ways[way].domain, ways[way].listens);
    int fd = socket(ways[way].domain, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, &address.any, length), 0);
    ck_assert_int_eq(listen(fd, 5), 0);
    ck_assert_int_eq(getsockname(fd, &address.any, &length), 0);
    *port = ways[way].domain == AF_INET ? address.ipv4.sin_port : address.ipv6.sin6_port;
    return fd;
}

static int call_by(int way, in_port_t port)
{
    union address address;
    socklen_t length = read_address(&address, ways[way].client_domain, ways[way].calls);
    int fd = socket(ways[way].client_domain, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (ways[way].client_domain == AF_INET)
        address.ipv4.sin_port = port;
    else
        address.ipv6.sin6_port = port;
    return connect(fd, &address.any, length) == 0 ? fd : -1;
}

static enum peer ask(int connection, uid_t *uid)
{
    int error = 0;
    enum peer peer = peer_of(connection, uid, &error);

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
    in_port_t port;
    int listener = listen_by(_i, &port), client = call_by(_i, port);
    int connection = accept(listener, NULL, NULL);
    uid_t uid = OTHER;

    ck_assert_int_eq(ask(connection, &uid), PEER_OURS);
    ck_assert_uint_eq(uid, geteuid());
    ck_assert_int_eq(ask(client, &uid), PEER_OURS); /* and so is the engine, seen from there */
    close(connection);
    close(client);
    close(listener);
}

/* It is told whose a socket is by who made it, whoever has it now. */
LOOP_TEST(a_connection_of_another_user_is_that_users, WAYS, .needs = is_root)
{
    in_port_t port;
    int listener = listen_by(_i, &port), connection, status;
    uid_t uid = 0;
    pid_t pid = fork();

    if (pid == 0) {
        if (setgid(OTHER) != 0 || setuid(OTHER) != 0 || call_by(_i, port) < 0)
            _exit(1);
        pause();
    }
    connection = accept(listener, NULL, NULL);
    ck_assert_int_eq(ask(connection, &uid), PEER_OTHER);
    ck_assert_uint_eq(uid, OTHER);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    ck_assert_int_eq(ask(connection, &uid), PEER_GONE);
    close(connection);
    close(listener);
}

LOOP_TEST(a_client_that_has_closed_is_gone, WAYS)
{
    for (int reset = 0; reset < 2; reset++) {
        const struct linger at_once = {.l_onoff = reset};
        in_port_t port;
        int listener = listen_by(_i, &port), client = call_by(_i, port), connection;
        uid_t uid;

        setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(client);
        connection = accept(listener, NULL, NULL);
        ck_assert_int_ge(connection, 0);
        ck_assert_int_eq(ask(connection, &uid), PEER_GONE);
        close(connection);
        close(listener);
    }
}

LOOP_TEST(a_client_that_has_only_said_all_that_it_has_to_say_is_still_ours, WAYS)
{
    in_port_t port;
    int listener = listen_by(_i, &port), client = call_by(_i, port);
    int connection = accept(listener, NULL, NULL);
    uid_t uid;

    shutdown(client, SHUT_WR);
    ck_assert_int_eq(ask(connection, &uid), PEER_OURS);
    close(connection);
    close(client);
    close(listener);
}

/* The kernel looks for listeners too where it finds no connection. */
TEST(a_listener_on_the_clients_port_is_not_taken_for_the_client)
{
    in_port_t port, second_port;
    int listener = listen_by(0, &port), second = listen_by(0, &second_port), reuse = 1;
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), connection;
    union address address;
    socklen_t length = read_address(&address, AF_INET, "127.0.0.1");
    uid_t uid;

    close(second);
    setsockopt(client, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    address.ipv4.sin_port = second_port;
    ck_assert_int_eq(bind(client, &address.any, length), 0);
    address.ipv4.sin_port = port;
    ck_assert_int_eq(connect(client, &address.any, length), 0);
    connection = accept(listener, NULL, NULL);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
               sizeof(struct linger));
    close(client);
    second = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    address.ipv4.sin_port = second_port;
    ck_assert_int_eq(bind(second, &address.any, length), 0);
    ck_assert_int_eq(listen(second, 1), 0);
    ck_assert_int_eq(ask(connection, &uid), PEER_GONE);
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
    union address here, there;
    socklen_t length = read_address(&here, AF_INET, "127.0.0.1");
    int listener = listen_by(0, &there.ipv4.sin_port), clients[2], connection, reuse = 1;
    uid_t uid;

    ck_assert_int_eq(getsockname(listener, &there.any, &length), 0);
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
    ck_assert_int_eq(ask(connection, &uid), PEER_GONE);
    close(connection);
    connection = accept(listener, NULL, NULL);
    ck_assert_int_eq(ask(connection, &uid), PEER_OURS);
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
    in_port_t port;
    int listener = listen_by(0, &port), client = call_by(0, port), error = 0;
    int connection = accept(listener, NULL, NULL);
    uid_t uid;

    ck_assert_int_eq(unshare(CLONE_NEWUSER), 0);
    ck_assert_uint_eq(geteuid(), OTHER);
    ck_assert_int_eq(peer_of(connection, &uid, &error), PEER_UNKNOWN);
    ck_assert_int_eq(error, EOVERFLOW);
    close(connection);
    close(client);
    close(listener);
}

TEST(what_is_no_connection_is_unknown)
{
    int pipes[2], error = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uid_t uid;

    ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
    ck_assert_int_eq(peer_of(pipes[0], &uid, &error), PEER_UNKNOWN);
    ck_assert_int_eq(error, ENOTSOCK);
    ck_assert_int_eq(peer_of(-1, &uid, &error), PEER_UNKNOWN);
    ck_assert_int_eq(error, EBADF);
    ck_assert_int_eq(peer_of(fd, &uid, &error), PEER_UNKNOWN);
    ck_assert_int_eq(error, ENOTCONN);
    ck_assert_int_eq(peer_of(local, &uid, &error), PEER_UNKNOWN);
    ck_assert_int_eq(error, EAFNOSUPPORT);
    close(pipes[0]);
    close(pipes[1]);
    close(fd);
    close(local);
}

TEST(asking_leaves_no_descriptor)
{
    in_port_t port;
    int listener = listen_by(0, &port), client = call_by(0, port);
    int connection = accept(listener, NULL, NULL), next = dup(0);
    uid_t uid;

    close(next);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ask(connection, &uid), PEER_OURS);
    ck_assert_int_eq(dup(0), next);
    close(next);
    close(connection);
    close(client);
    close(listener);
}
