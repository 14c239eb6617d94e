"""scripts/plot.py draws real runs on a real terminal, and what it says of them is true."""

import fcntl
import os
import pathlib
import pty
import re
import select
import shlex
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

import MDAnalysis
import numpy
import pyte
import pytest
from MDAnalysis.analysis.rms import rmsd

from conftest import PYTHON, SCRIPTS, run

PLOT = [PYTHON, SCRIPTS / "plot.py"]
GROMACS = "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -imdwait -imdport 0"
LAMMPS = "lmp -log none -in argon.in -var steps 300"
RELAY = ["--relay", "--time-step", "0.002"]
NUMBER = r"-?[\d.]+(?:e[+-]\d+)?"
PATIENCE = 60  # seconds: only a bound

# It reads slowly until it may go on; with a buffer of few frames, so that it pauses the run shortly.
ANALYSIS = """
import pathlib, sys, time
import MDAnalysis, numpy
totals = []
for ts in MDAnalysis.Universe("argon.gro", sys.argv[1], buffer_size=100000).trajectory:
    totals.append(ts.data["total_energy"])
    if not pathlib.Path("go on").exists():
        pathlib.Path("reading").touch()
        time.sleep(0.01)
numpy.save("totals.npy", totals)
"""


def words(*command):
    return [str(word) for word in command]


class Terminal:
    """A command on a terminal of its own; its screen is what a user sees."""

    def __init__(self, *command, columns=96, rows=36):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                self.set_size(1, columns, rows)
                os.execvpe(str(command[0]), words(*command), {**os.environ, "TERM": "xterm"})
            finally:
                os._exit(127)
        self.status = None
        self.show(columns, rows)

    @staticmethod
    def set_size(fd, columns, rows):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def show(self, columns, rows):
        self.written = b""
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)

    def resize(self, columns, rows):
        """To an empty screen: what is there later has been drawn since."""
        self.set_size(self.fd, columns, rows)
        self.show(columns, rows)

    def text(self):
        return "\n".join(self.screen.display)

    def read(self):
        """False if the command has ended."""
        assert select.select([self.fd], [], [], PATIENCE)[0], self.text()
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:  # EIO: all have closed it
            return False
        self.written += data
        self.stream.feed(data)
        return data != b""

    def read_until(self, is_shown):
        while not is_shown(self.text()):
            assert self.read(), self.text()

    def end(self):
        """Its status; the screen has the last picture."""
        while self.read():
            pass
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def kill(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.end()
        os.close(self.fd)

    def summary(self):
        """The lines below the last picture, as one."""
        text = " ".join(line.rstrip() for line in self.screen.display)
        return text[re.search(r"\d+ frames of ", text).start() :].rstrip()


def value_of(name, summary):
    return float(re.search(rf"{name} ({NUMBER})", summary).group(1))


def panels(text):
    """How many have a frame and a curve within it."""
    curved = [line for line in text.splitlines() if re.search("[\u2801-\u28ff]", line)]
    return text.count("└") if curved and text.count("└") == text.count("┌") else 0


def engine(command):
    """Its own output would be on the terminal too."""
    return ["sh", "-c", f"exec {command} >engine.log 2>&1"]


def energies_at_the_end():
    """As GROMACS has written them."""
    names = "Potential\nTotal-Energy\nTemperature\n"
    run("gmx", "-quiet", "energy", "-f", "seg.edr", "-xvg", "none", "-o", "end.xvg", input=names)
    return [float(field) for field in open("end.xvg").read().split()[-3:]]


@pytest.mark.parametrize(
    "options, axis", [(RELAY, "time (ps)"), ([], "step")], ids=["relay", "direct"])
def test_what_it_shows_of_gromacs_is_in_the_files_of_gromacs(argon, options, axis):
    terminal = Terminal("imdshim", "run", "-q", *options, "--client", shlex.join(words(*PLOT)),
                        "--", *engine(GROMACS))
    assert terminal.end() == 0, terminal.text()
    text, summary = terminal.text(), terminal.summary()
    assert panels(text) == 4, text
    for title in "potential energy", "total energy", "temperature", "RMSD to the first frame":
        assert title + ": " in text
    assert axis in text
    assert summary.startswith("501 frames of 216 atoms, ended at ")
    if options:
        assert " ended at 1 ps: " in summary
    names = "potential energy", "total energy", "temperature"
    shown = [value_of(name, summary) for name in names]
    assert shown == pytest.approx(energies_at_the_end(), rel=1e-5)
    universe = MDAnalysis.Universe("argon.gro", "seg.trr", to_guess=())
    frames = [ts.positions.copy() for ts in universe.trajectory]
    true = rmsd(frames[-1], frames[0], center=True, superposition=True)
    assert value_of("first frame", summary) == pytest.approx(true, rel=1e-4)


def read_dump():
    frames = []
    for line in open("all.dump").read().splitlines():
        if line.startswith("ITEM: TIMESTEP"):
            frames.append([])
        fields = line.split()
        if len(fields) == 4 and not line.startswith("ITEM"):
            frames[-1].append([float(field) for field in fields[1:]])
    return numpy.array(frames[1:])  # none is sent of the set-up


@pytest.mark.parametrize("options", [["--relay"], []], ids=["relay", "direct"])
def test_of_lammps_which_sends_no_energies_it_shows_the_rmsd(place, options):
    text = (SCRIPTS / "argon-lammps.in").read_text()
    dump = "dump all all custom 10 all.dump id x y z\ndump_modify all sort id format float %.9g\n"
    (place / "argon.in").write_text(text.replace("thermo  ", dump + "thermo  "))
    terminal = Terminal("imdshim", "run", "-q", *options, "--port", "8888",
                        "--client", shlex.join(words(*PLOT)) + " imd://localhost:8888",
                        "--", *engine(LAMMPS))
    assert terminal.end() == 0, terminal.text()
    frames = read_dump()
    assert panels(terminal.text()) == 1
    assert "energy" not in terminal.text()
    assert terminal.summary().startswith(f"{len(frames)} frames of 256 atoms, ended at frame ")
    true = rmsd(frames[-1], frames[0], center=True, superposition=True)
    assert value_of("first frame", terminal.summary()) == pytest.approx(true, rel=1e-4)


class Analysed:
    """A run with an analysis that has read some frames, and a plot beside it that has drawn."""

    STEPS = 10000  # more than all buffers on the way hold, and than are read in minutes

    def __init__(self, place):
        run(SCRIPTS / "argon-gromacs.sh", ".", self.STEPS)
        (place / "analysis.py").write_text(ANALYSIS)
        client = shlex.join(words(PYTHON, "analysis.py")) + ' "$IMD_URL"'
        self.run = subprocess.Popen(
            ["imdshim", "run", "-q", *RELAY, "--others-skip", "--port-file", "port",
             "--client", client, "--", *engine(GROMACS)])
        while not (place / "reading").exists():
            assert self.run.poll() is None
            time.sleep(0.01)
        self.terminal = Terminal(*PLOT, (place / "port").read_text().strip())

    def end(self):
        """The plot has not taken a frame from the analysis, nor ended the run."""
        pathlib.Path("go on").touch()
        status = self.terminal.end()
        assert self.run.wait(PATIENCE) == 0
        self.totals = numpy.load("totals.npy")
        assert len(self.totals) == self.STEPS + 1
        return status


@pytest.fixture
def analysed(place):
    analysed = Analysed(place)
    try:
        analysed.terminal.read_until(lambda text: panels(text) == 4)
        yield analysed
    finally:  # a test that has failed leaves nothing either
        (place / "go on").touch()
        analysed.terminal.kill()
        analysed.run.wait(PATIENCE)


def test_beside_an_analysis_it_shows_what_the_analysis_reads(analysed):
    assert analysed.end() == 0
    summary = analysed.terminal.summary()
    at = float(re.search(f"ended at ({NUMBER}) ps: ", summary).group(1))
    assert value_of("total energy", summary) == pytest.approx(
        analysed.totals[round(at / 0.002)], rel=1e-5)


def test_it_fills_a_window_that_has_become_smaller(analysed):
    terminal = analysed.terminal
    terminal.resize(60, 20)
    terminal.read_until(lambda text: panels(text) == 4 and "time (ps)" in text.splitlines()[19])
    assert terminal.text().count("┘") == 4
    assert analysed.end() == 0


@pytest.mark.parametrize("how", [b"\x03", signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_leaves_the_run_to_the_analysis(analysed, how):
    terminal = analysed.terminal
    if isinstance(how, bytes):
        os.write(terminal.fd, how)
    else:
        os.kill(terminal.pid, how)
    terminal.read_until(lambda text: "frames of 216 atoms, left at " in text)
    assert panels(terminal.text()) == 4
    assert terminal.written.rindex(b"\x1b[?1049l") > terminal.written.rindex(b"\x1b[H")
    assert analysed.run.poll() is None
    assert analysed.end() == 0


def test_without_a_terminal_it_prints_one_line(argon):
    told = run("imdshim", "run", "-q", *RELAY, "--client", shlex.join(words(*PLOT)),
               "--", *engine(GROMACS))
    assert re.fullmatch(r"501 frames of 216 atoms, ended at 1 ps: .*\n", told)


def test_a_port_where_nobody_listens_is_told_in_one_line(place):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        done = subprocess.run(words(*PLOT, port), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(f"plot.py: {port}: Connection refused; .*\n", done.stderr)


def served(data):
    """What it says of a server that sends this, and ends."""

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            connection.sendall(data)
            connection.recv(8)  # GO

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        port = listener.getsockname()[1]
        done = subprocess.run(words(*PLOT, port), capture_output=True, text=True)
        thread.join()
    return done


def test_what_is_no_imd_server_is_told_in_one_line(place):
    done = served(b"SSH-2.0-OpenSSH\r\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch("plot.py: .*: no IMD server .* answered; .*\n", done.stderr)


def test_a_run_that_blows_up_and_is_cut_is_drawn_so_far(place):
    """The other byte order, and numbers that are none."""
    nan, inf = float("nan"), float("inf")
    energies = struct.pack(">ii i9f", 1, 1, 7, 300, nan, inf, *[0] * 6)
    frame = struct.pack(">ii6f", 2, 2, nan, *range(5))
    (place / "stream").write_bytes(struct.pack(">ii", 4, 2) + 3 * (energies + frame) + frame[:11])
    done = served((place / "stream").read_bytes())
    assert done.returncode == 1
    assert done.stdout == ("3 frames of 2 atoms, ended at step 7: potential energy inf, total "
                           "energy nan, temperature 300, RMSD to the first frame nan\n")
    assert "malformed: cut in the middle of a frame" in done.stderr
