#!/bin/bash
# docker run, as typed, with a docker daemon of our own: make check-docker. It is no part of make
# check, because to install docker is to start a daemon on the machine.
#
# usage: IMDSHIM=PATH DOUBLES=PATH SOURCE=PATH tests/docker.sh
#
# Needs root, docker and dockerd (Debian: docker.io). Prints a line for each claim; the status is 1
# if one does not hold, 77 if there is no daemon to be had.
#
# shellcheck disable=SC2317 # functions are called by trap and by claim
set -u

place=$(mktemp -d /tmp/imdXXXXXX)
cd "$place" || exit 77
engine=/bin/engine failed=0 daemon=
export DOCKER_HOST="unix://$place/socket" TMPDIR="$place"

cleanup() {
    [ -z "$daemon" ] || { kill "$daemon" && wait "$daemon"; }
    umount "$place/exec/netns/default" 2>/dev/null
    rm -rf "$place"
}
trap cleanup EXIT

start_daemon() {
    command -v dockerd >/dev/null || return
    dockerd --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs \
        --data-root "$place/data" --exec-root "$place/exec" --pidfile "$place/pid" \
        --host "$DOCKER_HOST" --default-ulimit "nofile=$(ulimit -n):$(ulimit -n)" >log 2>&1 &
    daemon=$!
    for _ in $(seq 100); do
        docker version >/dev/null 2>&1 && return
        sleep 0.1
    done
    return 1
}

make_image() {
    . "$SOURCE/tests/support/containers.sh"
    root root
    tar -C root -c . | docker import - engine >/dev/null
}

# claim WORDS STATUS COMMAND...: the command ends with the status and leaves no container.
claim() {
    words=$1 expected=$2
    shift 2
    "$@" >out 2>err
    status=$?
    left=$(docker ps -aq)
    if [ "$status" = "$expected" ] && [ -z "$left" ]; then
        echo "ok: $words"
    else
        echo "FAILED: $words: status $status, containers left: ${left:-none}"
        cat out err
        failed=1
    fi
    [ -z "$left" ] || docker rm -f "$left" >/dev/null
}

kill_docker_itself() {
    "$IMDSHIM" run -- docker run --rm engine "$engine" listen=0.0.0.0 sleep=50 2>killed &
    run=$!
    for _ in $(seq 100); do
        ! grep -q 'listens on' killed || break
        sleep 0.1
    done
    read -r child <"/proc/$run/task/$run/children"
    kill -KILL "$child"
    wait "$run"
}

if ! start_daemon || ! make_image; then
    echo "skip: no docker daemon can be had here"
    exit 77
fi
client="$DOUBLES/engine client"
serve='wait accept exit=4'
# shellcheck disable=SC2086 # words
{
    claim "the client of an engine in a container is served" 4 \
        timeout 60 "$IMDSHIM" run -c "$client \$IMD_PORT" -- \
        docker run --rm engine $engine listen=0.0.0.0 $serve
    claim "the engine's port is its own" 4 \
        timeout 60 "$IMDSHIM" run -p 8888 -c "$client 8888" -- \
        docker run --rm engine $engine listen=0.0.0.0/8888 $serve
    claim "an engine in a network of its own has no client" 125 \
        timeout 60 "$IMDSHIM" run -c 'exit 3' -- \
        docker run --rm --network=none engine $engine listen=0.0.0.0 $serve
    claim "a container whose client fails is ended" 7 \
        timeout 60 "$IMDSHIM" run -c 'exit 7' -- docker run --rm engine $engine listen=0.0.0.0 wait sleep=50
    claim "a container that outlives docker run is ended" 137 kill_docker_itself
}
exit $failed
