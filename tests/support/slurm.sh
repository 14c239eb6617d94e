#!/bin/sh
# Run a command in a Slurm cluster of two nodes that exists for it alone.
#
# usage: tests/support/slurm.sh COMMAND [ARG...]
#
#     slurm.sh srun -N2 hostname
#     hosts.sh slurm.sh srun -N2 hostname     # node1 and node2 are hosts, not only names
#
# Starts munged, slurmctld and a slurmd for each of node1 and node2, waits until both are idle,
# and runs COMMAND with SLURM_CONF set. Under hosts.sh the second slurmd is on the second host.
# All that the cluster keeps (key, sockets, spool, logs) is in a folder of its own in TMPDIR, so
# that several can run at once, and beside a real one. Needs root, for slurmd sets the user of its
# tasks.
#
# Status: COMMAND's; 125 if the cluster cannot be started: then stderr has the daemons' last words.
# Leaves behind nothing: when COMMAND has ended its jobs are cancelled, and the daemons that
# were started here are ended and waited for. A signal that ends this script ends COMMAND first;
# SIGKILL too tells COMMAND to end and leaves no daemon, but a folder in TMPDIR.
set -u

# shellcheck disable=SC1091
. "${0%/*}/command.sh"

PATH=$PATH:/usr/sbin:/sbin
START_SECONDS=20 STOP_SECONDS=10 ATTEMPTS=4
munged='' daemons=''

fail() { # WORD...
    echo "slurm.sh: $*" >&2
    exit 125
}

# Wait until COMMAND succeeds, a daemon has ended, or the time is over.
wait_until() { # SECONDS COMMAND [ARG...]
    end=$(($(date +%s) + $1))
    shift
    until "$@"; do
        all_run && [ "$(date +%s)" -lt "$end" ] || return 1
        sleep 0.05
    done
}

all_run() {
    for pid in $munged $daemons; do
        kill -0 "$pid" 2>/dev/null || return 1
    done
}

# A daemon in the foreground: its pid is known, and it cannot outlive this script.
daemon() { # NAME COMMAND [ARG...]
    name=$1
    shift
    setpriv --pdeathsig KILL "$@" </dev/null >"$dir/$name.log" 2>&1 &
}

start_munged() {
    mkdir "$dir/munge" || return
    (umask 077 && head -c 64 /dev/urandom >"$dir/munge/key") || return
    daemon munged munged --foreground --force --num-threads=2 --key-file="$dir/munge/key" \
        --socket="$dir/munge/socket" --pid-file="$dir/munge/pid" --seed-file="$dir/munge/seed" \
        --log-file="$dir/munge/log"
    munged=$!
    wait_until "$START_SECONDS" test -S "$dir/munge/socket"
}

node() { # NAME PORT
    if [ -n "${AGENT:-}" ]; then
        echo "NodeName=$1 NodeAddr=$1 Port=$2 CPUs=4 State=UNKNOWN"
    else
        echo "NodeName=$1 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=$2 CPUs=4 State=UNKNOWN"
    fi
}

# Four processors a node whatever this machine has, so that a test may have as many tasks; and
# no use of cgroups, which belong to the machine.
write_configuration() { # PORT
    if [ -n "${AGENT:-}" ]; then controller='node1'; else controller="$(hostname)(127.0.0.1)"; fi
    {
        cat <<END
ClusterName=imdshim
SlurmctldHost=$controller
SlurmctldPort=$1
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$dir/munge/socket
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
END
        node node1 $(($1 + 1))
        node node2 $(($1 + 2))
        echo "PartitionName=all Nodes=node1,node2 Default=YES OverSubscribe=YES"
    } >"$SLURM_CONF"
}

both_idle() {
    [ "$(timeout 2 sinfo -h -N -t idle -o %N 2>/dev/null | wc -l)" -eq 2 ]
}

start_daemons() { # PORT
    rm -rf "$dir/state"
    mkdir "$dir/state" || return
    write_configuration "$1"
    daemon slurmctld slurmctld -D -f "$SLURM_CONF"
    daemons=$!
    daemon node1 slurmd -D -N node1 -f "$SLURM_CONF"
    daemons="$daemons $!"
    daemon node2 ${AGENT:+"$AGENT" node2 exec} slurmd -D -N node2 -f "$SLURM_CONF"
    daemons="$daemons $!"
    wait_until "$START_SECONDS" both_idle
}

one_runs() { # PID...
    for pid; do
        ! kill -0 "$pid" 2>/dev/null || return 0
    done
    return 1
}

end_daemons() { # PID...
    [ $# -gt 0 ] || return 0
    kill "$@" 2>/dev/null
    end=$(($(date +%s) + STOP_SECONDS))
    while one_runs "$@" && [ "$(date +%s)" -lt "$end" ]; do
        sleep 0.05
    done
    ! one_runs "$@" || kill -KILL "$@" 2>/dev/null
    wait "$@" 2>/dev/null
}

# A free port is one that the daemons get: three in a row, below those that the kernel deals
# out, and where another run begins its search elsewhere. Two of them that meet are told apart by
# the log, and the loser tries others.
start_cluster() {
    start_munged || return
    for attempt in $(seq "$ATTEMPTS"); do
        ! start_daemons $((10000 + ($$ * 61 + attempt * 3571) % 20000 / 4 * 4)) || return 0
        # shellcheck disable=SC2086
        end_daemons $daemons
        daemons=''
        grep -qs 'Address already in use' "$dir"/*.log || return 1
    done
    return 1
}

# The step daemons have left slurmd's care, but each has a socket there while it lives.
no_steps() {
    set -- "$dir"/spool.*/node*_*.*
    [ ! -e "$1" ]
}

# shellcheck disable=SC2317 # called by trap
clean_up() {
    trap '' HUP INT TERM
    if [ -n "$daemons" ] && ! no_steps; then
        timeout 5 squeue -h -o %A 2>/dev/null | xargs -r timeout 5 scancel 2>/dev/null
        wait_until "$STOP_SECONDS" no_steps || echo "slurm.sh: a step did not end" >&2
    fi
    # shellcheck disable=SC2086
    end_daemons $daemons $munged
    rm -rf "$dir"
}

[ $# -gt 0 ] || fail "usage: slurm.sh COMMAND [ARG...]"
for tool in munged slurmctld slurmd sinfo setpriv; do
    command -v "$tool" >/dev/null || fail "no $tool here"
done
[ "$(id -u)" -eq 0 ] || fail "only root can run slurmd"

shared=${TMPDIR:-/tmp}
[ -z "${AGENT:-}" ] || shared=${AGENT%/*}
dir=$(mktemp -d -p "$shared" slurm.XXXXXX) || exit 125
export SLURM_CONF="$dir/slurm.conf"
trap clean_up EXIT
trap 'exit 125' HUP INT TERM
if ! start_cluster; then
    tail -n 15 "$dir"/munge/log "$dir"/*.log >&2
    fail "the cluster did not start"
fi
run_command "$@"
