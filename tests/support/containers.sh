# Roots for containers, made from files of this machine. To be sourced by a test's command; it puts
# the stand-ins for apptainer and singularity into PATH.
#
# root DIRECTORY [PROGRAM...]   the stand-in engine as /bin/engine, the programs in /bin, and their
#                               libraries
# musl_root DIRECTORY           the engine is built for musl, whose C library alone is there
# podman_here                   PODMAN and LIMITS are how podman runs here
# slow_runtime SECONDS          what PODMAN starts a container with takes so long to do it
#
# shellcheck shell=dash
# shellcheck disable=SC2034 # PODMAN and LIMITS are for the test

mkdir -p bin && cp "$SOURCE/tests/doubles/containers/apptainer" bin/ && ln -sf apptainer bin/singularity
PATH=$PWD/bin:$PATH

# What systemd-nspawn and ch-run ask of a root.
empty_root() { # DIRECTORY
    mkdir -p "$1/bin" "$1/dev" "$1/proc" "$1/sys" "$1/tmp" "$1/run" "$1/usr/bin" "$1/etc" "$1/var" \
        "$1/home" "$1/root"
    for file in passwd group hosts resolv.conf os-release; do
        : >"$1/etc/$file"
    done
}

copy_with_libraries() { # DIRECTORY FILE NAME
    cp -L "$2" "$1/bin/$3" || exit 99
    for library in $(ldd "$2" | grep -o '/[^ ]*'); do
        mkdir -p "$1${library%/*}"
        cp -L "$library" "$1$library" || exit 99
    done
}

root() { # DIRECTORY [PROGRAM...]
    directory=$1
    shift
    empty_root "$directory"
    copy_with_libraries "$directory" "$DOUBLES/launcher-engine" engine
    for program; do
        copy_with_libraries "$directory" "$(command -v "$program")" "$program"
    done
}

# The kernel's headers are this machine's.
musl_root() { # DIRECTORY
    empty_root "$1"
    musl-gcc -w -O1 -D_GNU_SOURCE -I"$SOURCE" -idirafter /usr/include \
        -idirafter "/usr/include/$(gcc -print-multiarch)" -o "$1/bin/engine" \
        "$SOURCE/tests/doubles/engine.c" "$SOURCE"/tests/doubles/support/*.c || exit 99
    mkdir -p "$1/lib"
    for linker in /lib/ld-musl-*; do
        cp -L "$linker" "$1/lib/" || exit 99
    done
}

# Where the machine is itself a container of some kind, limits can be set only to what they are; and
# crun(1) refuses some arrangements of control groups that runc(1) takes. podman refuses a long path
# of what it keeps, so that is outside, and goes with the shell.
podman_here() {
    kept=$(mktemp -d /tmp/imdXXXXXX)
    trap podman_goes EXIT
    PODMAN="podman --cgroup-manager=cgroupfs --storage-driver=vfs --root $kept/root"
    PODMAN="$PODMAN --runroot $kept/run --tmpdir $kept/tmp"
    ! command -v runc >/dev/null || PODMAN="$PODMAN --runtime=runc"
    LIMITS="--ulimit nofile=$(ulimit -Hn):$(ulimit -Hn) --ulimit nproc=1000:1000"
}

slow_runtime() { # SECONDS
    runtime=$(command -v runc || command -v crun)
    printf '#!/bin/sh\ncase $* in *start*) sleep %s ;; esac\nexec %s "$@"\n' "$1" "$runtime" \
        >bin/slow
    chmod +x bin/slow
    PODMAN="$PODMAN --runtime=$PWD/bin/slow"
}

# What clears up behind a container ends a moment after podman, and would make the folder again. Its
# last letter is in brackets, or grep(1) would find itself.
podman_goes() {
    others="${kept%?}[${kept#"${kept%?}"}]"
    for _ in $(seq 100); do
        grep -qs "$others" /proc/[0-9]*/cmdline || break
        sleep 0.1
    done
    rm -rf "$kept"
}
