"""The Spack package, executed with stand-ins for the names of Spack that it uses, for check.sh.

usage: check.py PACKAGE SOURCES PREFIX

Runs its build and install in SOURCES. This shows that the recipe is Python, that its checksum and
version are set and that its commands work. It does not show what Spack itself thinks of it: that
is not to be had from the archives of packages that are used here.
"""

import os
import runpy
import subprocess
import sys
import types

path, sources, prefix = sys.argv[1:]
said = {}


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


def says(directive):
    return lambda *words, **named: said.setdefault(directive, []).append((words, named))


def as_it_is(*_, **__):
    return lambda method: method


class MakefilePackage:
    pass


stand_in = types.ModuleType("spack.package")
stand_in.MakefilePackage = MakefilePackage
stand_in.make = lambda *words: run("make", *words)
stand_in.Executable = lambda program: lambda *words: run(program, *words)
stand_in.run_after = stand_in.on_package_attributes = as_it_is
for name in "license", "version", "depends_on", "conflicts":
    setattr(stand_in, name, says(name))
sys.modules.update({"spack": types.ModuleType("spack"), "spack.package": stand_in})

package = runpy.run_path(path)["Imdshim"]()
((version,), named), = said["version"]
assert len(named["sha256"]) == 64
print("version", version)

os.chdir(sources)
package.prefix = prefix
package.build(None, prefix)
package.install(None, prefix)
package.smoke_test()
