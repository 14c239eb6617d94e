"""The clients' own tests give with imdshim before them what they give without, one by one."""

import xml.etree.ElementTree

import pytest

from conftest import PYTHON

import subprocess

SUITES = {
    # Those of its tests that need no image of a fork of GROMACS, LAMMPS or NAMD.
    "imdclient": ["imdclient.tests.test_imdclient", "imdclient.tests.test_utils"],
    "MDAnalysis": ["MDAnalysisTests.coordinates.test_imd"],
}


def results(report, prefix, suite):
    """{test: passed, failed, error or skipped}"""
    subprocess.run(
        [*prefix, PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        + [f"--junitxml={report}", "--pyargs", *suite],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=300,
    )
    told = {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        told[case.get("classname"), case.get("name")] = kinds or ["passed"]
    return told


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_the_prefix_changes_no_result(suite):
    bare = results("bare.xml", [], suite)
    prefixed = results("prefixed.xml", ["imdshim", "run", "-q", "--"], suite)
    assert len(bare) > 20
    assert list(bare.values()).count(["passed"]) > 20
    assert prefixed == bare
