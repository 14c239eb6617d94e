#!/bin/sh
# The tests with other people's clients, from PyPI, in a virtual environment of their own.
#
# usage: tests/ecosystem/run.sh BUILD
#
# The environment is BUILD/ecosystem, made anew when requirements.txt has changed. IMDSHIM and SOURCE
# are in the environment, as for all tests.
set -eu

build=${1:?usage: tests/ecosystem/run.sh BUILD}
here=$(cd "$(dirname "$0")" && pwd)
venv=$build/ecosystem

if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi
for test in "$here"/test_*.py; do
    "$venv/bin/python" "$test"
done
