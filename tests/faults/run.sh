#!/bin/bash
# What make check-faults runs, part after part, and the table of what they found.
#
# usage: tests/faults/run.sh COMMAND...      each a command line of its own
#
# A part prints what it likes, and one row for each thing that it tried:
#
#     == NAME: N tried, N failed; REMARK
#
# A part that prints no row, or ends with a status other than 0, has failed; so has the whole if
# anything in a row has.
set -u

log=$(mktemp -p /tmp) rows=$(mktemp -p /tmp)
trap 'rm -f "$log" "$rows"' EXIT

for command; do
    start=$(date +%s)
    bash -c "$command" 2>&1 | tee "$log" | grep -av '^== '
    status=${PIPESTATUS[0]}
    grep -a '^== ' "$log" >>"$rows" || echo "== $command: 0 tried, 1 failed; no row" >>"$rows"
    [ "$status" -eq 0 ] || echo "== $command: 1 tried, 1 failed; status $status" >>"$rows"
    echo "($(($(date +%s) - start)) s)"
done

echo
sed -E 's/^== (.*): ([0-9]+) tried, ([0-9]+) failed; ?(.*)/\1|\2|\3|\4/' "$rows" |
    while IFS='|' read -r name tried failed remark; do
        printf '%-40s %9s tried %5s failed  %s\n' "$name" "$tried" "$failed" "$remark"
    done
bad=$(grep -cvE ': [1-9][0-9]* tried, 0 failed;' "$rows")
echo "$(grep -c . "$rows") rows, $bad with failures"
[ -s "$rows" ] && [ "$bad" -eq 0 ]
