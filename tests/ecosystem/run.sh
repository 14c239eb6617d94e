#!/bin/sh
# The tests with other people's programs, from PyPI, in a virtual environment of their own.
#
# usage: tests/ecosystem/run.sh BUILD [PYTEST ARGUMENT...]
#
# The environment is BUILD/ecosystem, made anew when requirements.txt has changed. IMDSHIM and SOURCE
# are in the environment, as for all tests; "imdshim" is in PATH, and the engines there are Debian's.
set -eu

build=${1:?usage: tests/ecosystem/run.sh BUILD}
shift
here=$(cd "$(dirname "$0")" && pwd)
venv=$build/ecosystem

if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi
export PATH="$build/bin:$PATH" VENV="$venv" PYTHONDONTWRITEBYTECODE=1
cd "$here"
exec "$venv/bin/python" -m pytest -q -p no:cacheprovider --durations=5 "$@" .
