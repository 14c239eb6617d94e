#!/bin/sh
# What every package is made from: the sources as a tarball, and the recipes with what they must
# say of it. The version is the Makefile's.
#
# usage: scripts/packaging/source.sh DIRECTORY
#
# Leaves in DIRECTORY imdshim-VERSION.tar.gz and, below recipes, the recipes. Two variables may be
# set: SOURCE_DATE_EPOCH, whose tarball is then the same bytes each time; else it has the date of the
# newest file. URL: where the tarball will be. A recipe that is to be published needs it.
set -eu
directory=$1
cd "$(dirname "$0")/../.."
version=$(make -s --no-print-directory version)
tarball=imdshim-$version.tar.gz
date=${SOURCE_DATE_EPOCH:-$(find Makefile launcher shim scripts -type f -printf '%Ts\n' | sort -n | tail -n 1)}

mkdir -p "$directory"
tar -c --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX,u+w --mtime="@$date" \
    --transform "s|^|imdshim-$version/|" Makefile LICENSE README.md CONTRIBUTING.md launcher shim \
    scripts tests | gzip -n >"$directory/$tarball"

rm -rf "$directory/recipes"
cp -a scripts/packaging "$directory/recipes"
find "$directory/recipes" -type f ! -name source.sh -exec sed -i \
    -e "s|@VERSION@|$version|g" \
    -e "s|@SHA256@|$(sha256sum <"$directory/$tarball" | cut -d ' ' -f 1)|g" \
    -e "s|@URL@|${URL:-file://$directory/$tarball}|g" \
    -e "s|@DATE@|$(LC_ALL=C date -u -R -d "@$date")|g" \
    -e "s|@RPM_DATE@|$(LC_ALL=C date -u +'%a %b %d %Y' -d "@$date")|g" {} +
