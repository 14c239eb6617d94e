#!/bin/bash
# Start an engine and learn its IMD port: client.sh gmx mdrun -deffnm seg -imdwait -imdport 0
dir=$(mktemp -d) && mkfifo "$dir/events" && exec 3<>"$dir/events" || exit
{ imdshim exec --fifo "$dir/events" -- "$@" 3>&-; status=$?; echo "0 ended" >&3; exit $status; } &
read -r port event rest <&3 # without "0 ended" this would wait for ever if nothing listens
[ "$event" != listening ] || read -r port event rest <&3
echo "$port $event $rest" # "ready": here a client would connect
wait $!
status=$?
rm -r "$dir"
exit $status
