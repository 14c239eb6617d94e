#!/bin/sh
# shellcheck disable=SC2016 # the variables are perl's
# Does an installed imdshim do what it is for? For the tests of packages, on a machine that has a
# POSIX shell and perl only.
#
# usage: scripts/packaging/smoke.sh PREFIX
set -eu
prefix=$1 directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"

# Listens on a port that the kernel chooses, and says which.
engine='use IO::Socket::INET;
my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die "listen: $!";
print $socket->sockport, "\n"; exit 3'

fail() {
    echo "smoke.sh: $*" >&2
    exit 1
}

"$prefix/bin/imdshim" --version
"$prefix/bin/imdshim" check perl >checked || fail "check: $(cat checked)"
status=0
"$prefix/bin/imdshim" run -q -o heard -- perl -e "$engine" >said || status=$?
[ "$status" -eq 3 ] || fail "the engine ended with 3, run with $status"
[ "$(cat heard)" = "127.0.0.1:$(cat said)" ] || fail "heard $(cat heard), the engine said $(cat said)"

for file in man/man1/imdshim.1 man/man7/imdshim.7 bash-completion/completions/imdshim \
    zsh/site-functions/_imdshim fish/vendor_completions.d/imdshim.fish; do
    [ -s "$prefix/share/$file" ] || [ -s "$prefix/share/$file.gz" ] || fail "no share/$file"
done
