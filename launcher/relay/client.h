/*
 * One client of the relay: what it has been sent, and what it asks for.
 *
 * Its socket does not block. Whether it can be read or written is noted when epoll(7) says so,
 * edge-triggered, until a call says EAGAIN.
 */
#ifndef IMDSHIM_LAUNCHER_RELAY_CLIENT_H
#define IMDSHIM_LAUNCHER_RELAY_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/relay/backlog.h"
#include "launcher/relay/outbox.h"

enum client_state {
    CLIENT_NEW,      /* to be greeted as soon as it is known how */
    CLIENT_GREETED,  /* its GO is due */
    CLIENT_JOINS,    /* gets the next frame that begins */
    CLIENT_FOLLOWS,  /* gets what is in the backlog from `at` on */
    CLIENT_SKIPS,    /* gets the rest of a frame, and then joins again */
    CLIENT_DEAF,     /* takes no more; what it has said before is still read */
    CLIENT_FINISHED, /* has been sent all; we wait for its own end */
    CLIENT_GONE,     /* to be forgotten */
};

struct client {
    int fd;
    enum client_state state;
    bool readable, writable;
    bool said_go;        /* before it was greeted: it counts then */
    uint64_t at;         /* follows: the place of what it gets next */
    uint64_t turn;       /* its GO came as the turn-th */
    int64_t deadline;    /* milliseconds of CLOCK_MONOTONIC, 0: none */
    struct outbox apart; /* goes to it before anything else */
    unsigned char *command;
    size_t command_filled, command_size;
    struct client *next;
};

/* It takes the descriptor. NULL if there is no memory; the descriptor is closed then. */
struct client *client_new(int fd);
void client_free(struct client *client);

/* Has it said GO, and is it still there? */
bool client_streams(const struct client *client);

/* HANDSHAKE and SESSIONINFO. */
void client_greet(struct client *client, const void *greeting, size_t length);

/* A frame begins at this place: a client that joins follows from there. */
void client_begin_frame(struct client *client, uint64_t at);

/* Send what it may be sent now; returns how many bytes went. */
size_t client_send(struct client *client, const struct backlog *backlog);

/*
 * It is too slow and is to skip frames: what is left of the one that it is in is put apart, up
 * to one frame and what the backlog holds between two marks.
 */
void client_skip(struct client *client, const struct backlog *backlog);

/* There will be no more. Once it has got all, it is told by the end of the stream. */
void client_finish(struct client *client, uint64_t end);

/*
 * Its next command that is whole, or NULL; gone if it has left or sent what no client sends.
 * Valid until the next call. atoms: imd/command.h.
 */
unsigned char *client_next_command(struct client *client, int32_t atoms, size_t *length);

#endif
