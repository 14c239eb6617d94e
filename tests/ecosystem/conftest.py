"""A place of its own for each test, with a small system in it; nothing may be left behind."""

import json
import os
import pathlib
import subprocess
import tempfile

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
VENV = pathlib.Path(os.environ["VENV"]) / "bin"
PYTHON = VENV / "python"


@pytest.fixture(autouse=True)
def place(monkeypatch):
    """The working directory, TMPDIR too. When the test is over no run of imdshim is there."""
    with tempfile.TemporaryDirectory(dir="/tmp") as path:  # short: sockets are in it
        monkeypatch.chdir(path)
        monkeypatch.setenv("TMPDIR", path)
        yield pathlib.Path(path)
        listed = subprocess.run(["imdshim", "list", "--json"], check=True, capture_output=True)
        assert json.loads(listed.stdout) == []


@pytest.fixture
def argon(place):
    """argon.tpr: 216 atoms, 500 steps, a frame every 50 in argon.trr and 501 by IMD."""
    subprocess.run([SCRIPTS / "argon-gromacs.sh", "."], check=True, stdout=subprocess.DEVNULL)
    return place


def run(*command, **named):
    """Its standard output; what failed is told whole."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=300, **named
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stdout}\n{done.stderr}"
    return done.stdout
