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

archive=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' \
    /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1)
mkdir -p lists/partial cache/archives/partial
echo "deb $archive bullseye main" >sources.list

apt_of_bullseye() {
    apt-get -q -o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache" \
        -o APT::Sandbox::User=root "$@" >>apt.log 2>&1 || { cat apt.log >&2; exit 1; }
}

apt_of_bullseye update
apt_of_bullseye download 'libc6=2.31*' 'busybox=1:1.30*'
for package in *.deb; do dpkg -x "$package" old; done

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
