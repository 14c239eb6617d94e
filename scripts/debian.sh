#!/bin/sh
# Unpack packages of another release of Debian, or for another processor. Nothing is installed.
#
# usage: scripts/debian.sh SUITE ARCH DIRECTORY PACKAGE...
#
# SUITE is "bookworm", "bullseye"...; ARCH Debian's word, "amd64" or "arm64". The packages come
# from the archive that this machine's apt uses, and are checked with its keys; those that they
# depend on do not come along. DIRECTORY.apt keeps what was fetched.
#
# Status: 0; 1 if the archive or a package cannot be had, with apt's words on stderr.
set -eu

[ $# -ge 4 ] || { sed -n 's/^# \(usage: .*\)/\1/p' "$0" >&2; exit 125; }
suite=$1 arch=$2 target=$3
shift 3

mkdir -p "$target" "$target.apt/lists/partial" "$target.apt/cache/archives/partial"
target=$(cd "$target" && pwd)
cd "$target.apt"

archive=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' \
    /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1)
echo "deb $archive $suite main" >sources.list

apt_of_suite() {
    apt-get -q -o "Dir::Etc::sourcelist=$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$PWD/lists" -o Dir::State::status=/dev/null \
        -o "Dir::Cache=$PWD/cache" -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" \
        -o APT::Sandbox::User=root "$@" >log 2>&1 || { cat log >&2; exit 1; }
}

find lists -name '*_Packages*' | grep -q . || apt_of_suite update
rm -f -- *.deb
apt_of_suite download "$@"
for package in *.deb; do
    dpkg -x "$package" "$target"
done
