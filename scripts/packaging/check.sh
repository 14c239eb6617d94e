#!/bin/bash
# shellcheck disable=SC2016,SC2317 # a script for another shell; functions that are called by name
# Build every package from its recipe, look through it and use it, as far as can be done here. What
# each step shows, and what it does not, is in scripts/packaging/README.md.
#
# usage: scripts/packaging/check.sh DIRECTORY [debian|rpm|conda|spack|easybuild]...
#
# Works in DIRECTORY, which it empties first but for the programs from PyPI. Prints a line for each step: "ok", "FAILED" with the
# end of what was said, or "not done" with the reason. The status is 1 if a step failed, or in CI,
# where everything can be had, if one was not done.
set -u
mkdir -p "$1" && directory=$(cd "$1" && pwd) || exit 125
shift
[ $# -gt 0 ] || set -- debian rpm conda spack easybuild
here=$(cd "$(dirname "$0")" && pwd)
unset MAKEFLAGS MFLAGS MAKELEVEL BUILD PREFIX DESTDIR CFLAGS CPPFLAGS LDFLAGS
failed=0

step() { # WHAT COMMAND...
    local what=$1 log
    shift
    log=$directory/log/${what//[^a-zA-Z]/-}
    if "$@" >"$log" 2>&1; then
        printf 'ok        %s\n' "$what"
    else
        printf 'FAILED    %s: %s\n' "$what" "$log"
        tail -n 15 "$log" | sed 's/^/          /'
        failed=1
        return 1
    fi
}

not_done() { # WHAT WHY
    printf 'not done  %s: %s\n' "$1" "$2"
    [ -z "${CI:-}" ] || failed=1
}

has() { # PROGRAM WHAT
    command -v "$1" >/dev/null || { not_done "$2" "no $1 here" && false; }
}

unpack() { # DIRECTORY: the sources there
    mkdir -p "$1" && tar -C "$1" --strip-components=1 -xf "$tarball"
}

# ---- Debian ----

build_deb() {
    unpack "$work/imdshim-$version" && cp -a "$recipes/debian" "$work/imdshim-$version" &&
        cd "$work/imdshim-$version" && DEB_BUILD_OPTIONS=nocheck DEB_BUILD_PROFILES=nocheck \
        dpkg-buildpackage -us -uc
}

# All of this machine's files, and what is written to them is thrown away: apt may install here.
autopkgtest_in_throwaway_root() {
    unshare --mount --propagation private sh -euc '
        mount -t tmpfs tmpfs "$1"
        mkdir "$1/upper" "$1/work" "$1/root"
        mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
        mount --rbind /proc "$1/root/proc"
        mount --rbind /dev "$1/root/dev"
        mkdir -p "$1/root/packages"
        cp -a "$2"/*.deb "$2/imdshim-$3" "$1/root/packages"
        cd /
        chroot "$1/root" sh -c "cd /packages && autopkgtest -B *.deb imdshim-$3/ -- null"
    ' sh "$work/throwaway" "$work" "$version"
}

check_debian() {
    has dpkg-buildpackage "the Debian package" || return
    step "debian: dpkg-buildpackage" build_deb || return
    has lintian "debian: lintian" && step "debian: lintian" \
        lintian --fail-on error,warning --info "$work"/*.changes
    step "debian: the package is unpacked" dpkg-deb -x "$work"/imdshim_*.deb "$work/root"
    step "debian: and runs" "$here/smoke.sh" "$work/root/usr"
    has autopkgtest "debian: autopkgtest" || return
    mkdir -p "$work/throwaway"
    if ! unshare --mount mount -t tmpfs tmpfs "$work/throwaway" 2>/dev/null; then
        not_done "debian: autopkgtest" "it needs root, and mount(2)"
    else
        step "debian: autopkgtest" autopkgtest_in_throwaway_root
    fi
}

# ---- RPM ----

rpm_topdir() {
    printf '%s\n' --define "_topdir $work" --define "_dbpath $work/db"
}

build_rpm() {
    mapfile -t topdir < <(rpm_topdir)
    mkdir -p "$work/SOURCES" && cp "$tarball" "$work/SOURCES" &&
        rpmbuild "${topdir[@]}" --nodeps -ba "$recipes/imdshim.spec"
}

# Each file that make install makes is in the package.
list_rpm() {
    rpm -qpl "$work"/RPMS/*/imdshim-"$version"-*.rpm >"$work/files" || return
    cat "$work/files"
    make -s -C "$work/again" install PREFIX=/usr DESTDIR="$work/staged" &&
        (cd "$work/staged" && find . -type f | cut -c 2-) | while read -r file; do
            grep -qE "^$file(\.gz)?$" "$work/files" || { echo "not in it: $file" && exit 1; }
        done
}

unpack_rpm() {
    mkdir -p "$work/root" && cd "$work/root" &&
        rpm2cpio "$work"/RPMS/*/imdshim-"$version"-*.rpm | cpio -idm
}

check_rpm() {
    has rpmbuild "the RPM package" || return
    step "rpm: rpmbuild, its requirements not looked for" build_rpm || return
    unpack "$work/again"
    step "rpm: all that is installed is in it" list_rpm
    has rpmlint "rpm: rpmlint" &&
        step "rpm: rpmlint" rpmlint --strict --config "$here/rpmlint.toml" \
            "$recipes/imdshim.spec" "$work"/RPMS/*/*.rpm
    has cpio "rpm: unpacked" || return
    step "rpm: the package is unpacked" unpack_rpm
    step "rpm: and runs" "$here/smoke.sh" "$work/root/usr"
}

# ---- conda, Spack, EasyBuild ----

# Programs from PyPI, in an environment of their own that is kept for the next time.
environment_with() { # NAME PACKAGE...
    local venv=$venvs/$1
    shift
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv" || return
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
}

unpack_conda() {
    python3 -m zipfile -e "$work"/*/imdshim-"$version"-*.conda "$work/unzipped" &&
        mkdir "$work/root" && tar -C "$work/root" --zstd -xf "$work"/unzipped/pkg-*.tar.zst
}

check_conda() {
    environment_with conda py-rattler-build >"$directory/log/rattler-build" 2>&1 ||
        { not_done "the conda package" "py-rattler-build cannot be installed" && return; }
    step "conda: the recipe is rendered, and built with this machine's compiler" \
        "$venvs/conda/bin/python" "$here/conda/check.py" "$recipes/conda/recipe.yaml" "$work" || return
    has zstd "conda: unpacked" || return
    step "conda: the package is unpacked" unpack_conda
    step "conda: and runs" "$here/smoke.sh" "$work/root"
}

check_spack() {
    unpack "$work/sources"
    step "spack: the recipe installs, with stand-ins for Spack's functions" \
        python3 "$here/spack/check.py" "$recipes/spack/packages/imdshim/package.py" "$work/sources" \
        "$work/root"
}

eb() {
    PATH=$venvs/easybuild/bin:$PATH LMOD_CMD=/usr/share/lmod/lmod/libexec/lmod \
        "$venvs/easybuild/bin/eb" --prefix="$work" --sourcepath="$directory" --robot-paths="$work" \
        --allow-use-as-root-and-accept-consequences --modules-tool=Lmod \
        "$@" "$work/imdshim-$version.eb"
}

check_easybuild() {
    [ -x /usr/share/lmod/lmod/libexec/lmod ] ||
        { not_done "EasyBuild" "no Lmod of Debian here" && return; }
    environment_with easybuild easybuild-framework easybuild-easyblocks pycodestyle \
        >"$directory/log/easybuild" 2>&1 ||
        { not_done "EasyBuild" "easybuild-framework cannot be installed" && return; }
    cp "$recipes/easybuild/imdshim.eb" "$work/imdshim-$version.eb"
    step "easybuild: style and checksums" eb --check-contrib
    step "easybuild: eb builds, installs and runs it" eb
}

venvs=$directory/venvs
find "$directory" -mindepth 1 -maxdepth 1 ! -name venvs -exec rm -rf {} +
mkdir -p "$directory/log" "$venvs"
"$here/source.sh" "$directory" || exit 125
recipes=$directory/recipes
tarball=$(echo "$directory"/imdshim-*.tar.gz)
version=${tarball##*/imdshim-} version=${version%.tar.gz}
for package; do
    work=$directory/$package
    mkdir "$work"
    "check_$package"
done
exit $failed
