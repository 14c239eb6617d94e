#!/bin/bash
# Fuzzing: each target of tests/fuzz with libFuzzer, as many at once as there are processors.
#
# usage: tests/faults/fuzz.sh BUILD SECONDS [RUNS]
#
# BUILD is where make fuzzers has built the targets. Each begins with its files in
# tests/fuzz/corpus and ends after SECONDS, or after RUNS executions, if it finds nothing. With
# RUNS it does the same each time; without it begins with what was found before, too, and what it
# finds stays in BUILD/corpus. An input on which a target fails stays in BUILD/crashes.
#
# Prints a row for each target, as run.sh has it. What counts as a failure: a demand of the target
# that does not hold, a sanitizer's report, more than 10 s for one input, or too much memory.
set -u

build=${1:?} seconds=${2:?} runs=${3:-0}
source=$(cd "$(dirname "$0")/.." && pwd)/fuzz
scratch=$(mktemp -d -p /tmp)
trap 'rm -rf "$scratch"' EXIT

statistic() { # statistic NAME LOG: of -print_final_stats
    sed -n "s/^stat::$1: *//p" "$2" | tail -n 1
}

fuzz() { # fuzz TARGET
    local target=$1 corpus=$source/corpus/$1 log=$scratch/$1.log found=$build/corpus/$1
    local limit=() dictionary=() failed=0 remark tried

    if [ "$runs" -gt 0 ]; then
        found=$scratch/$target limit=(-seed=1 -runs="$runs")
    fi
    [ -e "$source/$target.dict" ] && dictionary=(-dict="$source/$target.dict")
    mkdir -p "$found" "$build/crashes"
    TMPDIR=$scratch timeout $((seconds + 120)) "$build/tests/fuzz/$target" "${limit[@]}" \
        "${dictionary[@]}" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
        -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$build/crashes/$target-" \
        "$found" "$corpus" >"$log" 2>&1 || failed=1
    tried=$(statistic number_of_executed_units "$log")
    remark="$(find "$corpus" -type f | wc -l) files in the corpus"
    remark+=", $(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1) edges"
    if [ "$failed" -ne 0 ]; then
        tail -n 60 "$log"
        remark+=", see $(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)"
    fi
    echo "== fuzzing, ${target//_/ }: ${tried:-0} tried, $failed failed; $remark" >"$scratch/$target.row"
}

for file in "$source"/*.c; do
    target=$(basename "$file" .c)
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    fuzz "$target" &
done
wait
cat "$scratch"/*.row
! grep -qv ', 0 failed;' "$scratch"/*.row
