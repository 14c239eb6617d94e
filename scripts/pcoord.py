#!/usr/bin/env python3
"""The distance between two atoms while the simulation runs, one line a frame: an IMD client.

usage: pcoord.py [--every N] imd://HOST:PORT FRAMES ATOM ATOM

Reads IMD version 2 or 3 until the engine ends, and then prints the distance in the FRAMES
frames 0, N, 2N... (N is 1) in the engine's unit of length; atoms are counted from 0. Prints
all lines or none: unless exactly FRAMES came and the stream is whole, one line goes to stderr
and the status is 1. Needs numpy, and nothing else.
"""
import argparse, contextlib, socket, struct, sys
import numpy

DISCONNECT, FCOORDS, GO, HANDSHAKE, VELOCITIES, FORCES = 0, 2, 3, 4, 14, 15
PER_ATOM = {FCOORDS: 12, VELOCITIES: 12, FORCES: 12}  # bytes of each packet's body
SIZES = {1: 40, 10: 7, 12: 24, 13: 36}  # ENERGIES, SESSIONINFO, TIME, BOX
PATIENCE = 10  # seconds from the connection to the handshake


class Failure(Exception):
    pass


def connect(url):
    host, _, port = url.removeprefix("imd://").rpartition(":")
    if not host or not port.isdigit():
        raise Failure(f"'{url}' is not imd://HOST:PORT")
    try:
        return socket.create_connection((host.strip("[]"), int(port)))
    except (OSError, OverflowError) as error:
        raise Failure(f"no answer from {url}: {error}")


def greet(connection, stream):
    """Return the server's byte order, told by its version: the one number that is in it."""
    connection.settimeout(PATIENCE)
    try:
        header = stream.read(8)
    except socket.timeout:
        header = b""
    for order in "<", ">":
        if header in (struct.pack(">i", HANDSHAKE) + struct.pack(order + "i", v) for v in (2, 3)):
            connection.settimeout(None)  # a run may be slow, or paused
            connection.sendall(struct.pack(">ii", GO, 0))
            return order
    raise Failure("no IMD server of version 2 or 3 answered")


def read(stream, size):
    data = stream.read(size)
    if 0 < len(data) < size or size > 8 and not data:
        raise Failure("the stream was cut in the middle of a packet")
    return data


def coordinates(stream, order):
    """Yield the atoms' coordinates frame by frame, to the end of the run."""
    atoms = None
    while header := read(stream, 8):
        kind, count = struct.unpack(">ii", header)
        if kind in PER_ATOM and count == (atoms or max(count, 1)):
            atoms = count
        elif kind not in SIZES:
            raise Failure(f"malformed: a packet of type {kind} and count {count}")
        body = read(stream, SIZES.get(kind) or PER_ATOM[kind] * count)
        if kind == FCOORDS:
            yield numpy.frombuffer(body, order + "f4").reshape(atoms, 3)


def ends_of(arguments, connection, stream):
    """The two atoms in each frame that counts."""
    ends = []
    for number, frame in enumerate(coordinates(stream, greet(connection, stream))):
        if max(arguments.atoms) >= len(frame):
            raise Failure(f"no atom {max(arguments.atoms)}: there are {len(frame)}")
        if number % max(arguments.every, 1) == 0:
            ends.append(frame[arguments.atoms])
        if len(ends) > arguments.frames:
            raise Failure(f"more than the expected {arguments.frames} frames came")
    if len(ends) < arguments.frames:
        raise Failure(f"{len(ends)} frames came, {arguments.frames} were expected")
    return ends


def distances(arguments):
    with connect(arguments.url) as connection, connection.makefile("rb", 1 << 20) as stream:
        try:
            ends = ends_of(arguments, connection, stream)
        except Failure:
            with contextlib.suppress(OSError):  # or else LAMMPS dies of it
                connection.sendall(struct.pack(">ii", DISCONNECT, 0))
            raise
    first, second = numpy.array(ends).swapaxes(0, 1)
    return numpy.linalg.norm(second - first, axis=1)


def natural(text):
    if not text.isdecimal():
        raise ValueError
    return int(text)


parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2].removeprefix("usage: "))
parser.add_argument("--every", type=natural, default=1)
parser.add_argument("url")
parser.add_argument("frames", type=natural)
parser.add_argument("atoms", type=natural, metavar="atom", nargs=2)
try:
    numpy.savetxt(sys.stdout, distances(parser.parse_args()), "%.5f")
    sys.stdout.flush()
except (Failure, OSError, MemoryError) as failure:
    sys.exit(f"pcoord.py: {failure or 'out of memory'}")
