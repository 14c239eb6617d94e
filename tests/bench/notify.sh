#!/bin/sh
# What user notification costs a program: a loop of getppid(2), a bind(2) and a listen(2), and a run
# of GROMACS from its start to its end, under imdshim run --backend notify and without imdshim, in
# turns. For calls the least of the rounds counts, because whatever disturbs one makes it longer; for
# the run the median.
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

milliseconds() { # COMMAND...: how long it takes
    start=$(date +%s%N)
    "$@" >/dev/null 2>&1
    echo $((($(date +%s%N) - start) / 1000000))
}

set -- gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -nsteps 20000 -imdterm -imdport 0
for _ in $(seq "$rounds"); do
    milliseconds "$@" >>without
    milliseconds "$launcher" run -q --backend notify -- "$@" >>with
done
median() { # FILE
    sort -n "$1" | sed -n "$(((rounds + 1) / 2))p"
}
echo "a run of GROMACS, $rounds rounds, medians:"
echo "$(median without) $(median with)" | awk '
    { printf "  %d ms without, %d ms under user notification: %.3f of without\n", $1, $2, $2 / $1 }'
