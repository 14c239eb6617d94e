#!/bin/sh
# What a call costs with the library once the client has been met, and without: 10 million calls
# each way, in turns. The least of the rounds counts: whatever disturbs one makes it longer.
#
# usage: tests/bench/hot.sh HOT LIBRARY [ROUNDS [CALLS]]
set -eu
hot=$1 library=$2 rounds=${3:-200} calls=${4:-50000}

both_ways() { # both_ways CALL: a line "WITHOUT WITH" a round, in nanoseconds
    for _ in $(seq "$rounds"); do
        without=$("$hot" "$1" "$calls")
        with=$(LD_PRELOAD=$library IMDSHIM_FIFO=/nonexistent "$hot" "$1" "$calls")
        echo "$without $with"
    done
}

echo "a call once the client has been met, $rounds rounds of $calls, least:"
for call in select poll accept connect; do
    both_ways "$call" | awk -v call="$call" '
        NR == 1 || $1 < a { a = $1 }
        NR == 1 || $2 < b { b = $2 }
        END { printf "  %-8s %7.2f ns without, %7.2f ns with the library: %+.2f ns\n", call, a, b, b - a }'
done
