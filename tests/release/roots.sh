# shellcheck shell=bash
# Sourced: small roots of other C libraries and processors, to run the release in.

# An absolute link would lead the linker out of the root.
root_links_relative() { # DIRECTORY
    local link
    find "$1" -type l -lname '/*' | while read -r link; do
        ln -sfnr "$1$(readlink "$link")" "$link"
    done
}

# A root has a C library with its headers, and a static busybox as its shell.
root_make() { # SUITE ARCH LIBC DIRECTORY
    local debian=amd64 libc=(libc6 libc6-dev linux-libc-dev)
    [ "$2" = aarch64 ] && debian=arm64
    [ "$3" = musl ] && libc=(musl musl-dev linux-libc-dev)
    if [ ! -e "$4/bin/sh" ]; then
        rm -rf "$4"
        "$SOURCE/scripts/debian.sh" "$1" "$debian" "$4" busybox-static "${libc[@]}" || return
        root_links_relative "$4"
        mkdir -p "$4/opt" "$4/tmp" "$4/proc" "$4/dev" "$4/etc"
        echo '127.0.0.1 localhost' >"$4/etc/hosts"
        for tool in cat cp find grep mkdir mktemp sed sh tar timeout touch wc; do
            ln -s busybox "$4/bin/$tool" || return
        done
    fi
}

# The compiler for what is in the root, by Debian's own for that processor.
root_compiler() { # ARCH LIBC DIRECTORY
    local usr=$3/usr compiler=$1-linux-gnu-gcc own=$1-linux-$2
    if [ "$2" = musl ]; then
        mkdir -p "$3/kernel"
        ln -sfn "$usr/include/linux" "$usr/include/asm-generic" \
            "$usr/include/$1-linux-gnu/asm" "$3/kernel"
        sed "s|/usr/|$usr/|g" "$usr/lib/$own/musl-gcc.specs" >"$3/specs"
        echo "$compiler -specs $3/specs -isystem $3/kernel -L$3/lib/$own"
    else
        echo "$compiler --sysroot=$3 -B$usr/lib/$own -L$usr/lib/$own -L$3/lib/$own -nostdinc" \
            "-isystem $("$compiler" -print-file-name=include) -isystem $usr/include/$own" \
            "-isystem $usr/include"
    fi
}

root_doubles() { # COMPILER DIRECTORY: stand-in engines and clients
    local from=$SOURCE/tests/doubles double
    mkdir -p "$2"
    for double in imd-server gate-client gate-engine; do
        # shellcheck disable=SC2086 # the compiler has options
        $1 -w -O1 -D_GNU_SOURCE -I"$SOURCE" -o "$2/$double" \
            "$from/${double/gate-engine/engine}.c" "$from"/support/*.c -lpthread -ldl || return
    done
}

# For an interpreter of another processor: a user namespace has handlers of its own, since Linux
# 6.7. The second half of magic and mask is what ELF files of that processor begin with.
aarch64_magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
aarch64_mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
with_aarch64() { # COMMAND...
    # shellcheck disable=SC2016 # of the inner shell
    unshare -Urm sh -c 'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc &&
        echo "$1" >/proc/sys/fs/binfmt_misc/register && shift && exec "$@"' sh \
        ":aarch64:M::$aarch64_magic:$aarch64_mask:$(command -v qemu-aarch64-static):PF" "$@"
}

# Nothing of it can be written but /tmp.
root_run() { # ARCH DIRECTORY COMMAND...
    local root=$2 as=()
    [ "$1" = "$(uname -m)" ] || as=("with_$1")
    shift 2
    ${as[@]+"${as[@]}"} env -i PATH="$PATH" bwrap --ro-bind "$root" / --tmpfs /tmp --proc /proc \
        --dev /dev --die-with-parent --unshare-pid -- "$@"
}
