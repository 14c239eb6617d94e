#!/usr/bin/env python3
"""plot.py - the energies and the RMSD of a simulation, drawn in the terminal while it runs

usage: plot.py [imd://HOST:PORT | HOST:PORT | PORT]

Without an argument it reads the server that IMD_URL names, as a client of "imdshim run" does.
As the second client of a run, beside the analysis:

    imdshim run --relay --others-skip --time-step 0.002 --port-file port \\
        --client 'python3 rmsd.py "$IMD_URL"' -- gmx mdrun -s topol.tpr -imdwait -imdport 0
    scripts/plot.py $(cat port)             # in another terminal

Shown are the potential and the total energy and the temperature, if they are sent, and the RMSD
of the atoms that are sent (GROMACS: IMD-group) to the first frame that came, after the best
superposition; against time in ps, or where no time is sent against the engine's count of steps
or the number of the frame. Numbers are as they come: kJ/mol, K and Angstrom from GROMACS, and in
IMD version 3 from every engine; in version 2 other engines have their own.

The RMSD jumps where atoms leave the box on one side and come in on the other. One molecule does
not: GROMACS sends molecules whole, LAMMPS with "unwrap on" all atoms where they have moved to.

A thread of its own reads what comes, so that the run does not wait for a drawing; thousands of
frames a second may be too many for it, and with --others-skip it then misses some. A curve has at
most POINTS points: of a long run every second frame is drawn, then every fourth... When the run
ends the last picture stays, and one line sums up. Ctrl-C does the same and leaves the run alone; but
GROMACS with -imdwait, and no other client, pauses. If the output is no terminal only that line is
printed. Status: 0, or 1 if nobody answers, the stream is malformed, or it was cut.

Needs plotext 6, imdclient and MDAnalysis: pip install plotext imdclient MDAnalysis
"""
import collections
import itertools
import math
import os
import signal
import socket
import sys
import textwrap
import threading

import numpy
import plotext
from imdclient.IMDProtocol import (
    IMDHeader, IMDHeaderType as Kind, IMDTime, create_header_bytes, parse_energy_bytes,
    parse_imdv3_session_info)
from MDAnalysis.analysis.rms import rmsd

POINTS = 1000  # of a curve; a panel is seldom wider than 100 characters, of 2 points each
REDRAW = 0.5  # seconds
PATIENCE = 10  # seconds from the connection to the handshake
WAITING = 1 << 26  # bytes of frames that came and are not in the curves yet
BODIES = {Kind.IMD_ENERGIES: 40, Kind.IMD_SESSIONINFO: 7, Kind.IMD_TIME: 24, Kind.IMD_BOX: 36}
PER_ATOM = dict.fromkeys((Kind.IMD_FCOORDS, Kind.IMD_VELOCITIES, Kind.IMD_FORCES), 12)

# The panels: imdclient's name of the energy, and the colour, which is the terminal's own.
PANELS = {"potential energy": ("potential_energy", "cyan"),
          "total energy": ("total_energy", "magenta"),
          "temperature": ("temperature", "red"),
          "RMSD to the first frame": (None, "green")}
FULL_SCREEN, AS_BEFORE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"

Frame = collections.namedtuple("Frame", "number time energies positions")


class Stream(threading.Thread):
    """A connection of IMD version 2 or 3; the thread reads it to its end, whatever else is done."""

    def __init__(self, host, port):
        super().__init__(daemon=True)
        self.connection = socket.create_connection((host, port), PATIENCE)
        self.file = self.connection.makefile("rb", 1 << 20)
        self.first = self.newest = self.failure = None
        self.stride = 1  # every how many frames one is drawn
        self.waiting = collections.deque()
        self.greet()
        self.connection.settimeout(None)  # a run may be slow, or paused

    def greet(self):
        """Version 2 or 3, and the server's byte order: the version is sent in it."""
        try:
            header = self.read(8)
            little, big = (int.from_bytes(header[4:], order) for order in ("little", "big"))
            if IMDHeader(header).type != Kind.IMD_HANDSHAKE or not {little, big} & {2, 3}:
                raise ValueError
            self.order = "<" if little < big else ">"
            session = self.packet()[1] if 3 in (little, big) else None
        except (OSError, EOFError, ValueError):
            raise ConnectionError("no IMD server of version 2 or 3 answered") from None
        self.wrapped = session and parse_imdv3_session_info(session, self.order).wrapped_coords
        self.connection.sendall(create_header_bytes(Kind.IMD_GO, 0))

    def read(self, size):
        data = self.file.read(size)
        if len(data) < size:
            raise EOFError("cut in the middle of a frame" if data or size != 8 else "")
        return data

    def packet(self):
        header = IMDHeader(self.read(8))
        size = BODIES.get(header.type) or PER_ATOM.get(header.type, 0) * header.length
        if size <= 0:
            raise ValueError(f"{header.type.name} of {header.length}")
        return header.type, self.read(size)

    def run(self):
        try:
            self.read_frames()
        except (EOFError, OSError, ValueError, MemoryError) as end:
            self.failure = str(end)  # nothing, if the run has ended

    def read_frames(self):
        """A frame ends with its coordinates. Energies may come less often: the last ones hold."""
        time = energies = None
        number = itertools.count()
        while True:
            kind, body = self.packet()
            if kind == Kind.IMD_TIME:
                time = IMDTime(body, self.order).time
            elif kind == Kind.IMD_ENERGIES:
                energies = parse_energy_bytes(body, self.order)
            elif kind == Kind.IMD_FCOORDS:
                positions = numpy.frombuffer(body, self.order + "f4").reshape(-1, 3)
                self.put(Frame(next(number), time, energies, positions))

    def put(self, frame):
        """Where more frames wait than may, the oldest give way."""
        if self.first is None:
            self.first = frame
            self.waiting = collections.deque(maxlen=max(1, WAITING // frame.positions.nbytes))
        elif frame.positions.shape != self.first.positions.shape:
            raise ValueError(f"{len(frame.positions)} atoms after {len(self.first.positions)}")
        self.newest = frame
        if frame.number % self.stride == 0:
            self.waiting.append(frame)

    def leave(self):
        """The server is told, since LAMMPS would end; it may have ended first."""
        try:
            self.connection.sendall(create_header_bytes(Kind.IMD_DISCONNECT, 0))
        except OSError:
            pass


class Curves:
    """What is drawn of a stream: points, each a place on the horizontal axis and its values."""

    def __init__(self, stream):
        self.stream, self.last, self.points = stream, None, []

    def update(self):
        for _ in range(len(self.stream.waiting)):
            frame = self.stream.waiting.popleft()
            if frame.number % self.stream.stride == 0:
                self.add(frame)

    def finish(self):
        self.update()
        if self.last and self.last is not self.stream.newest:
            self.add(self.stream.newest)

    def add(self, frame):
        self.last = frame
        values = {name: frame.energies[key] if key else self.rmsd(frame)
                  for name, (key, _) in PANELS.items() if frame.energies or not key}
        if len(self.points) == POINTS:
            self.points = self.points[::2]
            self.stream.stride *= 2
        self.points.append((self.axis(frame)[1], values))

    def rmsd(self, frame):
        if not numpy.isfinite(frame.positions).all():
            return math.nan
        first = self.stream.first.positions
        return rmsd(frame.positions, first, center=True, superposition=True)

    @staticmethod
    def axis(frame):
        """What the horizontal axis is, and where the frame is on it."""
        if frame.time is not None:
            return "time (ps)", frame.time
        return ("step", frame.energies["step"]) if frame.energies else ("frame", frame.number)

    def picture(self, columns, rows):
        """A panel for each curve, with its newest value above it."""
        newest = self.points[-1][1]
        across = min(len(newest), 2)
        down = len(newest) // across
        figure = plotext.figure
        figure.clear()
        plotext.terminal.limit(False, False)  # it would leave room for a prompt
        figure.plot_size(columns, rows)
        figure.subplots(down, across)
        for number, (name, value) in enumerate(newest.items()):
            panel = figure
            if len(newest) > 1:  # of one panel plotext makes no subplot
                panel = figure.subplot(number // across + 1, number % across + 1)
            panel.theme("colorless")
            wrapped = " (wrapped)" * bool(self.stream.wrapped and not PANELS[name][0])
            panel.title(f"{name}{wrapped}: {value:.6g}")
            if number // across == down - 1:
                panel.label(self.axis(self.last)[0], "x")
            drawn = [(x, values[name]) for x, values in self.points
                     if math.isfinite(values.get(name, math.nan))]
            xs, ys = [x for x, _ in drawn], [y for _, y in drawn]
            panel.ruler("x").ticks(*ticks(xs, columns // across // 10))
            panel.ruler("y").ticks(*ticks(ys, rows // down // 3))
            marker = plotext.marker("braille", PANELS[name][1])
            panel.draw(panel.signal(xs, ys, marker=marker).lines())
        return figure.build().string(colorless="NO_COLOR" in os.environ).rstrip("\n")

    def summary(self, how):
        axis, place = self.axis(self.last)
        where = f"{place:.6g} ps" if axis == "time (ps)" else f"{axis} {place}"
        values = ", ".join(f"{name} {value:.6g}" for name, value in self.points[-1][1].items())
        return (f"{self.last.number + 1} frames of {len(self.last.positions)} atoms, {how} at "
                f"{where}: {values}")


def ticks(values, most):
    """Round numbers from the least to the greatest value, about MOST of them, and their texts."""
    low, high = min(values, default=0), max(values, default=0)
    if low == high or most < 1:
        return [low], [f"{low:.6g}"]
    digits = math.floor(math.log10((high - low) / most))
    step = next(step for step in (10.0**digits * round_one for round_one in (1, 2, 5, 10))
                if step * most >= high - low)
    places = [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return places, [f"{place:.{max(0, -digits)}f}" for place in places]


def window():
    """Asked for each picture, for it may have changed; a terminal may not know."""
    columns, rows = os.get_terminal_size(sys.stdout.fileno())
    return (columns, rows) if columns and rows else (80, 24)


def watch(stream, curves):
    """Draw until the stream ends, or Ctrl-C, and return which it was."""
    try:
        stream.start()
        while stream.is_alive():
            stream.join(REDRAW)
            curves.update()
            if sys.stdout.isatty() and curves.points:
                lines = curves.picture(*window()).split("\n")
                print("\x1b[H" + "\x1b[K\n".join(lines), end="\x1b[J", flush=True)
        return "ended"
    except KeyboardInterrupt:
        return "left"


def main():
    where = sys.argv[1] if len(sys.argv) == 2 else os.environ.get("IMD_URL", "")
    host, _, port = where.removeprefix("imd://").rpartition(":")
    if len(sys.argv) > 2 or not port.isdecimal():
        sys.exit(__doc__)
    try:
        stream = Stream(host.strip("[]") or "127.0.0.1", int(port))
    except (OSError, OverflowError) as error:
        sys.exit(f"plot.py: {where}: {error.strerror or error}; 'imdshim list' shows your runs")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    curves = Curves(stream)
    full_screen = sys.stdout.isatty()
    print(end=FULL_SCREEN * full_screen)
    try:
        how = watch(stream, curves)
    finally:
        print(end=AS_BEFORE * full_screen, flush=True)
    stream.leave()
    curves.finish()
    if not curves.points:
        sys.exit(f"plot.py: {where}: no frame came. {stream.failure or ''}".rstrip(". "))
    summary = curves.summary(how)
    if full_screen:
        columns, rows = window()
        summary = textwrap.fill(summary, columns)
        print(curves.picture(columns, max(rows - 2 - summary.count("\n"), 1)))
    print(summary)
    if how == "ended" and stream.failure:
        sys.exit(f"plot.py: {where}: the stream is malformed: {stream.failure}")


main()
