/*
 * TCP for stand-in engines, a line each. What fails ends the engine with status 3, which no
 * engine ends with otherwise.
 */
#ifndef IMDSHIM_TESTS_DOUBLES_TCP_H
#define IMDSHIM_TESTS_DOUBLES_TCP_H

#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

union tcp_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* A numeric address of either family, and the length of what it is. */
socklen_t tcp_resolve(union tcp_address *address, const char *text, unsigned port);
int tcp_is_address(const char *text);

/* Of IPv4; bound and connected to 127.0.0.1. */
int tcp_socket(void);
int tcp_bind(int fd, unsigned port);
int tcp_bind_any(int fd, unsigned port); /* 0.0.0.0 */
int tcp_listener(unsigned port);
int tcp_connect(unsigned port);

/* Of either family. */
unsigned tcp_port(int fd);
void tcp_print_port(int fd); /* "port N" on stderr */

void tcp_pause(long milliseconds); /* not by sleep(3), which the library may cut short */

#endif
