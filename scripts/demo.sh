#!/bin/sh
# Show imdshim at work, in a few seconds: a real GROMACS run on a port that nobody knows before
# GROMACS listens on it, and a client that reads every frame of the run.
#
# usage: scripts/demo.sh
#
# Needs a built tree, as make demo leaves it; BUILD names another build directory. If gmx is not
# installed, a stand-in engine of the tests takes its place, and the first line says so.
# On a terminal the output is coloured, unless NO_COLOR is set.
#
# Status: 0 if the run and its client succeeded and the port that imdshim reported is the one
# that the engine itself names.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$root" && cd "${BUILD:-build}" && pwd)
PATH=$build/bin:$PATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
cd "$dir"

bold='' faint='' green='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    bold=$(printf '\033[1m') faint=$(printf '\033[2m') green=$(printf '\033[1;32m')
    plain=$(printf '\033[0m')
fi

with_gromacs() {
    echo "imdshim demo: real GROMACS $(gmx --version 2>/dev/null | sed -n 's/^GROMACS version: *//p')"
    echo "(216 argon atoms, 5000 steps, one IMD frame each; GROMACS takes any free port)"
    "$root/scripts/argon-gromacs.sh" . 5000
    show_run gmx mdrun -s argon.tpr -deffnm seg -nt 1 -imdwait -imdport 0
    own_port=$(sed -n 's/^IMD: Listening for IMD connection on port \([0-9]*\)\.$/\1/p' seg.log)
    own_words="port in GROMACS's log"
}

with_stand_in() {
    echo "imdshim demo: NOT GROMACS: gmx is not installed here, a stand-in engine takes its place"
    echo "(tests/doubles/imd-server.c: a few frames, then it ends; it takes any free port)"
    [ -x "$build/tests/doubles/imd-server" ] ||
        make -s -C "$root" BUILD="$build" "$build/tests/doubles/imd-server" >/dev/null
    PATH=$build/tests/doubles:$PATH
    show_run imd-server v2
    own_port=$(head -n 1 out)
    own_words="port that the stand-in prints"
}

show_run() { # ENGINE [ARG...]
    # shellcheck disable=SC2016 # IMD_URL is the client's
    printf '\n$ %simdshim run -v --client '\''imdshim watch $IMD_URL'\'' -- \\\n    %s%s\n' \
        "$bold" "$*" "$plain"
    status=0
    # shellcheck disable=SC2016
    imdshim run -v --client 'imdshim watch $IMD_URL' -- "$@" >out 2>err || status=$?
    port=$(sed -n 's/^imdshim: .* listens on .*:\([0-9]*\) (asked for .*/\1/p' err)
    {
        sed -n '/^imdshim: /p' err
        # What watch says is too long for one line.
        sed -n 's/\(.* frames of .*\), \([0-9.]* [kMG]*B in .*\)/imdshim watch: \1,\
    \2/p' out
    } | paint
}

# The port stands out wherever it comes up, and who speaks steps back.
paint() {
    sed "s/\([: ]\)${port:-none}/\1$green${port:-none}$plain/g; s/^imdshim[a-z ]*:/$faint&$plain/"
}

if command -v gmx >/dev/null; then with_gromacs; else with_stand_in; fi

echo
printf '  %-32s %s\n' "port that imdshim reported" "${port:-none}" \
    "$own_words" "${own_port:-none}" "exit status of the run" "$status" | paint
if [ -n "$port" ] && [ "$port" = "$own_port" ] && [ "$status" -eq 0 ]; then
    printf '\nThe ports are the same, and the client has read the whole run.\n'
else
    printf '\nThe demo FAILED. What the engine and the client printed:\n'
    cat err out
    exit 1
fi
