#!/bin/sh
# What a user does with the unpacked release, on a machine with nothing but a shell. Each claim is
# a line, "ok: CLAIM" or "FAILED: CLAIM" with what was printed.
#
# usage: in-root.sh TREE DOUBLES [emulated]
#
# TREE is the unpacked archive, DOUBLES a folder with imd-server, gate-engine and gate-client.
# "emulated": by qemu-user(1), which knows no sock_diag(7).
# shellcheck disable=SC2016 # the conditions are evaluated by claim
set -u

tree=$1 kernel=${3-}
PATH=$1/bin:$2:/bin
export PATH
dir=$(mktemp -d)
cd "$dir" || exit 125

# What COMMAND leaves: $status, "out" and "err".
of() { # COMMAND...
    status=0
    timeout 120 "$@" >out 2>err </dev/null || status=$?
}

claim() { # CLAIM CONDITION
    if eval "$2"; then
        echo "ok: $1"
    else
        echo "FAILED: $1: status $status, and"
        sed 's/^/    /' out err
    fi
}

emulated() { [ "$kernel" = emulated ]; }
says() { grep -q -- "$1" err; }
prints() { grep -q -- "$1" out; }
lines() { wc -l <"$1"; }

of imdshim check imd-server
claim 'check finds that the library can be loaded' '[ $status -eq 0 ]'

of imdshim run -v --client 'imdshim watch $IMD_URL' -- imd-server v2
claim 'run learns the port, and the client gets every frame' \
    '[ $status -eq 0 ] && says " listens on 127.0.0.1:" && prints "^4 frames of 3 atoms"'
claim 'the client was started because the engine waited for one' 'says "waits for a client on port"'

of imdshim run --client 'imdshim watch localhost:$IMD_PORT' -- imd-server v3
claim 'names of hosts are found' '[ $status -eq 0 ] && prints "^4 frames of 3 atoms, IMD v3"'

of imdshim run -p 8888 --client 'gate-client plain 127.0.0.1 8888' -- \
    gate-engine 0.0.0.0 8888 pause=300 listen serve=1
claim 'a port of its own name: the client waits at the gate and meets its engine' \
    '[ $status -eq 0 ] && says "(asked for 8888)" && prints "^met 127.0.0.1"'

of imdshim run --listen 127.0.0.1:50000-50100 -o port -- gate-engine listen=0.0.0.0 exit=4
claim 'the engine listens where it is told to, its status is ours' \
    '[ $status -eq 4 ] && grep -q "^127.0.0.1:50[01]" port'

of imdshim run -q --client 'imdshim list; imdshim watch $IMD_URL' -- imd-server v2
claim 'list has the run' '[ $status -eq 0 ] && prints " ready .*127.0.0.1:.* imd-server"'

of sh -c 'exec imdshim exec --fd 3 -- gate-engine listen=127.0.0.1 3>events'
claim 'exec tells the port on a descriptor' '[ $status -eq 0 ] && grep -q "^[0-9]* listening " events'

of imdshim run -- sh -c 'kill -TERM $$'
claim 'an engine that a signal ends is told as ended by it' '[ $status -eq 143 ]'

of imdshim run --only-me --client 'imdshim watch $IMD_URL' -- imd-server v2
claim 'other users can be kept out; or, where the kernel cannot tell, a line says so' \
    'if emulated; then [ $status -eq 125 ] && says "^imdshim: --only-me: the kernel does not tell"
    else [ $status -eq 0 ] && prints "^4 frames"; fi'

of imdshim run -- no-such-engine
claim 'an engine that is not there is 127' '[ $status -eq 127 ] && [ "$(lines err)" -eq 1 ]'

of imdshim check busybox
claim 'a static program is known as one' '[ $status -ne 0 ] && cat out err | grep -q static'

of sh -c "touch '$tree/bin/new'"
claim 'all this was in a tree that cannot be written to' '[ $status -ne 0 ]'

mkdir -p part/bin && cp "$tree/bin/imdshim" part/bin
of part/bin/imdshim run -- touch started
claim 'without its library it starts nothing, and says so in a line' \
    '[ $status -eq 125 ] && [ "$(lines err)" -eq 1 ] && says /lib/imdshim/libimdshim.so && [ ! -e started ]'

cp -R "$tree" moved
of moved/bin/imdshim run --client 'imdshim watch $IMD_URL' -- imd-server v2
claim 'a copy of the tree elsewhere works' '[ $status -eq 0 ] && prints "^4 frames"'

claim 'no FIFO is left' '[ -z "$(find /tmp -type p)" ]'
