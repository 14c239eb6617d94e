#!/bin/bash
# Does it compile and link where we have no machine? For each C library and processor below, by
# the compiler of the PyPI package "ziglang", which carries their headers with it.
#
# usage: scripts/builds.sh DIRECTORY
#
# The compiler is installed into a virtual environment below DIRECTORY. Launcher and library are
# linked, and must need no newer symbol than their target's. The status is 1 if one fails.
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

newest_symbol() { # FILE...
    readelf -W --dyn-syms "$@" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -n 1
}

# A weak reference to a versioned symbol, dlsym in shim/hooks/real.c, is taken by lld only from a
# library that is needed, and zig's libdl is not. Debian's linker takes it from anywhere.
needed_libdl() { # TARGET FILE
    case $1 in
    *musl) return ;;
    x86_64-*) version=2.2.5 ;;
    riscv64-*) version=2.27 ;;
    *) version=2.17 ;;
    esac
    echo "GLIBC_$version { dlsym; };" >"$2.map"
    echo 'void dlsym(void); void dlsym(void) {}' >"$2.c"
    "$python" -m ziglang cc -target "$1" -shared -nostdlib -Wl,-soname,libdl.so.2 \
        "-Wl,--version-script=$2.map" -o "$2" "$2.c" && echo "-Wl,--no-as-needed $2"
}

# That glibc knows IBM's long double alone, and newer zig takes IEEE's.
abi_of() { # TARGET
    case $1 in
    powerpc64le-*) echo -mabi=ibmlongdouble ;;
    esac
}

failed=0
for target in $targets; do
    build=$directory/$target log=$directory/$target.log
    libc=$(sed -n 's/.*gnu\.//p' <<<"$target")
    built=("$build/bin/imdshim" "$build/lib/imdshim/libimdshim.so")
    if make -s -j2 BUILD="$build" CC="$python -m ziglang cc -target $target" CFLAGS="-O2 $(abi_of "$target")" \
        LDFLAGS="$(needed_libdl "$target" "$directory/libdl-$target.so")" WERROR=-Werror \
        "${built[@]}" >"$log" 2>&1 && newest=$(newest_symbol "${built[@]}") &&
        [ "$(printf '%s\n' "$newest" "${libc:-$newest}" | sort -V | tail -n 1)" = "${libc:-$newest}" ]; then
        echo "$target: compiles${newest:+, needs glibc $newest}"
    else
        failed=1
        grep -v '^  CC' "$log"
        echo "$target: FAILED${newest:+, or needs glibc $newest}"
    fi
done
exit $failed
