"""Instructions per step of a streaming run, with and without the library, counted by callgrind.

usage: instructions.py LAUNCHER

A run of few steps is taken from one of many: starts and ends drop out.
"""
import os, re, shutil, subprocess, sys, tempfile

LAUNCHER = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
FEW, MANY = 200, 1200
ENGINES = {
    "GROMACS": "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -nsteps {0} -imdwait -imdport 0",
    "LAMMPS": f"lmp -log none -in {ROOT}/scripts/argon-lammps.in -var steps {{0}} -var port {{1}}",
}
COUNTED = "valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file=counted "
CLIENT = f"exec {LAUNCHER} watch $IMD_URL >/dev/null"


def count(prefix, engine, steps, port):
    words = prefix + (COUNTED + engine.format(steps, port)).split()
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=300)
    return int(re.search(r"Collected : (\d+)", open("counted").read())[1])


def per_step(prefix, engine, port):
    return (count(prefix, engine, MANY, port) - count(prefix, engine, FEW, port + 1)) / (MANY - FEW)


def main():
    subprocess.run([f"{ROOT}/scripts/argon-gromacs.sh", "."], check=True)
    plain = [sys.executable, f"{HERE}/published.py", CLIENT, "stdbuf", "-oL"]
    ours = [LAUNCHER, "run", "-q", "--client", CLIENT, "--"]
    print("\ninstructions per step of a streaming run (callgrind):")
    for number, (name, engine) in enumerate(ENGINES.items()):
        if not shutil.which(engine.split()[0]):
            print(f"  {name}: not installed")
            continue
        port = 18000 + os.getpid() % 4000 + 8 * number
        without, under, again = (per_step(prefix, engine, port + 2 * i)
                                 for i, prefix in enumerate((plain, ours, plain)))
        print(f"  {name:<8} {without:.0f} without, {100 * (under / without - 1):+.4f} % with the"
              f" library, {100 * (again / without - 1):+.4f} % without it once more")


with tempfile.TemporaryDirectory() as directory:
    os.chdir(directory)
    if shutil.which("valgrind"):
        main()
