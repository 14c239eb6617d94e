#!/bin/bash
# Runs where something is lacking: descriptors, processes, a place for files, /proc.
#
# usage: surroundings.sh        with IMDSHIM, LIBIMDSHIM and DOUBLES set
#
# A run has not failed whose engine has its own status, and whose port is in the file or a line
# says why not; or that was refused, with one of our statuses or the loader's and a line, before
# the engine was started. Nothing may be left of it. Without root's privileges, or where no file
# system can be mounted, there is less to try, and the row says so.
set -u

area=$(mktemp -d "${TMPDIR:-/tmp}/imdshim-faults.XXXXXX")
trap 'cd /; rm -rf "$area"' EXIT
mkdir -p "$area/tree/bin" "$area/tree/lib/imdshim" "$area/run" "$area/tmp"
cp "${IMDSHIM##* }" "$area/tree/bin/imdshim"
cp "$LIBIMDSHIM" "$area/tree/lib/imdshim/"
cp "$DOUBLES/launcher-engine" "$area/tree/bin/"
chmod -R a+rX "$area"
chmod 777 "$area/run" "$area/tmp"
export TMPDIR=$area/tmp PATH=$area/tree/bin:/usr/sbin:/usr/bin:/sbin:/bin
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
cd "$area/run" || exit 1

tried=0 failed=0 saved=0 refused=0
engine='launcher-engine pids listen=127.0.0.1 wait exit=4'

complain() { # WHAT
    echo "$where: $1 (status $status)"
    sed 's/^/    /' "$area/err"
    failed=$((failed + 1))
}

judge() {
    tried=$((tried + 1))
    if [ "$status" -eq 4 ]; then
        saved=$((saved + 1))
        [ -s port ] || [ -s "$area/err" ] || complain 'no port, and no line'
    elif [ "$status" -lt 124 ] || [ "$status" -gt 127 ]; then
        complain 'a status that is neither its own nor ours'
    elif [ -e engine ]; then
        complain 'the engine ran, and its status was lost'
    elif ! grep -qE '^[^ ]*(imdshim|sh|env|bash)[^ ]*: ' "$area/err"; then
        complain 'no line says why'
    else
        refused=$((refused + 1))
    fi
    left=$(find "$area/tmp" "$area/run" -mindepth 1 ! -name port ! -name engine \
        ! -name launcher ! -name 'imdshim-*')
    [ -z "$left" ] || complain "left: $left"
}

# Engine and launcher are written down by "pids"; they have no descriptor to spare for that.
try() { # WHERE COMMAND, which runs "$engine" under imdshim
    where=$1
    rm -rf port engine launcher "$area/tmp"/*
    timeout 30 bash -c "$2" >/dev/null 2>"$area/err"
    status=$?
    judge
}

row() { # NAME REMARK
    echo "== $1: $tried tried, $failed failed; as ever or without the port $saved," \
        "refused with a line $refused$2"
    tried=0 failed=0 saved=0 refused=0
}

for number in $(seq 3 24); do
    try "ulimit -n $number" "ulimit -n $number; exec imdshim run -t 20 -o port -- ${engine/pids /}"
    try "ulimit -n $number, two nodes" "ulimit -n $number; SLURM_JOB_NUM_NODES=2 exec imdshim run \
        -t 20 -o port -- ${engine/pids /}"
done
row 'few descriptors' ', from 3 to 24'

if [ "$(id -u)" -eq 0 ]; then
    nobody='setpriv --reuid 65534 --regid 65534 --clear-groups'
    for number in 0 1 2 3 4; do
        try "ulimit -u $number" "exec $nobody bash -c 'ulimit -u $number
            exec imdshim run -o port -- $engine'"
        try "ulimit -u $number, exec" "exec $nobody bash -c 'ulimit -u $number
            exec imdshim exec --fd 9 -- $engine 9>port'"
    done
    row 'few processes' ', from 0 to 4'
fi

run="exec imdshim run -o port -- $engine"
try 'no TMPDIR' "unset TMPDIR; $run"
try 'a TMPDIR that is empty' "TMPDIR= $run"
try 'a TMPDIR that is not there' "TMPDIR=$area/missing $run"
try 'a TMPDIR that is no directory' "TMPDIR=/dev/null $run"
remark=', no file system could be mounted'
if unshare -m true 2>/dev/null; then
    remark=
    there="mkdir $area/tmp/imdshim-0; chmod 700 $area/tmp/imdshim-0"
    mount() { # OPTIONS: a file system of its own in TMPDIR, "ro" with our directory in it
        echo "mount -t tmpfs -o size=4k none $area/tmp; $there; mount -o remount,$1 $area/tmp"
    }
    full="mount -t tmpfs -o size=4k none $area/tmp; cat /dev/zero >$area/tmp/full 2>/dev/null"
    try 'a read-only TMPDIR' "unshare -m bash -c '$(mount ro); $run'"
    try 'a full TMPDIR' "unshare -m bash -c '$full; $run'"
    try 'a TMPDIR with no inode left' "unshare -m bash -c '
        mount -t tmpfs -o nr_inodes=2 none $area/tmp; >$area/tmp/last; $run'"
    try 'a full directory for the port file' "unshare -m bash -c '
        mount -t tmpfs -o size=4k none $area/run; cd $area/run; cat /dev/zero >full 2>/dev/null
        ${run/pids /}'"
    try 'a read-only directory for the port file' "unshare -m bash -c '
        mount -t tmpfs -o ro none $area/run; cd $area/run; $run'"
    # Nor its options can a sanitizer read there, that it is to look for no leaks, say.
    has_options=true
    grep -q __asan_init "$area/tree/bin/imdshim" && has_options=false
    gone='mount -t tmpfs none /proc'
    if $has_options; then
        try 'no /proc' "unshare -m bash -c '$gone; $run'"
        try 'no /proc, exec' "unshare -m bash -c '$gone; exec imdshim exec --fd 9 -- $engine 9>port'"
        try 'no /proc, check' "unshare -m bash -c '$gone; exec imdshim check launcher-engine'"
    fi
    try 'no /proc in the engine' "exec imdshim run -o port -- unshare -m sh -c '$gone
        exec $engine'"
    try 'no /proc in the engine, exec' "exec imdshim exec --fd 9 -- unshare -m sh -c '$gone
        exec $engine' 9>port"
fi
row 'no place for files, no /proc' "$remark"
