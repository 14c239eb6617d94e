#!/bin/bash
# The release, unpacked and run where users are: with an older glibc, with musl, on another
# processor; each in a root of its own, made from packages of Debian.
#
# usage: tests/release/run.sh RELEASE WORK [TEST_PROGRAM...]
#
# RELEASE has the archives, WORK keeps the roots. The test programs, which make's environment
# names the rest for, run with the launcher and the library that were unpacked.
# The last line is "N passed, N failed, N skipped"; the status is 1 if something failed.
# shellcheck disable=SC2016 # $IMD_URL is the client's
set -u

[ $# -ge 2 ] || { echo 'usage: tests/release/run.sh RELEASE WORK [TEST_PROGRAM...]' >&2; exit 125; }
release=$(realpath "$1") work=$(realpath "$2")
shift 2
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
here=$SOURCE/tests/release
# shellcheck source=tests/release/roots.sh
. "$here/roots.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log
: >"$log"

claim() { # CLAIM COMMAND...
    local said="FAILED"
    "${@:2}" >"$scratch/said" 2>&1 && said="ok"
    echo "$said: $1" | tee -a "$log"
    [ "$said" = ok ] || sed 's/^/    /' "$scratch/said"
}

skip() { echo "skip: $*" | tee -a "$log"; }

archive_of() { # ARCH
    echo "$release"/imdshim-*-linux-"$1".tar.gz
}

unpack() { # ARCH DIRECTORY
    mkdir -p "$2" && tar -xzf "$(archive_of "$1")" -C "$2" --strip-components=1
}

# ---- what can be read off the archives ----

is_static() { # PROGRAM
    readelf -Wld "$1" >"$scratch/headers" && ! grep -E 'INTERP|NEEDED' "$scratch/headers"
}

needs_no_newer_glibc_than() { # VERSION LIBRARY
    local newest
    newest=$(readelf -W --dyn-syms "$2" | sed -n 's/.*@GLIBC_\([0-9.]*\).*/\1/p' | sort -uV | tail -n 1)
    echo "needs glibc $newest"
    [ -n "$newest" ] && [ "$(printf '%s\n' "$newest" "$1" | sort -V | tail -n 1)" = "$1" ]
}

has_what_install_has() { # ARCH
    make -s -C "$SOURCE" DESTDIR="$scratch/installed" PREFIX=/ BUILD="${BUILD:-build}" install \
        >/dev/null
    cp "$SOURCE/README.md" "$SOURCE/LICENSE" "$scratch/installed"
    diff <(cd "$scratch/installed" && find . -type f | sort) <(cd "$2" && find . -type f | sort)
}

check_archive() { # ARCH
    local tree=$scratch/$1
    claim "$1: the archive can be unpacked" unpack "$1" "$tree"
    claim "$1: the launcher needs nothing but a kernel" is_static "$tree/bin/imdshim"
    claim "$1: the library needs no newer glibc than 2.17" \
        needs_no_newer_glibc_than 2.17 "$tree/lib/imdshim/libimdshim.so"
    claim "$1: it has what make install installs, README and LICENSE" has_what_install_has "$1" "$tree"
}

# From a copy of the sources, by another name, in another time zone and with another umask.
builds_the_same() { # ARCH
    local copy="$scratch/other-place/$1" epoch
    epoch=$(tar -tvzf "$(archive_of "$1")" --full-time --utc | awk 'NR == 1 { print $4, $5, "UTC" }')
    epoch=$(date -d "$epoch" +%s)
    mkdir -p "$copy" "$scratch/other-work" && cp -a "$SOURCE"/{Makefile,README.md,LICENSE,launcher,shim,scripts} \
        "$copy" && cp -a "$work/musl-$1" "$scratch/other-work" || return
    (umask 077 && TZ=Pacific/Apia LC_ALL=C SOURCE_DATE_EPOCH=$epoch "$copy/scripts/release.sh" \
        "$scratch/again" "$scratch/other-work" "$(basename "$(archive_of "$1")" | cut -d- -f2)" "$1") &&
        cmp "$(archive_of "$1")" "$scratch/again/$(basename "$(archive_of "$1")")"
}

# ---- what it does ----

fill_root() { # SUITE ARCH LIBC ROOT
    local compiler
    root_make "$@" && compiler=$(root_compiler "$2" "$3" "$4") && rm -rf "$4/opt" &&
        unpack "$2" "$4/opt/imdshim" && root_doubles "$compiler" "$4/opt/doubles" &&
        cp "$here/in-root.sh" "$4/opt"
}

check_root() { # SUITE ARCH LIBC
    local name=$1-$2-$3 root=$work/root-$1-$2-$3
    if [ "$2" != "$(uname -m)" ] && ! "with_$2" true 2>"$scratch/said"; then
        skip "$name: no handler for $2 (needs Linux 6.7 and qemu-user-static): $(tail -n 1 "$scratch/said")"
        return
    fi
    if ! fill_root "$@" "$root"; then
        claim "$name: the root can be made" false
        return
    fi
    echo "-- $name"
    root_run "$2" "$root" /bin/sh /opt/in-root.sh /opt/imdshim /opt/doubles \
        "$([ "$2" = "$(uname -m)" ] || echo emulated)" >"$scratch/root" 2>&1
    cat "$scratch/root"
    sed -n '/^ok: /p; /^FAILED: /p' "$scratch/root" >>"$log"
    claim "$name: all claims were looked at" grep -q 'no FIFO is left' "$scratch/root"
}

runs_the_demo() {
    chmod -R a-w "$scratch/$(uname -m)"
    (cd "$scratch" && "$SOURCE/scripts/argon-gromacs.sh" . 500 && PATH="$scratch/$(uname -m)/bin:$PATH" &&
        imdshim run -v --client 'imdshim watch $IMD_URL' -- gmx mdrun -s argon.tpr -deffnm seg -nt 1 -imdwait \
            -imdport 0 >watched 2>engine && cat watched && grep '^501 frames' watched)
}

run_test_programs() { # TEST_PROGRAM...
    local tree
    tree=$scratch/$(uname -m)
    IMDSHIM=$tree/bin/imdshim LIBIMDSHIM=$tree/lib/imdshim/libimdshim.so "$SOURCE/tests/run.sh" "$@"
}

for arch in x86_64 aarch64; do
    check_archive "$arch"
done
claim 'checksums are right' env -C "$release" sha256sum -c SHA256SUMS
for arch in x86_64 aarch64; do
    claim "$arch: the same bytes are built elsewhere" builds_the_same "$arch"
    check_root bullseye "$arch" gnu
    check_root bookworm "$arch" musl
done
if command -v gmx >/dev/null; then
    claim 'GROMACS, as in the demo' runs_the_demo
else
    skip 'GROMACS: gmx is not installed'
fi
[ $# -eq 0 ] || claim 'the test programs pass with it' run_test_programs "$@"

count() { grep -c "^$1: " "$log"; }
failed=$(count FAILED)
echo "$(count ok) passed, $failed failed, $(count skip) skipped"
[ "$failed" -eq 0 ]
