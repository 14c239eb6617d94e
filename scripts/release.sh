#!/bin/sh
# Build the archive that is unpacked and run: imdshim-VERSION-linux-ARCH.tar.gz.
#
# usage: scripts/release.sh DIRECTORY WORK VERSION ARCH...
#
# ARCH is x86_64 or aarch64. The library is built with Debian's gcc for ARCH, and needs no symbol
# that glibc 2.17 or musl lacks. The launcher is linked statically with musl, and not as PIE: of
# what is possible that starts fastest, and it asks nothing of the machine but its kernel. musl is
# the package musl-dev for ARCH, unpacked below WORK.
#
# The same bytes wherever it is built: times are SOURCE_DATE_EPOCH, or else the last commit's.
set -eu

[ $# -ge 4 ] || { sed -n 's/^# \(usage: .*\)/\1/p' "$0" >&2; exit 125; }
mkdir -p "$1" "$2"
out=$(cd "$1" && pwd) work=$(cd "$2" && pwd) version=$3
shift 3
cd "$(dirname "$0")/.."

: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Makefile)}"
umask 022
unset CFLAGS CPPFLAGS LDFLAGS LAUNCHER_CC LAUNCHER_LDFLAGS MAKEFLAGS MFLAGS MAKELEVEL

debian_arch() {
    case $1 in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) echo "release.sh: unknown processor '$1': x86_64 or aarch64" >&2; exit 125 ;;
    esac
}

# musl-gcc's own specs file, but for where musl is; and the kernel's headers, which musl has not.
prepare_musl() { # ARCH DIRECTORY
    [ -e "$2/usr/include/linux" ] ||
        scripts/debian.sh bookworm "$(debian_arch "$1")" "$2" musl-dev linux-libc-dev
    mkdir -p "$2/kernel"
    ln -sfn "$2/usr/include/linux" "$2/usr/include/asm-generic" "$2/usr/include/$1-linux-gnu/asm" \
        "$2/kernel"
    sed "s|/usr/|$2/usr/|g" "$2/usr/lib/$1-linux-musl/musl-gcc.specs" >"$2/specs"
}

fill_tree() { # ARCH DIRECTORY
    gcc=$1-linux-gnu-gcc
    make -s -j"$(getconf _NPROCESSORS_ONLN)" BUILD="$work/build-$1" CC="$gcc" CFLAGS=-O2 \
        LDFLAGS=-s LAUNCHER_LDFLAGS='-static -no-pie -s' \
        LAUNCHER_CC="$gcc -specs $work/musl-$1/specs -isystem $work/musl-$1/kernel" \
        install DESTDIR="$2" PREFIX= >/dev/null
    install -m 644 README.md LICENSE "$2"
}

for arch; do
    name=imdshim-$version-linux-$arch
    prepare_musl "$arch" "$work/musl-$arch"
    rm -rf "${work:?}/$name"
    fill_tree "$arch" "$work/$name"
    tar -C "$work" --sort=name --format=ustar --owner=0 --group=0 --numeric-owner \
        --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
done
cd "$out"
sha256sum -- imdshim-*.tar.gz >SHA256SUMS
cat SHA256SUMS
