/* What the kernel says of a socket that becomes a listener. */
#include "shim/kernel/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "shim/kernel/process.h"
#include "shim/wire/local_address.h"
#include "shim/wire/sys.h"
#include "tests/support/suite.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

TEST(a_socket_is_known_by_its_inode)
{
    struct stat status;
    int one = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);
    int copy = dup(one);

    ck_assert_int_eq(fstat(one, &status), 0);
    ck_assert_uint_eq(socket_inode(one), status.st_ino);
    ck_assert_uint_eq(socket_inode(copy), socket_inode(one));
    ck_assert_uint_ne(socket_inode(other), socket_inode(one));
    ck_assert_uint_ne(socket_inode(other), 0);
}

TEST(what_is_no_socket_has_no_inode)
{
    int pipes[2], file = open("/dev/null", O_RDONLY);

    ck_assert_int_eq(pipe(pipes), 0);
    ck_assert_uint_eq(socket_inode(pipes[0]), 0);
    ck_assert_uint_eq(socket_inode(file), 0);
    close(file);
    ck_assert_uint_eq(socket_inode(file), 0);
    ck_assert_uint_eq(socket_inode(-1), 0);
}

/* MPTCP is TCP to the engine. Where the kernel has it not there is nothing to be told. */
static const struct {
    int domain, type, protocol;
    bool is_tcp;
} kinds[] = {
    {AF_INET, SOCK_STREAM, 0, true},
    {AF_INET6, SOCK_STREAM, 0, true},
    {AF_INET, SOCK_STREAM, IPPROTO_MPTCP, true},
    {AF_INET, SOCK_DGRAM, 0, false},
    {AF_INET6, SOCK_DGRAM, 0, false},
    {AF_UNIX, SOCK_STREAM, 0, false},
    {AF_UNIX, SOCK_SEQPACKET, 0, false},
};

LOOP_TEST(a_socket_of_tcp_is_told_from_others, COUNT(kinds))
{
    int fd = socket(kinds[_i].domain, kinds[_i].type, kinds[_i].protocol);

    if (fd >= 0)
        ck_assert_int_eq(sys_is_tcp(fd), kinds[_i].is_tcp);
    else
        ck_assert(kinds[_i].protocol == IPPROTO_MPTCP || kinds[_i].domain == AF_INET6);
    close(fd);
}

TEST(what_is_no_socket_is_not_of_tcp_and_has_no_address)
{
    union address address;

    ck_assert(!sys_is_tcp(-1));
    ck_assert(!sys_is_tcp(STDERR_FILENO));
    ck_assert(!address_of_socket(&address, -1));
    ck_assert(!address_of_socket(&address, STDERR_FILENO));
}

TEST(the_address_is_where_the_socket_is_bound)
{
    union address address, loopback;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert(address_of_socket(&address, fd));
    ck_assert_uint_eq(address_port(&address), 0); /* nowhere yet */
    ck_assert(address_parse(&loopback, "127.0.0.1"));
    ck_assert_int_eq(bind(fd, &loopback.any, address_length(&loopback)), 0);
    ck_assert(address_of_socket(&address, fd));
    ck_assert(address_is_loopback(&address));
    ck_assert_uint_ne(address_port(&address), 0);
    ck_assert(!address_of_socket(&address, socket(AF_UNIX, SOCK_STREAM, 0)));
}

/* The caller of a call of libc's is libc; this program's own is this program. */
TEST(an_event_of_a_listener_says_who_it_is)
{
    struct listener listener = {.fd = 19, .asked = 8888};
    char exe[NAME_SIZE];
    struct utsname system;
    struct event event;

    process_exe(exe);
    uname(&system);
    ck_assert(address_parse(&listener.address, "10.77.0.1"));
    address_set_port(&listener.address, 42165);
    ck_assert(listener_read_caller(&listener, (const void *)(uintptr_t)socket_inode));
    event = listener_event(&listener, KIND_LISTENING);
    ck_assert_int_eq(event.kind, KIND_LISTENING);
    ck_assert_uint_eq(event.has, EVENT_OF_LISTENER);
    ck_assert_uint_eq(event.port, 42165);
    ck_assert_mem_eq(&event.address, &listener.address, sizeof event.address);
    ck_assert_uint_eq(event.asked, 8888);
    ck_assert_uint_eq(event.fd, 19);
    ck_assert_uint_eq(event.pid, (unsigned)getpid());
    ck_assert_str_eq(event.host, system.nodename);
    ck_assert_str_eq(event.exe, exe);
    ck_assert_str_eq(event.object, exe);
    ck_assert_str_eq(listener_facts(&listener).exe, exe);
    ck_assert_str_eq(listener_facts(&listener).object, exe);
    ck_assert_uint_eq(listener_facts(&listener).asked, 8888);
}
