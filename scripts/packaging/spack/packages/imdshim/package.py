# A Spack package, for a repository of one's own: "spack repo add DIRECTORY".

from spack.package import *


class Imdshim(MakefilePackage):
    """Start a molecular-dynamics engine and learn the port of its IMD server.

    imdshim is put before the command of an unmodified engine with an IMD (interactive molecular
    dynamics) server, such as GROMACS, LAMMPS or NAMD. It learns from the engine itself on which
    port it listens, and starts a client as soon as the engine waits for it."""

    homepage = "@URL@"
    url = "@URL@"

    license("MIT")

    version("@VERSION@", sha256="@SHA256@")

    depends_on("c", type="build")

    conflicts("platform=darwin", msg="the library is preloaded by ld.so, as on Linux")
    conflicts("platform=windows", msg="the library is preloaded by ld.so, as on Linux")

    def build(self, spec, prefix):
        make()

    def install(self, spec, prefix):
        make("install", f"PREFIX={prefix}")

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def smoke_test(self):
        Executable("scripts/packaging/smoke.sh")(self.prefix)
