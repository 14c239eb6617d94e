#!/bin/bash
# The rules of the house, held against its include lines: which room may use which, no circle,
# no room too large to be learned, no file too long to be read in one sitting.
#
# usage: scripts/rooms.sh
#
# A module is NAME.c and NAME.h. Prints each breach; the status is 1 if there is one.
set -u
cd "$(dirname "$0")/.." || exit 125

most_lines=300 most_modules=13

# ROOM: the rooms beside itself that it may include.
rules='
shim/wire:
shim/kernel: shim/wire
shim/events: shim/wire shim/kernel
shim/state: shim/wire shim/kernel shim/events
shim/hooks: shim/wire shim/kernel shim/events shim/state
launcher/libc:
launcher/base: launcher/libc shim/wire
launcher/imd: launcher/libc launcher/base
launcher/relay: launcher/libc launcher/base launcher/imd shim/wire
launcher/preload: launcher/libc launcher/base shim/wire
launcher/container: launcher/libc launcher/base launcher/preload shim/wire
launcher/proc: launcher/libc launcher/base launcher/preload shim/wire
launcher/source: launcher/libc launcher/base shim/wire
launcher/notify: launcher/libc launcher/base launcher/proc launcher/preload launcher/source shim/wire
launcher/diagnosis: launcher/libc launcher/base launcher/proc launcher/preload launcher/source shim/wire
launcher/run: launcher/libc launcher/base launcher/container launcher/imd launcher/relay launcher/proc launcher/diagnosis launcher/source launcher/preload shim/wire
launcher/commands: launcher/libc launcher/base launcher/container launcher/imd launcher/relay launcher/preload launcher/source launcher/notify launcher/run shim/wire
launcher: launcher/base launcher/commands
'

breaches=0
breach() {
    printf '%s\n' "$*"
    breaches=$((breaches + 1))
}

# "FILE INCLUDED", for each include of a file of ours.
includes() {
    grep -o '^#include "[^"]*"' "$@" | sed 's/:#include "/ /; s/"$//'
}

mapfile -t files < <(find shim launcher -name '*.[ch]' | sort)

while read -r file included; do
    room=${file%/*} used=${included%/*}
    allowed=$(sed -n "s|^$room: *||p" <<<"$rules")
    case " $room $allowed " in
    *" $used "*) ;;
    *) breach "$file includes $included, but $room may use only: ${allowed:-itself}" ;;
    esac
done < <(includes "${files[@]}")

for room in $(find shim launcher -mindepth 1 -type d | sort); do
    modules=$(find "$room" -maxdepth 1 -name '*.[ch]' | sed 's/\.[ch]$//' | sort -u | wc -l)
    grep -q "^$room:" <<<"$rules" || breach "$room is no room of this script's table"
    [ "$modules" -le $most_modules ] || breach "$room has $modules modules, more than $most_modules"
done

for file in "${files[@]}"; do
    lines=$(wc -l <"$file")
    [ "$lines" -le $most_lines ] || breach "$file has $lines lines, more than $most_lines"
done

# tsort(1) names the modules of a circle.
circle=$(includes "${files[@]}" | sed 's/\.[ch]\b//g' | awk '$1 != $2' | tsort 2>&1 >/dev/null)
[ -z "$circle" ] || breach "modules include each other in a circle: $circle"

[ "$breaches" -eq 0 ]
