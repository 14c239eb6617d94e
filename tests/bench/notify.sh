#!/bin/bash
# What user notification costs a program: a loop of getppid(2), a bind(2) and a listen(2), and a run
# of GROMACS from its start to its end, under imdshim run --backend notify and without imdshim, in
# turns. The least of the rounds counts, because whatever disturbs one makes it longer; of the run it
# is the processor's time, for the wall clock is everybody's.
#
# usage: tests/bench/notify.sh LAUNCHER CALLS SOURCE [ROUNDS]
set -eu
launcher=$1 calls=$2 source=$3 rounds=${4:-20}

if ! reason=$("$launcher" run -q --backend notify -- true 2>&1); then
    echo "no user notification here: $reason"
    exit 0
fi

both_ways() { # CALL COUNT: a line "WITHOUT WITH" a round, in nanoseconds a call
    for _ in $(seq "$rounds"); do
        echo "$("$calls" "$1" "$2") $("$launcher" run -q --backend notify -- "$calls" "$1" "$2")"
    done
}

echo "a call under user notification, $rounds rounds, least:"
for call in "getppid 5000" "listen 10"; do
    # shellcheck disable=SC2086 # two words
    both_ways $call | awk -v call="${call% *}" '
        NR == 1 || $1 < a { a = $1 }
        NR == 1 || $2 < b { b = $2 }
        END { printf "  %-8s %9.1f ns without, %9.1f ns with: %5.2f of without\n", call, a, b, b / a }'
done

command -v gmx >/dev/null || exit 0
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
"$source/scripts/argon-gromacs.sh" "$directory" >/dev/null 2>&1
cd "$directory"
export GMX_MAXBACKUP=-1

seconds() { # COMMAND...: of the processor
    TIMEFORMAT='%U %S'
    { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

set -- gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -nsteps 20000 -imdterm -imdport 0
for _ in $(seq "$rounds"); do
    echo "$(seconds "$@") $(seconds "$launcher" run -q --backend notify -- "$@")"
done | awk -v rounds="$rounds" '
    NR == 1 || $1 < a { a = $1 }
    NR == 1 || $2 < b { b = $2 }
    END {
        printf "a run of GROMACS, %d rounds, least, of the processor:\n", rounds
        printf "  %.3f s without, %.3f s under user notification: %.3f of without\n", a, b, b / a
    }'
