#!/bin/bash
# Programs that no one here wrote, with imdshim and without it.
#
# usage: tests/faults/foreign.sh cpython [MODULE...]    CPython's own tests, by cpython.py
#        tests/faults/foreign.sh servers [SERVER...]    redis, nginx, memcached, postgres
#
# cpython: every test of the modules once without the library and once in each of the settings
# below, all of which must tell what they listen on; test_asyncio, which takes longest, only in
# those that look at different calls. A result that differs is a failure. But CPython has tests
# that fail now and then by themselves, where they measure time on a busy machine: what differs,
# if it is not many, is run three times more, one at a time, on both sides, and must agree in two
# of them; each is named, and counted in the row.
#
# --only-me is no setting: it hangs up on a client that has gone before it is accepted, imdshim(1),
# and those of many tests have.
#
# servers: see servers.sh.
#
# Everything happens in a network of its own, which has a loopback and nothing else: a fixed port
# is anyone's there, nobody outside is talked to, and what is left behind is known by it. Needs
# root or user namespaces.
set -u

here=$(cd "${0%/*}" && pwd) || exit
PATH=$PATH:/usr/sbin:/sbin
IMDSHIM=${IMDSHIM##* } # where another program is before it, only that one is of use here
python=/usr/bin/python3.11
unset LC_ALL
export LC_COLLATE=C # sort, join and comm have the order that Python has

fail() { # NAME REMARK
    echo "== $1: 1 tried, 1 failed; $2"
    exit 1
}

# Whatever is in this network, is not this shell, and does not come to its end by itself.
left_behind() {
    local tries=20 pid pids
    while [ $((tries--)) -gt 0 ]; do
        pids=''
        for pid in /proc/[0-9]*; do
            [ "$pid/ns/net" -ef /proc/self/ns/net ] && ! grep -qaz -e --inside "$pid/cmdline" &&
                grep -q '^State:.[^Z]' "$pid/status" && pids+=" ${pid#/proc/}"
        done 2>/dev/null
        [ -n "$pids" ] || break
        sleep 0.1
    done
    [ -z "$pids" ] || ps -o pid=,args= -p "${pids# }" | sed 's/^/left behind: /'
    find "$scratch" -type p ! -path "$scratch/fifo" | sed 's/^/left behind: /'
}

# Run the tests in a setting. Sets `told`, how many listeners the library told.
under() { # SETTING RESULTS ARG...
    local setting=$1 results=$2 log="$scratch/log" events="$scratch/events"
    shift 2
    set -- "$python" "$here/cpython.py" "$@" "$results" "${modules[@]}"
    : >"$events"
    rm -f "$results"
    case $setting in
    plain) "$@" >"$log" ;;
    fifo) # the first listener of each test
        [ -p "$scratch/fifo" ] || mkfifo "$scratch/fifo"
        exec 3<>"$scratch/fifo"
        timeout 900 cat 3>&- <"$scratch/fifo" >"$events" &
        "$IMDSHIM" exec --fifo "$scratch/fifo" -- "$@" 3>&- >"$log"
        exec 3>&-
        wait $!
        ;;
    run) "$IMDSHIM" run -v -- "$@" >"$log" 2>"$events" ;;
    port) # all that is bound is looked at, and nothing is the one
        "$IMDSHIM" exec -v --fd 3 --port 9 -- "$@" 3>"$events" >"$log"
        ;;
    held) # all that listens is told, and every wait looked at, for the whole time
        set -- "$1" "$2" --hold "${@:3}"
        "$IMDSHIM" exec -v --fd 3 --match 'exe=*' -- "$@" 3>"$events" >"$log"
        ;;
    client) # every connect is looked at: port 9 is the gate's
        printf '%q ' grep -q libimdshim /proc/self/maps >"$scratch/client"
        printf '&& echo 0 listening to no one >%q && ' "$events" >>"$scratch/client"
        printf '%q ' "$@" >>"$scratch/client"
        printf '>%q' "$log" >>"$scratch/client"
        "$IMDSHIM" run -q --port 9 --stop-with-client --client "sh '$scratch/client'" -- sleep 900
        ;;
    esac </dev/null
    local status=$?
    told=$(grep -acE '^[0-9]+ (listening|passed) | listens on |ignored port ' "$events")
    [ "$status" -eq 0 ] && return
    cat "$log"
    echo "$setting: status $status"
    return 1
}

differing() { # RESULTS RESULTS: names
    comm -3 "$1" "$2" | awk '{ print $1 }' | sort -u
}

# What differs still in two of three runs.
differing_again() { # SETTING NAMES
    local setting=$1
    for _ in 1 2 3; do
        under plain "$scratch/plain.again" --at-once 1 --only "$2" &&
            under "$setting" "$scratch/again" --at-once 1 --only "$2"
        differing "$scratch/plain.again" "$scratch/again"
    done | sort | uniq -c | awk '$1 >= 2 { print $2 }'
}

compare_setting() { # SETTING
    local results="$scratch/results" plain="$scratch/plain.these" names="$scratch/names"
    local again failed tried module all=("${modules[@]}")
    local modules=()
    cp "$scratch/plain" "$plain"
    for module in "${all[@]}"; do
        if [[ $module = test_asyncio && ! $1 =~ run|held|client ]]; then
            grep -v 'test\.test_asyncio\.' "$scratch/plain" >"$plain"
        else
            modules+=("$module")
        fi
    done
    under "$1" "$results" || fail "CPython's tests, $1" "they did not come to their end"
    differing "$plain" "$results" >"$names"
    tried=$(wc -l <"$results") again=$(wc -l <"$names") failed=0
    if [ "$again" -gt 0 ]; then
        echo "$1: differ from plain:"
        comm -3 "$plain" "$results"
    fi
    if [ "$again" -gt 10 ]; then # that is no chance
        failed=$again again=0
    elif [ "$again" -gt 0 ]; then
        local listeners=$told
        differing_again "$1" "$names" >"$scratch/still"
        told=$listeners
        sed "s/^/$1: still differs: /" "$scratch/still"
        failed=$(grep -c '' "$scratch/still")
    fi
    [ "$told" -gt 0 ] || failed=$((failed + 1))
    echo "== CPython's tests, $1: $tried tried, $failed failed;" \
        "${#modules[@]} modules, $again ran again, $(grep -c ' skipped$' "$plain") skipped and" \
        "$(grep -cvE ' (ok|skipped|expected)$' "$plain") failing in both, $told told"
}

cpython() { # MODULE...
    local setting
    modules=("$@")
    [ $# -gt 0 ] || modules=(test_socketserver test_httplib test_socket test_asyncio)
    [ -e /usr/lib/python3.11/test/test_socket.py ] ||
        fail "CPython's tests" "libpython3.11-testsuite is not installed"
    under plain "$scratch/plain" || fail "CPython's tests" "not even without imdshim"
    cat "$scratch/log"
    for setting in fifo run port held client; do
        compare_setting "$setting"
    done
}

# Who may be nobody finds all of it in the scratch directory: the checkout may be root's alone.
servers_as_nobody() { # SERVER...
    local as=()
    mkdir "$scratch/bin" "$scratch/lib" "$scratch/faults" "$scratch/servers"
    cp "$IMDSHIM" "$scratch/bin"
    cp -r "${IMDSHIM%/*}/../lib/imdshim" "$scratch/lib"
    cp "$here/foreign.sh" "$here/servers.sh" "$scratch/faults"
    if [ "$(id -u)" -eq 0 ]; then
        chown -R nobody "$scratch"
        as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    fi
    IMDSHIM=$scratch/bin/imdshim "${as[@]}" bash "$scratch/faults/foreign.sh" --servers \
        "$scratch/servers" "$@"
}

# ---- a network of its own, and what is left there -----------------------------------------------

case ${1:-} in
cpython | servers)
    scratch=$(mktemp -d -t foreign.XXXXXX) || exit
    # Again where a test that is killed with us was still at it.
    trap 'rm -rf "$scratch" 2>/dev/null || rm -rf "$scratch"' EXIT
    who=()
    [ "$(id -u)" -eq 0 ] || who=(--user --map-current-user --keep-caps)
    unshare "${who[@]}" --net sh -c 'ip link set lo up' 2>/dev/null ||
        fail "$1" "no network namespace to be had: needs root, or user namespaces"
    TMPDIR=$scratch unshare "${who[@]}" --net bash "$0" --inside "$scratch" "$@"
    ;;
--inside)
    scratch=$2 part=$3
    shift 3
    ip link set lo up
    [ "$part" = cpython ] || part=servers_as_nobody
    "$part" "$@" || echo "== ${part%%_*}: 1 tried, 1 failed; status $?"
    left=$(left_behind)
    [ -z "$left" ] || echo "$left"
    echo "== ${part%%_*}, what is left: 1 tried, $(grep -c 'left behind' <<<"$left") failed;"
    ;;
--servers | --client)
    role=${1#--} scratch=$2
    shift 2
    # shellcheck source=tests/faults/servers.sh
    . "$here/servers.sh"
    "$role" "$@"
    ;;
*)
    sed -n 's/^# usage: /usage: /p; s/^#  \( *tests\)/ \1/p' "$0" >&2
    exit 125
    ;;
esac
