"""Real WESTPA with scripts/runseg.sh: 3 iterations of 4 segments of real GROMACS, all on 8888."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

import h5py
import numpy
import pytest

from conftest import SCRIPTS, VENV, run

ITERATIONS, SEGMENTS, FRAMES = 3, 4, 11
COMPLETE, FAILED = 2, 3  # a segment's status in west.h5

WEST_CFG = f"""
west:
  system:
    system_options:
      pcoord_ndim: 1
      pcoord_len: {FRAMES}
      pcoord_dtype: !!python/name:numpy.float32
      bin_target_counts: {SEGMENTS}
      bins: {{type: RectilinearBinMapper, boundaries: [[0.0, inf]]}}
  propagation:
    max_total_iterations: {ITERATIONS}
    propagator: executable
    gen_istates: false
  data:
    west_data_file: west.h5
    data_refs:
      segment: $WEST_SIM_ROOT/traj_segs/{{segment.n_iter}}/{{segment.seg_id}}
      basis_state: $WEST_SIM_ROOT/argon.gro
      initial_state: $WEST_SIM_ROOT/argon.gro
  executable:
    environ: {{}}
    propagator:
      executable: $WEST_SIM_ROOT/runseg.sh
      stdout: $WEST_SIM_ROOT/seg_logs/{{segment.n_iter}}-{{segment.seg_id}}.log
      stderr: stdout
    get_pcoord:
      executable: $WEST_SIM_ROOT/get_pcoord.sh
"""


def end_group(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


STARTED = []


@pytest.fixture
def simulation(argon, monkeypatch):
    """A simulation as WESTPA's tutorials have it, begun by w_init.

    Workers by zmq may stay when w_run has ended: they do so without imdshim, too."""
    monkeypatch.setenv("WEST_SIM_ROOT", str(argon))
    monkeypatch.setenv("PATH", f"{VENV}:{os.environ['PATH']}")
    for directory in "gromacs_config", "seg_logs":
        (argon / directory).mkdir()
    shutil.copy("argon.top", "gromacs_config/topol.top")
    parameters = (argon / "argon.mdp").read_text().replace("gen-seed   = 17", "gen-seed = RAND")
    (argon / "gromacs_config/md.mdp").write_text(parameters)
    for script in "pcoord.py", "runseg.sh":
        shutil.copy(SCRIPTS / script, ".")
    get_pcoord = argon / "get_pcoord.sh"
    get_pcoord.write_text("#!/bin/sh\necho 3.7 >$WEST_PCOORD_RETURN\n")
    get_pcoord.chmod(0o755)
    (argon / "west.cfg").write_text(WEST_CFG)
    run("w_init", "--serial", "--bstate", "argon,1.0", "--segs-per-state", SEGMENTS)
    yield argon
    while STARTED:
        end_group(STARTED.pop())


def w_run(*manager):
    """In a session of its own, as at a terminal; what it says goes to the file "said"."""
    with open("said", "w") as said:
        process = subprocess.Popen(
            ["w_run", *manager], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True,
        )
    STARTED.append(process)
    return process


def finish(process, place):
    process.wait(timeout=300)
    return (place / "said").read_text()


@pytest.mark.parametrize(
    "manager",
    [
        ["--work-manager=serial"],
        ["--work-manager=threads", "--n-workers=4"],
        ["--work-manager=processes", "--n-workers=4"],
        ["--work-manager=zmq", "--n-workers=4"],
    ],
    ids=lambda words: words[0].partition("=")[2],
)
def test_each_segment_has_the_coordinate_of_its_own_engine(simulation, manager):
    process = w_run(*manager)
    said = finish(process, simulation)
    assert process.returncode == 0, said
    with h5py.File("west.h5") as west:
        iterations = [west[f"iterations/iter_{n:08d}"] for n in range(1, ITERATIONS + 1)]
        last = None
        for iteration in iterations:
            coordinates = iteration["pcoord"][:, :, 0]
            assert coordinates.shape == (SEGMENTS, FRAMES)
            assert all(iteration["seg_index"]["status"] == COMPLETE)
            assert len({tuple(one) for one in coordinates}) == SEGMENTS
            if last is not None:  # it goes on where its parent has ended
                parents = iteration["seg_index"]["parent_id"]
                assert numpy.allclose(coordinates[:, 0], last[parents], atol=1e-3)
            last = coordinates[:, -1]


FAULTS = {
    "the client at once": ("pcoord.py", '[ $failing = no ] || exit 7; exec "$real" "$@"'),
    "the client at its end": ("pcoord.py", '"$real" "$@" && [ $failing = no ]'),
    "the engine at its end": ("gmx", '"$real" "$@" && [ "$1 $failing" != "mdrun yes" ]'),
}


@pytest.mark.parametrize("program, script", FAULTS.values(), ids=FAULTS)
def test_what_fails_fails_its_segment_and_no_other(simulation, monkeypatch, program, script):
    """w_run itself ends with status 0 even then."""
    real = simulation / "real"
    real.symlink_to(SCRIPTS / program if program == "pcoord.py" else shutil.which(program))
    failing = "failing=no; [ \"$WEST_CURRENT_SEG_ID\" != 2 ] || failing=yes"
    (simulation / program).write_text(f"#!/bin/sh\nreal={real}\n{failing}\n{script}\n")
    (simulation / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{simulation}:{os.environ['PATH']}")
    said = finish(w_run("--work-manager=processes", "--n-workers=2"), simulation)
    assert "propagation failed for 1 segment" in said
    with h5py.File("west.h5") as west:
        states = list(west["iterations/iter_00000001/seg_index"]["status"])
    assert states == [COMPLETE, COMPLETE, FAILED, COMPLETE], said


def others_of(session):
    """Processes of the session that are not WESTPA's own, as "PID PROGRAM"."""
    listed = run("ps", "-eo", "sid=,stat=,pid=,args=").splitlines()
    words = [line.split(None, 3) for line in listed]
    return [w[2:] for w in words if int(w[0]) == session and w[1][0] != "Z" and "w_run" not in w[3]]


@pytest.mark.parametrize("manager", ["serial", "threads", "processes", "zmq"])
def test_ctrl_c_leaves_no_engine_and_no_client(simulation, manager):
    """The terminal sends SIGINT to each process of the foreground's group."""
    process = w_run(f"--work-manager={manager}", "--n-workers=2")
    deadline = time.monotonic() + 120
    while not list(simulation.glob("traj_segs/1/*/seg.log")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [words for words in others_of(process.pid) if "imdshim run" in words[1]]
    os.killpg(process.pid, signal.SIGINT)
    said = finish(process, simulation)
    assert "shutting down" in said
    deadline = time.monotonic() + 60
    while others_of(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert others_of(process.pid) == []
