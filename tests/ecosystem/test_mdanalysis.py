#!/usr/bin/env python3
"""MDAnalysis reads runs of engines as Debian has them, which speak IMD version 2, by the relay.

What it reads is what the engine writes into its own trajectory file: all frames, in their order.
"""
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest
import warnings

import MDAnalysis
import numpy

IMDSHIM = shlex.split(os.environ["IMDSHIM"])
SOURCE = pathlib.Path(os.environ["SOURCE"])
HERE = pathlib.Path(__file__).resolve().parent
ANGSTROM = 1e-3  # of a .trr's single precision, in a box of 22 of them

warnings.simplefilter("ignore")


class InFolder(unittest.TestCase):
    """Each test has an empty folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="imdshim-ecosystem.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def call(self, *command, **others):
        done = subprocess.run(
            command, cwd=self.folder, timeout=120, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **others)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def read_run(self, topology, engine, *options):
        """What MDAnalysis reads of a run, as users type it."""
        client = shlex.join([sys.executable, str(HERE / "read_frames.py"), topology])
        self.call(*IMDSHIM, "run", "--relay", *options, "--port", "8888",
                  "--client", client + " imd://localhost:8888 frames.npz", "--", *engine)
        return numpy.load(self.folder / "frames.npz")


class Gromacs(InFolder):
    STEPS = 500
    TIME_STEP = 0.002

    def prepare(self):
        self.call(SOURCE / "scripts/argon-gromacs.sh", ".", str(self.STEPS))
        mdp = self.folder / "argon.mdp"
        mdp.write_text(mdp.read_text().replace("nstxout    = 50", "nstxout = 1"))
        self.call("gmx", "-quiet", "grompp", "-f", "argon.mdp", "-c", "argon.gro",
                  "-p", "argon.top", "-o", "argon.tpr")

    def run_it(self, *options):
        self.prepare()
        engine = shlex.split("gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -imdwait -imdport 8888")
        frames = self.read_run("argon.gro", engine, *options)
        trajectory = MDAnalysis.Universe(self.folder / "argon.gro", self.folder / "seg.trr").trajectory
        self.assertEqual(len(trajectory), self.STEPS + 1)
        return frames, trajectory

    def assert_positions(self, frames, trajectory):
        self.assertEqual(len(frames["positions"]), len(trajectory))
        for read, written in zip(frames["positions"], trajectory):
            difference = read - written.positions
            box = written.dimensions[:3]  # IMD has atoms where they have moved to, unwrapped
            difference -= box * numpy.round(difference / box)
            self.assertLess(numpy.abs(difference).max(), ANGSTROM, f"frame {written.frame}")

    def test_each_frame_has_the_positions_the_step_and_the_time_of_the_trajectory(self):
        frames, trajectory = self.run_it("--time-step", str(self.TIME_STEP))
        self.assert_positions(frames, trajectory)
        self.assertEqual(list(frames["steps"]), [ts.data["step"] for ts in trajectory])
        numpy.testing.assert_allclose(frames["times"], [ts.time for ts in trajectory], atol=1e-6)
        self.assertTrue(numpy.isfinite(frames["totals"]).all())

    def test_without_a_time_step_no_step_and_no_time_are_made_up(self):
        frames, trajectory = self.run_it()
        self.assert_positions(frames, trajectory)
        self.assertEqual(set(frames["steps"]), {-1})
        self.assertTrue(numpy.isfinite(frames["totals"]).all())


class Lammps(InFolder):
    """Debian's. It sends coordinates alone, every tenth step."""

    def write_input(self):
        text = (SOURCE / "scripts/argon-lammps.in").read_text()
        dump = "dump all all custom 10 all.dump id x y z\ndump_modify all sort id format float %.9g\n"
        (self.folder / "argon.in").write_text(text.replace("thermo  ", dump + "thermo  "))

    def read_dump(self):
        rows, frames = [], []
        for line in (self.folder / "all.dump").read_text().splitlines():
            if line.startswith("ITEM: TIMESTEP"):
                rows = []
                frames.append(rows)
            fields = line.split()
            if len(fields) == 4 and not line.startswith("ITEM"):
                rows.append([float(field) for field in fields[1:]])
        return numpy.array(frames)

    def test_each_frame_has_the_positions_of_the_dump(self):
        self.write_input()
        atoms = "".join("Ar 0 0 0\n" for _ in range(256))
        (self.folder / "argon.xyz").write_text("256\n\n" + atoms)
        engine = shlex.split("lmp -log none -in argon.in -var steps 300")
        frames = self.read_run("argon.xyz", engine)
        dump = self.read_dump()[1:]  # none is sent of the set-up
        self.assertEqual(frames["positions"].shape, dump.shape)
        numpy.testing.assert_allclose(frames["positions"], dump, rtol=1e-6, atol=1e-6)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
