#!/bin/sh
# Run test programs, several at once, and count what they say.
#
# usage: [JOBS=N] tests/run.sh PROGRAM...
#
# JOBS: so many at once; by default two for each processor, because most of them mostly wait.
# Every program is a Check suite that prints "NN%: Checks: N, Failures: N, Errors: N". A program
# that ends without that line, or with a status that does not fit it, has failed.
# Each program has a line as it ends, below its skips and, if it has failed, all that it said. At
# the end come the tests that failed, once more, and "N passed, N failed, N skipped"; the status
# is 0 if nothing failed.
set -u

# The programs that cannot run beside others, each with its reason. They run last, one by one.
runs_alone() { # PROGRAM
    case ${1##*/} in
    test_thousand) ;;   # a thousand runs at once leave nothing to others
    test_turnaround) ;; # compares how long commands take
    *) false ;;
    esac
}

# What is waited for longest begins first.
is_long() { # PROGRAM
    case ${1##*/} in
    test_launcher_ends | test_launcher_evidence | test_launcher_client_end | test_watch_keys) ;;
    test_launcher_others | test_only_me_shared | test_faults | test_real_build) ;;
    test_real_launchers | test_real_gate | test_real_hosts | test_container) ;;
    *) false ;;
    esac
}

# What the program says, its status and how long it took are kept in a folder. Then it is named on
# stdout. It has a TMPDIR of its own, with a short name: there are sockets in it.
run_one() { # PROGRAM
    mkdir -p "$results/$1"
    TMPDIR=$(mktemp -d -p "$results" XXX)
    export TMPDIR
    chmod 755 "$TMPDIR"
    start=$(date +%s)
    "$1" >"$results/$1/log" 2>&1
    echo $? >"$results/$1/status"
    echo $(($(date +%s) - start)) >"$results/$1/seconds"
    echo "$1"
}

count() { # count NAME LOG: the number after "NAME: " in the totals
    sed -n "s/^[0-9]*%: .*$1: \([0-9]*\).*/\1/p" "$2" | tail -n 1
}

report() { # PROGRAM
    log=$results/$1/log status=$(cat "$results/$1/status")
    checks=$(count Checks "$log") failures=$(count Failures "$log") errors=$(count Errors "$log")
    bad=$((${failures:-0} + ${errors:-0}))
    if [ -z "$checks" ] || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
        bad=$((bad + 1)) checks=$((${checks:-0} + 1))
    fi
    passed=$((passed + checks - bad)) failed=$((failed + bad))
    skipped=$((skipped + $(grep -ac '^skip: ' "$log")))
    grep -a '^skip: ' "$log"
    printf '%-42s %3d passed, %d failed (%d s)\n' "${1##*tests/}" $((checks - bad)) "$bad" \
        "$(cat "$results/$1/seconds")"
    [ "$bad" -eq 0 ] && return
    cat "$log"
    { grep -qaE ':[FES]:' "$log" || echo "$1: status $status"; } >>"$results/failures"
    sed -n '/:[FES]:/,$p' "$log" >>"$results/failures" # a message may have several lines
}

if [ "$1" = --one ]; then
    run_one "$2"
    exit
fi

umask 022 # some tests are another user's: neither our mask nor our TMPDIR may shut it out
results=$(mktemp -d -p /tmp)
export results
trap 'rm -rf "$results"' EXIT # with what tests that failed have left
chmod 755 "$results"
: >"$results/failures"
for program; do
    list=rest
    ! is_long "$program" || list=long
    ! runs_alone "$program" || list=alone
    echo "$program" >>"$results/$list"
done
touch "$results/long" "$results/rest" "$results/alone"
{
    cat "$results/long" "$results/rest" |
        xargs -r -P "${JOBS:-$(($(getconf _NPROCESSORS_ONLN) * 2))}" -n 1 "$0" --one
    xargs -r -n 1 "$0" --one <"$results/alone"
} | {
    passed=0 failed=0 skipped=0 reported=0
    while read -r program; do
        report "$program"
        reported=$((reported + 1))
    done
    cat "$results/failures"
    if [ "$reported" -ne $# ]; then
        echo "$(($# - reported)) programs did not end"
        failed=$((failed + $# - reported))
    fi
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
}
