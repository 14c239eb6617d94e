#!/bin/sh
# Run a command on the first of three hosts, node1 (10.77.0.1) to node3 (10.77.0.3), all on this
# machine.
#
# usage: tests/support/hosts.sh COMMAND [ARG...]
#
#     hosts.sh sh -c 'hostname; $AGENT node2 hostname'
#     hosts.sh sh -c 'mpirun -mca plm_rsh_agent $AGENT -H node1,node2 hostname'
#     hosts.sh sh -c 'mpiexec.mpich -launcher rsh -launcher-exec $AGENT -hosts node1,node2 hostname'
#
# A host is a network, a mount and a UTS namespace: it has its own interfaces and loopback, its
# own host name, and its own temporary folder and shared memory; all else, the working directory
# above all, they share as if it were on a file server. TMPDIR is the temporary folder: the
# same path on each, and never the same folder. COMMAND finds there nothing of the caller's.
#
# AGENT HOST COMMAND [ARG...] is to these hosts what rsh is to others: it runs the words in a
# shell on HOST, with nothing of the caller's environment. The folder that it lies in is seen by
# all and goes when COMMAND ends.
#
# Needs root. Status: COMMAND's; 125 if there can be no hosts, or if COMMAND has left a FIFO of
# imdshim's in a host's temporary folder, where the caller could not find it.
# Leaves behind nothing: the namespaces have no names and end with their last process.
# Processes that COMMAND leaves behind are left to the caller to find. A signal that ends this
# script ends COMMAND first; SIGKILL too tells COMMAND to end, but leaves a folder in TMPDIR.
set -u

# shellcheck disable=SC1091
. "${0%/*}/command.sh"

PATH=$PATH:/usr/sbin:/sbin

fail() { # WORD...
    echo "hosts.sh: $*" >&2
    exit 125
}

# Each host's own: what another host must not see.
become_host() { # NAME
    hostname "$1" && mount --bind "$dir/etc.hosts" /etc/hosts &&
        mount -t tmpfs -o mode=1777 "$1" "$dir/tmp" &&
        mount -t tmpfs -o mode=1777 "$1" /dev/shm && ip link set lo up
}

enter() { # PID COMMAND [ARG...]
    pid=$1
    shift
    nsenter --target "$pid" --net --mount --uts "$@"
}

plug_in() { # PID ADDRESS
    enter "$1" ip link set eth0 up && enter "$1" ip address add "$2/24" dev eth0
}

# The kernel notices a little later that a link works. Until then the address is that of an
# interface that does not run, and nobody offers it to others.
wait_for_link() { # PID
    tries=100
    until enter "$1" ip -oneline link show dev eth0 | grep -q ' state UP '; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return
        sleep 0.05
    done
}

# The process that keeps a host's namespaces; it cannot outlive this script. Once it is a host it
# says so. Its pid is left in $host.
start_host() { # NAME
    mkfifo "$dir/ready.$1" || return
    setpriv --pdeathsig KILL unshare --net --mount --uts "$0" --other "$dir" "$1" \
        </dev/null >"$dir/ready.$1" &
    host=$!
    read -r word <"$dir/ready.$1" && [ "$word" = ready ]
}

# A cable from its network card to node1, which is the switch as well.
connect() { # NUMBER PID
    ip link add "port$1" type veth peer name eth0 netns "$2" &&
        ip link set "port$1" master eth0 up && plug_in "$2" "10.77.0.$1"
}

start_other_hosts() {
    start_host node2 && second=$host && start_host node3 && third=$host &&
        ip link add eth0 type bridge && plug_in $$ 10.77.0.1 &&
        connect 2 "$second" && connect 3 "$third" &&
        wait_for_link "$second" && wait_for_link "$third" && wait_for_link $$
}

be_other_host() { # NAME
    become_host "$1" || fail "$1 cannot be made a host"
    echo ready
    exec sleep infinity >&2
}

write_agent() {
    cat >"$dir/agent" <<END
#!/bin/sh
case \$1 in
node1 | 10.77.0.1) host=$$ ;;
node2 | 10.77.0.2) host=$second ;;
node3 | 10.77.0.3) host=$third ;;
*)
    echo "\$1: no such host" >&2
    exit 255
    ;;
esac
shift
exec nsenter --target "\$host" --net --mount --uts env -i --chdir="$HOME" HOME="$HOME" \\
    PATH="$PATH" LOGNAME="$(id -un)" SHELL=/bin/sh TMPDIR="$TMPDIR" sh -c "\$*"
END
    chmod +x "$dir/agent"
}

find_fifos() { # PID
    enter "$1" find "$TMPDIR" -path '*/imdshim-*' -type p
}

# What is still ending as COMMAND does has two seconds for it.
no_fifo_is_left() {
    tries=10
    while fifos=$(find_fifos $$ && find_fifos "$second" && find_fifos "$third") && [ -n "$fifos" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || break
        sleep 0.2
    done
    [ -z "$fifos" ] || echo "hosts.sh: left on a host: $fifos" >&2
    [ -z "$fifos" ]
}

# shellcheck disable=SC2317 # called by trap
clean_up() {
    trap '' HUP INT TERM
    for pid in ${second:-} ${third:-} ${host:-}; do
        { kill -KILL "$pid" && wait "$pid"; } 2>/dev/null
    done
    umount -l "$dir/tmp" 2>/dev/null
    rm -rf "$dir"
}

run_on_first_host() { # COMMAND [ARG...]
    export TMPDIR="$dir/tmp" AGENT="$dir/agent"
    trap clean_up EXIT
    trap 'exit 125' HUP INT TERM
    { become_host node1 && start_other_hosts && write_agent; } || fail "there can be no hosts"
    run_command "$@"
    status=$?
    no_fifo_is_left || status=125
    exit "$status"
}

case ${1:-} in
'') fail "usage: hosts.sh COMMAND [ARG...]" ;;
--first | --other)
    role=$1 dir=$2
    shift 2
    ;;
*)
    for tool in ip nsenter setpriv unshare; do
        command -v "$tool" >/dev/null || fail "no $tool here"
    done
    unshare --net --mount --uts true || fail "no namespaces here"
    dir=$(mktemp -d -t hosts.XXXXXX) && mkdir "$dir/tmp" || exit 125
    { cat /etc/hosts; printf '10.77.0.%s node%s\n' 1 1 2 2 3 3; } >"$dir/etc.hosts"
    exec unshare --net --mount --uts "$0" --first "$dir" "$@"
    ;;
esac
if [ "$role" = --other ]; then be_other_host "$@"; else run_on_first_host "$@"; fi
