#!/bin/sh
# Print how many lines of the library and of the launcher the tests have executed, with gcov(1).
#
# usage: scripts/coverage.sh BUILD-DIRECTORY
#
# The library is built twice, for engines and for unit tests: a line counts if it was executed in
# either.
set -eu

build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

lines() { # FOLDER: "FILE LINE COUNT" of every line that is code
    find "$build/$1" "$build/tests/$1" -name '*.gcda' 2>/dev/null | while read -r data; do
        gcov --stdout --object-directory "$(dirname "$data")" "$data" 2>/dev/null
    done | awk -F: '
        $3 == "Source" { file = $4 }
        file ~ /^'"$1"'\// && $1 !~ /-$/ && $2 > 0 { print file, $2 + 0, ($1 ~ /#|=/) ? 0 : 1 }'
}

for folder in shim launcher; do
    lines "$folder" | awk -v folder="$folder" '
        { hit[$1 ":" $2] += $3 }
        END {
            for (line in hit) { all++; done += hit[line] > 0 }
            if (all == 0) exit 1
            printf "%-9s %d of %d lines, %.1f %%\n", folder, done, all, 100 * done / all
        }'
done
