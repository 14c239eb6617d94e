#!/bin/sh
# Show imdshim at work from end to end, in a few seconds: a real GROMACS run on a port that
# nobody knows before it listens, and a client that gets every frame of it.
#
# usage: scripts/demo.sh
#
# Needs a built tree, as make demo leaves it; BUILD names another build directory. Where gmx is
# not installed a stand-in engine of the tests takes its place, and the first line says so.
#
# Status: 0 if the run and its client succeeded and the port that imdshim told is the one that
# the engine names itself.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$root" && cd "${BUILD:-build}" && pwd)
PATH=$build/bin:$PATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
cd "$dir"

with_gromacs() {
    echo "imdshim demo: real GROMACS $(gmx --version 2>/dev/null | sed -n 's/^GROMACS version: *//p')"
    "$root/scripts/argon-gromacs.sh" . 5000
    echo "(216 argon atoms, 5000 steps, an IMD frame each; GROMACS takes any free port)"
    show_run gmx mdrun -s argon.tpr -deffnm seg -nt 1 -imdwait -imdport 0
    own_port=$(sed -n 's/^IMD: Listening for IMD connection on port \([0-9]*\)\.$/\1/p' seg.log)
    own_words="GROMACS names in its log"
}

with_stand_in() {
    echo "imdshim demo: NOT GROMACS, for gmx is not installed here, but a stand-in engine"
    [ -x "$build/tests/doubles/imd-server" ] ||
        make -s -C "$root" BUILD="$build" "$build/tests/doubles/imd-server" >/dev/null
    PATH=$build/tests/doubles:$PATH
    echo "(tests/doubles/imd-server.c: a few frames, then it ends; it takes any free port)"
    show_run imd-server v2
    own_port=$(head -n 1 out)
    own_words="the stand-in prints"
}

show_run() { # ENGINE [ARG...]
    # shellcheck disable=SC2016 # IMD_URL is the client's
    printf '\n$ imdshim run -v --client '\''imdshim watch $IMD_URL'\'' -- \\\n      %s\n' "$*"
    status=0
    # shellcheck disable=SC2016
    imdshim run -v --client 'imdshim watch $IMD_URL' -- "$@" >out 2>err || status=$?
    sed -n 's/^imdshim: /  &/p' err
    sed -n 's/.* frames of /  imdshim watch: &/p' out
}

if command -v gmx >/dev/null; then with_gromacs; else with_stand_in; fi
told_port=$(sed -n 's/^imdshim: .* listens on .*:\([0-9]*\) (asked for .*/\1/p' err)

echo
printf '  %-36s %s\n' "the port imdshim told" "${told_port:-none}" \
    "the port $own_words" "${own_port:-none}" "exit status" "$status"
if [ -n "$told_port" ] && [ "$told_port" = "$own_port" ] && [ "$status" -eq 0 ]; then
    printf '\n  As it should be.\n'
else
    printf '\nThe demo FAILED. What engine and client printed:\n'
    cat err out
    exit 1
fi
