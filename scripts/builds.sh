#!/bin/bash
# Does it compile and link where we have no machine? For each C library and processor below, by
# the compiler of the PyPI package "ziglang", which carries their headers with it.
#
# usage: scripts/builds.sh DIRECTORY
#
# The compiler is installed into a virtual environment below DIRECTORY. The launcher is compiled,
# not linked: libbsd is not there for these targets, and its headers are this machine's. The
# library is linked, and must need no newer symbol than its target's. The status is 1 if one fails.
set -u
cd "$(dirname "$0")/.." || exit 125
directory=${1:?usage: scripts/builds.sh DIRECTORY}
mkdir -p "$directory" || exit 125
directory=$(realpath "$directory")

targets='
x86_64-linux-gnu.2.17
aarch64-linux-gnu.2.17
powerpc64le-linux-gnu.2.19
riscv64-linux-gnu.2.27
x86_64-linux-musl
aarch64-linux-musl
'

python=$directory/python/bin/python
if ! "$python" -m ziglang version >/dev/null 2>&1; then
    python3 -m venv "$directory/python" && "$python" -m pip install -q ziglang || exit 1
fi
export ZIG_GLOBAL_CACHE_DIR=$directory/cache

# The headers of libbsd alone: the directory that holds them has this machine's libc as well.
mkdir -p "$directory/include"
bsd=$(echo '#include <bsd/stdlib.h>' | cc -E - | sed -n 's|^# 1 "\(.*\)/stdlib.h".*|\1|p' | grep '/bsd$' | head -n 1)
ln -sfn "$bsd" "$directory/include/bsd"

newest_symbol() { # LIBRARY
    readelf -W --dyn-syms "$1" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -n 1
}

failed=0
for target in $targets; do
    build=$directory/$target log=$directory/$target.log
    libc=$(sed -n 's/.*gnu\.//p' <<<"$target")
    mapfile -t objects < <(find launcher -name '*.c' | sed "s|^|$build/|; s|c\$|o|")
    if make -s -j2 BUILD="$build" CC="$python -m ziglang cc -target $target" CFLAGS=-O2 \
        CPPFLAGS="-isystem $directory/include" WERROR=-Werror \
        "$build/lib/imdshim/libimdshim.so" "${objects[@]}" >"$log" 2>&1 &&
        newest=$(newest_symbol "$build/lib/imdshim/libimdshim.so") &&
        [ "$(printf '%s\n' "$newest" "${libc:-$newest}" | sort -V | tail -n 1)" = "${libc:-$newest}" ]; then
        echo "$target: compiles${newest:+, the library needs glibc $newest}"
    else
        failed=1
        grep -v '^  CC' "$log"
        echo "$target: FAILED${newest:+, or the library needs glibc $newest}"
    fi
done
exit $failed
