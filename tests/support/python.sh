#!/bin/sh
# python3, but one that has numpy: the one in PATH, or else Debian's own.
for python in python3 /usr/bin/python3; do
    "$python" -c 'import numpy' 2>/dev/null && exec "$python" "$@"
done
echo "no python3 with numpy here: scripts/setup.sh check installs it" >&2
exit 127
