#!/bin/sh
# Load the library with glibc 2.31, which has dlsym not in libc but in libdl: into Debian 11's busybox,
# which does not load libdl. bind and listen then are the system calls of shim/hooks/real.c.
#
# usage: scripts/old-glibc.sh
#
# Needs a built tree, Debian with apt, and its archive's Debian 11. Nothing is installed.
# Status: 0 if busybox listened and its port was reported.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
library=$root/${BUILD:-build}/lib/imdshim/libimdshim.so
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

"$root/scripts/debian.sh" bullseye "$(dpkg --print-architecture)" old 'libc6=2.31*' 'busybox=1:1.30*'

set -- old/lib/*-linux-gnu*
mkfifo events
exec 3<>events
LD_PRELOAD=$library IMDSHIM_FIFO=$dir/events timeout 2 "$1"/ld-2.31.so --library-path "$1" \
    old/bin/busybox nc -l -p 0 <&3 2>&1 >/dev/null | sed 's/^/busybox: /' &
if ! timeout 5 head -n 1 <&3 >reported || ! grep ' listening ' reported; then
    echo "no port was reported with glibc 2.31"
    exit 1
fi
wait
