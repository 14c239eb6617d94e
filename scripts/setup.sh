#!/bin/sh
# Install missing packages, on Debian and distributions made from it. What is there already is not
# touched.
#
# usage: scripts/setup.sh build|demo|check|release|roots|faults|ecosystem|bench|lint|clang|packaging...
#
#   build   what make needs
#   demo    GROMACS
#   check   what the tests need and, optional, programs that some of them run
#   release what make release builds with, for each processor
#   roots   what make check-release runs the release with
#   faults  what make check-faults runs besides: other people's programs, a fuzzer
#   ecosystem  what make check-ecosystem and check-mpi make their virtual environments with
#   bench   what make bench measures and draws with
#   lint    what make lint needs
#   clang   the other compiler, with its fuzzer
#   packaging  what make check-packages builds packages with
#
# Installs as root or through "sudo -n", which never asks for a password. If neither is possible, it
# prints the command to type. If nothing is missing, it prints nothing and does not start apt.
#
# Status: 0 nothing is missing now; 1 something is; 2 only optional packages are missing, such as
# GROMACS and LAMMPS (the demo then runs a stand-in, and tests are skipped); 125 bad usage.
set -u

# GROUP PACKAGE PROOF: if the proof is there, the package counts as installed, whatever installed it.
# A proof is a command, a file, a header, an option that clang can link with, or a module of the
# Python in PATH or of Debian's. "?" after the group: optional. The proof of Open MPI is not mpirun,
# because MPICH has a command of that name too; if both are there, mpirun remains Open MPI's.
packages='
build   gcc             cc
build   libc6-dev       <stdio.h>
build   make            make
demo?   gromacs         gmx
check   check           <check.h>
check   libsubunit-dev  <subunit/child.h>
check   binutils        readelf
check   util-linux      setpriv
check?  gromacs         gmx_mpi
check?  lammps          lmp
check?  openmpi-bin     mpirun.openmpi
check?  mpich           mpiexec.mpich
check?  libmpich-dev    <mpich/mpi_proto.h>
check?  slurmctld       slurmctld
check?  slurmd          slurmd
check?  slurm-client    srun
check?  munge           munged
check?  iproute2        ip
check?  strace          strace
check?  python3-minimal python3
check?  python3-numpy   import:numpy
check?  valgrind        valgrind
check?  libcap2-bin     setcap
check?  mandoc          mandoc
check?  bubblewrap      bwrap
check?  fakeroot        fakeroot
check?  perl-base       perl
check?  g++             g++
check?  clang           clang
check?  libclang-rt-14-dev -fsanitize=address
check?  bash-completion /usr/share/bash-completion/bash_completion
check?  zsh             zsh
check?  fish            fish
check?  tini            tini
check?  dumb-init       dumb-init
check?  musl-tools      musl-gcc
check?  podman          podman
check?  runc            runc
check?  catatonit       catatonit
check?  charliecloud    ch-run
check?  systemd-container systemd-nspawn
check?  golang-go       go
check?  s6              s6-supervise
check?  libseccomp-dev  <seccomp.h>
check?  liburing-dev    <liburing.h>
check?  libpython3.11-testsuite /usr/lib/python3.11/test/test_socket.py
check?  redis-server    redis-server
check?  redis-tools     redis-cli
release gcc-x86-64-linux-gnu x86_64-linux-gnu-gcc
release gcc-aarch64-linux-gnu aarch64-linux-gnu-gcc
release libc6-dev-arm64-cross /usr/aarch64-linux-gnu/include/stdio.h
roots   bubblewrap      bwrap
roots?  qemu-user-static qemu-aarch64-static
roots?  gromacs         gmx
faults? clang           clang
faults? libclang-rt-14-dev -fsanitize=address
faults? nginx-light     nginx
faults? memcached       memcached
faults? postgresql-15   /usr/lib/postgresql/15/bin/postgres
ecosystem python3-venv  import:ensurepip
bench?  gromacs         gmx
bench?  socat           socat
bench?  lammps          lmp
bench?  python3-numpy   import:numpy
bench?  tini            tini
bench?  dumb-init       dumb-init
bench?  gnuplot-nox     gnuplot
bench?  valgrind        valgrind
lint    clang-format    clang-format
lint    clang-tidy      clang-tidy
lint    cppcheck        cppcheck
lint    shellcheck      shellcheck
lint    mandoc          mandoc
clang   clang           clang
clang   libclang-rt-14-dev -fsanitize=address
packaging? build-essential /usr/share/build-essential/essential-packages-list
packaging? debhelper    dh
packaging? dpkg-dev     dpkg-buildpackage
packaging? lintian      lintian
packaging? autopkgtest  autopkgtest
packaging? rpm          rpmbuild
packaging? rpmlint      rpmlint
packaging? cpio         cpio
packaging? zstd         zstd
packaging? lmod         /usr/share/lmod/lmod/libexec/lmod
packaging? python3-venv import:ensurepip
'

is_there() { # PACKAGE PROOF
    case $2 in
    import:*)
        for python in python3 /usr/bin/python3; do
            "$python" -c "import ${2#import:}" 2>/dev/null && return
        done
        return 1
        ;;
    /*) [ -e "$2" ] ;;
    -*) echo 'int main(void) { return 0; }' | clang "$2" -x c -o /dev/null - 2>/dev/null ;;
    \<*) echo "#include $2" | cc -E - >/dev/null 2>&1 ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$2" >/dev/null ;;
    esac
}

# The missing packages of the groups: with "?" the optional ones, with "" the others.
lacking() { # "?"|"" GROUP...
    kind=$1
    shift
    for group; do
        echo "$packages" | while read -r of package proof; do
            [ "$of" = "$group$kind" ] || continue
            is_there "$package" "$proof" || printf '%s ' "$package"
        done
    done
}

can_be_root() {
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

update_lists() {
    as_root apt-get -q update
}

have_lists() {
    find /var/lib/apt/lists -name '*_Packages*' 2>/dev/null | grep -q .
}

# Servers among them are not started: in runlevel 1 no service is, and systemctl(1) that is offline
# asks nobody to.
install() { # PACKAGE...
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 SYSTEMD_OFFLINE=1 \
        apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
}

# The lists may be older than the archive, which then lacks what they name. A package that cannot be
# had must not keep the others from being installed.
install_all() { # PACKAGE...
    have_lists || update_lists
    install "$@" || { update_lists && install "$@"; } || for package; do
        install "$package"
    done
}

try_to_install() { # PACKAGE...
    if ! command -v apt-get >/dev/null; then
        echo "setup.sh: no apt-get here; lacking, by their names in Debian: $*"
    elif ! can_be_root; then
        echo "setup.sh: only root can install what is lacking: type"
        echo "    sudo apt-get install --no-install-recommends $*"
    else
        echo "setup.sh: installing $*"
        install_all "$@"
    fi
}

[ $# -gt 0 ] || set -- usage
for group; do
    case $group in
    build | demo | check | release | roots | faults | ecosystem | bench | lint | clang | packaging) ;;
    *)
        echo "usage: scripts/setup.sh build|demo|check|release|roots|faults|ecosystem|bench|lint|clang|packaging..." >&2
        exit 125
        ;;
    esac
done

packages_lacking=$(lacking '' "$@")$(lacking '?' "$@")
[ -n "$packages_lacking" ] || exit 0
# shellcheck disable=SC2086 # they are words
try_to_install $packages_lacking >&2
[ -z "$(lacking '' "$@")" ] || exit 1
[ -z "$(lacking '?' "$@")" ] || exit 2
