#!/bin/sh
# Run test programs one after the other and count what they say.
#
# usage: tests/run.sh PROGRAM...
#
# Every program is a Check suite that prints "NN%: Checks: N, Failures: N, Errors: N". A program
# that ends without that line, or with a status that does not fit it, has failed.
# At the end come the tests that failed, once more, and "N passed, N failed, N skipped"; the
# status is 0 if nothing failed.
set -u

umask 022 # some tests are another user's: neither our mask nor our TMPDIR may shut it out
log=$(mktemp -p /tmp) failures_log=$(mktemp -p /tmp)
scratch=$(mktemp -d -p /tmp) # a test that failed may not have cleaned up
chmod 755 "$scratch"
trap 'rm -rf "$log" "$failures_log" "$scratch"' EXIT
passed=0 failed=0 skipped=0

count() { # count NAME: the number after "NAME: " in the totals of the log
    sed -n "s/^[0-9]*%: .*$1: \([0-9]*\).*/\1/p" "$log" | tail -n 1
}

for program; do
    start=$(date +%s)
    TMPDIR=$scratch "$program" >"$log" 2>&1
    status=$?
    checks=$(count Checks) failures=$(count Failures) errors=$(count Errors)
    bad=$((${failures:-0} + ${errors:-0}))
    if [ -z "$checks" ] || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
        bad=$((bad + 1)) checks=$((${checks:-0} + 1))
    fi
    passed=$((passed + checks - bad)) failed=$((failed + bad))
    skipped=$((skipped + $(grep -ac '^skip: ' "$log")))
    grep -a '^skip: ' "$log"
    printf '%-36s %3d passed, %d failed (%d s)\n' "${program##*/}" $((checks - bad)) "$bad" \
        $(($(date +%s) - start))
    [ "$bad" -eq 0 ] && continue
    cat "$log"
    { grep -aE ':[FES]:' "$log" || echo "$program: status $status"; } >>"$failures_log"
done
cat "$failures_log"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
