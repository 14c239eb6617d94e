"""GromacsWrapper's MDrunner takes the prefix where it takes mpiexec."""

import gromacs.run

from conftest import PYTHON, SCRIPTS


class Runner(gromacs.run.MDrunner):
    mdrun = "gmx mdrun"
    mpiexec = "imdshim"

    def mpicommand(self, client):
        return [self.mpiexec, "run", "-q", "--client", client, "--"]


def test_it_runs_mdrun_with_the_prefix(argon):
    runner = Runner(s="argon.tpr", deffnm="seg", nt=1, imdwait=True, imdport=0)
    status = runner.run(client=f'{PYTHON} {SCRIPTS}/pcoord.py "$IMD_URL" 501 0 1 >distances')
    assert status == 0
    assert runner.check_success()
    assert len((argon / "distances").read_text().split()) == 501
