# shellcheck shell=bash disable=SC2034,SC2154 # SERVER_program is used; foreign.sh sets the rest
# Sourced by foreign.sh: real servers, alone and two at once, with the prefix and without it.
#
# Each server listens on port 7777, on IPv4 and, where there is one, IPv6, and has a client of
# its own kind: it gives the server a value, loads it, and asks for the value again by every
# address. That is done
#
#     own     without imdshim, until the server is ended in its own way
#     term    without imdshim, until it gets SIGTERM
#     run own, run term
#             under "imdshim run": the same status, the same output but for numbers (and the
#             order of lines: several processes write), and the client is told port 7777
#     gate    two at once under "imdshim run --port 7777": each is given its value before either
#             is asked for it, so that a client that met the other's server would have the
#             other's value
#
# Of the two nginxes at once the second has a socket of SO_REUSEPORT for each worker.
#
# A server runs as nobody, where this is root: PostgreSQL refuses root. A failure is a status or
# an output that differs, or a client that does not succeed; it is named with the output.

port=7777
value=$(basename "$PWD") # of the server in this directory
postgres_bin=/usr/lib/postgresql/15/bin
hosts='127.0.0.1'
if [ -s /proc/net/if_inet6 ]; then hosts+=' ::1'; fi

# ---- the servers: how each is made ready, started, asked and ended -------------------------------
# All in a directory of its own. SERVER_command leaves the words in `server`.

redis_program=redis-server
redis_command() {
    server=(redis-server --port "$port" --save '' --dir "$PWD")
}
redis_cli() { # HOST WORD...
    local host=$1
    shift
    redis-cli -e -h "$host" -p $port "$@"
}
redis_give() { redis_cli 127.0.0.1 set who "$value"; }
redis_ask() { redis_cli "$1" get who; }
# It saves in a process that it forks.
redis_load() {
    redis-benchmark -q -p $port -n 2000 -t set,get && redis_cli 127.0.0.1 bgsave || return
    for _ in {1..100}; do
        ! redis_cli 127.0.0.1 info persistence | grep -q bgsave_in_progress:0 || return 0
        sleep 0.1
    done
    return 1
}
redis_end() { redis_cli 127.0.0.1 shutdown nosave; }

nginx_program=nginx
nginx_command() {
    local reuse='' ipv6='' path
    [ "$value" != two ] || reuse=reuseport
    [ "$hosts" = 127.0.0.1 ] || ipv6="listen [::]:$port $reuse;"
    echo nothing >index.html
    {
        echo "worker_processes 2; daemon off; pid $PWD/pid; error_log stderr notice;"
        echo "events { worker_connections 64; } http { access_log off; root $PWD;"
        for path in client_body proxy fastcgi uwsgi scgi; do
            echo "${path}_temp_path $PWD/$path;"
        done
        echo "server { listen $port $reuse; $ipv6 listen unix:$PWD/socket; } }"
    } >conf
    server=(nginx -e stderr -c "$PWD/conf")
}
nginx_get() { # HOST
    local line
    exec 5<>"/dev/tcp/$1/$port" && printf 'GET / HTTP/1.0\r\n\r\n' >&5 || return
    while read -r -t 10 line <&5; do
        [ "$line" != $'\r' ] || break
    done
    cat <&5
    exec 5>&-
}
# The new configuration comes with new workers, which inherit the master's sockets.
nginx_give() {
    nginx_get 127.0.0.1 && echo "$value" >index.html && kill -HUP "$(cat pid)"
}
nginx_ask() { nginx_get "$1"; }
nginx_load() {
    for _ in {1..200}; do
        [ "$(nginx_get 127.0.0.1)" = "$value" ] || return
    done
}
nginx_end() { kill -QUIT "$(cat pid)"; }

memcached_program=memcached
memcached_command() {
    server=(memcached -p "$port" -t 4 -A)
}
memcached_say() { # HOST END TEXT...
    local end=$2 line
    exec 5<>"/dev/tcp/$1/$port" && printf '%s\r\n' "${@:3}" >&5 || return
    while read -r -t 10 line <&5; do
        line=${line%$'\r'}
        [ "$line" != "$end" ] || break
        [ "${line%% *}" = VALUE ] || echo "$line"
    done
    exec 5>&-
    [ "$line" = "$end" ]
}
memcached_give() { memcached_say 127.0.0.1 STORED "set who 0 0 ${#value}" "$value"; }
memcached_ask() { memcached_say "$1" END 'get who'; }
memcached_load() {
    for _ in {1..200}; do
        [ "$(memcached_ask 127.0.0.1)" = "$value" ] || return
    done
}
memcached_end() { memcached_say 127.0.0.1 '' shutdown || true; } # it answers nothing

postgres_program=$postgres_bin/postgres
postgres_command() {
    [ -d "$scratch/template" ] || "$postgres_bin/initdb" -D "$scratch/template" -U me -A trust \
        -N --locale=C >"$scratch/initdb" 2>&1 || cat "$scratch/initdb"
    cp -a "$scratch/template" db
    server=("$postgres_bin/postgres" -D "$PWD/db" -p "$port" -k "$PWD" -c log_checkpoints=off
        -c listen_addresses="${hosts// /,}")
}
postgres_sql() { # HOST COMMAND
    "$postgres_bin/psql" -h "$1" -p $port -U me -AtXqc "$2" postgres
}
# It accepts before it is open to all.
postgres_give() {
    for _ in {1..100}; do
        "$postgres_bin/pg_isready" -q -h 127.0.0.1 -p $port && break
        sleep 0.1
    done
    postgres_sql 127.0.0.1 "create table who as select '$value'"
}
postgres_ask() { postgres_sql "$1" 'select * from who'; }
postgres_load() {
    local bench=("$postgres_bin/pgbench" -h 127.0.0.1 -p "$port" -U me)
    "${bench[@]}" -i -q postgres && "${bench[@]}" -c 4 -t 100 postgres
}
postgres_end() { "$postgres_bin/pg_ctl" -D db -m fast stop; }

# ---- what every client does ----------------------------------------------------------------------

# Until the other server has its value too.
meet() { # DIRECTORY
    : >given
    for _ in {1..200}; do
        [ ! -e "$1/given" ] || return 0
        sleep 0.1
    done
    echo "$1 was given no value"
    return 1
}

# Before any: an exit status that is not 0 is the client's, and the run's.
client() { # SERVER END [DIRECTORY of the other server]
    local host got
    [ "${IMD_PORT:-$port}" = $port ] || { echo "IMD_PORT is $IMD_PORT"; return 1; }
    "$1_give" || { echo "cannot give the value"; return 1; }
    [ -z "${3:-}" ] || meet "$3" || return
    "$1_load" || { echo "cannot load it"; return 1; }
    for host in $hosts; do
        got=$("$1_ask" "$host")
        [ "$got" = "$value" ] || { echo "at $host: '$got', not '$value'"; return 1; }
    done
    : >asked
    if [ "$2" = own ]; then "$1_end"; fi
}

client_command() { # SERVER END [DIRECTORY]
    printf '%q ' bash "$here/foreign.sh" --client "$scratch" "$@"
    echo ">client 2>&1"
}

# ---- what is tried -------------------------------------------------------------------------------

# Until a file is there, or the process has ended.
wait_for() { # FILE PID
    for _ in {1..600}; do
        [ ! -e "$1" ] && kill -0 "$2" 2>/dev/null || return 0
        sleep 0.1
    done
    echo "$1 is not there after a minute"
    kill -KILL "$2"
}

# Without the prefix nobody says when the server is ready.
wait_for_port() { # PID
    for _ in {1..100}; do
        ! (exec 5<>/dev/tcp/127.0.0.1/$port) 2>/dev/null || return 0
        kill -0 "$1" 2>/dev/null || return
        sleep 0.1
    done
}

enter() { # NAME
    mkdir "$scratch/$1" && cd "$scratch/$1" && value=$1
}

# From its start to its end. Leaves its words in out, its status in status.
serve() { # NAME SERVER own|term [PREFIX...]
    local name=$1 of=$2 end=$3 pid
    shift 3
    enter "$name" && "${of}_command" || return
    timeout --foreground 60 "$@" "${server[@]}" </dev/null >out 2>&1 &
    pid=$!
    if [ $# -eq 0 ]; then
        wait_for_port "$pid"
        bash -c "$(client_command "$of" "$end")" </dev/null
        echo "$?" >plain.client
    fi
    [ "$end" = own ] || { wait_for asked "$pid"; kill -TERM "$pid"; }
    wait "$pid"
    echo "$?" >status
}

# Numbers are pids, times and ports, and how often a line comes is a matter of time.
words_of() { # NAME
    grep -v 'starting up' "$scratch/$1/out" |
        sed -E "s|$scratch/$1|here|g; "'s/[0-9]+/N/g; s/ +/ /g' | sort -u
}

tell() { # NAME
    echo "--- $1, status $(cat "$scratch/$1/status")"
    cat "$scratch/$1/out" "$scratch/$1/client"
    return 1
}

has_ended_well() { # NAME
    if [ "$(cat "$scratch/$1/status")" != 0 ] || [ ! -e "$scratch/$1/asked" ]; then
        tell "$1"
    fi
}

same_ends() { # NAME NAME
    cmp "$scratch/$1/status" "$scratch/$2/status" && diff <(words_of "$1") <(words_of "$2")
}

count() { # WHAT COMMAND [ARG...]
    local what=$1
    shift
    tried=$((tried + 1))
    "$@" && return
    failed=$((failed + 1))
    echo "failed: $what"
}

# How it goes without the prefix must be good itself: else there is nothing to compare with.
alone() { # SERVER END
    (serve "$1-$2" "$1" "$2")
    (serve "$1-$2-run" "$1" "$2" "$IMDSHIM" run -q --client "$(client_command "$1" "$2")")
    count "$1, $2" has_ended_well "$1-$2"
    count "$1, $2, under run" has_ended_well "$1-$2-run"
    count "$1, $2, without and under run" same_ends "$1-$2" "$1-$2-run"
}

two_at_once() { # SERVER
    rm -rf "$scratch/one" "$scratch/two"
    (serve one "$1" own "$IMDSHIM" run -q --port $port \
        --client "$(client_command "$1" own "$scratch/two")") &
    (serve two "$1" own "$IMDSHIM" run -q --port $port \
        --client "$(client_command "$1" own "$scratch/one")")
    wait $!
    count "$1, one of two" has_ended_well one
    count "$1, two of two" has_ended_well two
}

servers() { # SERVER...
    local of program tried=0 failed=0
    [ $# -gt 0 ] || set -- redis nginx memcached postgres
    for of; do
        program=${of}_program
        command -v "${!program}" >/dev/null || { count "$of, which is not installed" false; continue; }
        alone "$of" own
        alone "$of" term
        two_at_once "$of"
    done
    echo "== servers through the gate: $tried tried, $failed failed; $*, alone and two at once"
}
