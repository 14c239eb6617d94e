/*
 * mpi-engine PORT SECONDS - a stand-in for an engine with MPI, to be started by any launcher.
 *
 * Rank 0 listens on PORT of 0.0.0.0 (0: any) as LAMMPS does, prints the port, waits up to
 * SECONDS for a client and serves it: handshake of version 2; after GO four frames of three
 * atoms. Then all ranks end together. The other ranks wait in a barrier, so that a run has as
 * many processes, and listeners of the runtime's, as ranks.
 *
 * It is no double like the others, for the tests build it with the compiler wrapper of each
 * MPI: mpicc.mpich -std=c11 -D_GNU_SOURCE -I$SOURCE -o mpi-engine .../mpi-engine.c
 * .../support/imd_stream.c
 *
 * Exit status: 0 the client was served, or none came; 1 it sent no GO within a second, or left;
 * 2 bad usage; 3 the double failed.
 */
#include <arpa/inet.h>
#include <err.h>
#include <mpi.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/doubles/support/imd_stream.h"

enum { SERVED = 0, NOT_SERVED = 1, BAD_USAGE = 2, FAILED = 3 };
enum { IMD_GO = 3, HEADER_SIZE = 8 };

/* The other ranks are in a barrier, and a launcher waits for them too. */
static void fail(const char *what)
{
    warn("mpi-engine: %s", what);
    MPI_Abort(MPI_COMM_WORLD, FAILED);
    _exit(FAILED);
}

static int open_listener(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 5) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        fail("cannot listen");
    printf("port %u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static int is_readable(int fd, long seconds)
{
    struct timeval time = {.tv_sec = seconds};
    fd_set fds;

    FD_ZERO(&fds);
    FD_SET(fd, &fds);
    return select(fd + 1, &fds, NULL, NULL, &time) == 1;
}

static int read_go(int client)
{
    unsigned char header[HEADER_SIZE];

    return is_readable(client, 1) &&
           recv(client, header, HEADER_SIZE, MSG_WAITALL) == HEADER_SIZE && header[3] == IMD_GO;
}

static int send_all(int client, const unsigned char *bytes, size_t length)
{
    return send(client, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static int serve(int listener, long seconds)
{
    const struct stream stream = v2_stream(false);
    int client, served;

    if (!is_readable(listener, seconds)) {
        puts("no client");
        return SERVED;
    }
    client = accept(listener, NULL, NULL);
    if (client < 0)
        fail("accept");
    served = send_all(client, stream.bytes, HEADER_SIZE) && read_go(client) &&
             send_all(client, stream.bytes + HEADER_SIZE, stream.length - HEADER_SIZE);
    close(client);
    return served ? SERVED : NOT_SERVED;
}

int main(int argc, char **argv)
{
    int rank, status = SERVED;

    MPI_Init(&argc, &argv);
    if (argc != 3) {
        fputs("usage: mpi-engine PORT SECONDS\n", stderr);
        MPI_Abort(MPI_COMM_WORLD, BAD_USAGE);
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0) {
        int listener = open_listener((unsigned)strtoul(argv[1], NULL, 10));

        status = serve(listener, strtol(argv[2], NULL, 10));
        close(listener);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return status;
}
