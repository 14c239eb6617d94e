"""What a segment takes: side by side, in turn, in one run. Nothing is judged.

usage: turnaround.py LAUNCHER MOMENTS_SO OUTPUT_DIRECTORY [ROUNDS]

Each round runs every way of doing a segment once, so that what else the machine does falls on
all alike. Whole segment: from the start of the prefix to its end. First frame: from the return
of the client's connect() to the first bytes after its GO, told by moments.so in the client.
"""
import os, shutil, socket, subprocess, sys, tempfile, time
from functools import partial
import numpy

LAUNCHER, MOMENTS, OUTPUT = (os.path.abspath(path) for path in sys.argv[1:4])
ROUNDS = int(sys.argv[4]) if len(sys.argv) > 4 else 10
os.environ["GMX_MAXBACKUP"] = "-1"  # else its hundredth run in a directory fails
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
GROMACS = "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -nsteps {steps} -imdwait -imdport {port}"
LAMMPS = f"lmp -log none -in {ROOT}/scripts/argon-lammps.in -var steps {{steps}} -var port {{port}}"
NAME = 8888
QUARTERS = 25, 50, 75

# system: engine, without IMD, steps, frames, the port asked for if any will do
SYSTEMS = {
    "GROMACS, 500 steps": (GROMACS, " -imdwait -imdport {port}", 500, 501),
    "GROMACS, 5000 steps": (GROMACS, " -imdwait -imdport {port}", 5000, 5001),
    "LAMMPS, 5000 steps": (LAMMPS, None, 5000, 500),
}
WAYS = ["no IMD", "script", "run", "run --port", "run --no-wake"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clients(frames):
    """Both count frames; the numpy one fails unless all have come."""
    pcoord = f"{sys.executable} {ROOT}/scripts/pcoord.py"
    return {
        "watch": f"exec {LAUNCHER} watch $IMD_URL >/dev/null",
        "numpy": f"exec {pcoord} $IMD_URL {frames} 0 1 >/dev/null",
    }


def command(way, system, client):
    engine, imd, steps, _ = SYSTEMS[system]
    port = NAME if way == "run --port" else 0 if engine == GROMACS else free_port()
    words = engine.format(steps=steps, port=port).split()
    client = f"export LD_PRELOAD={MOMENTS}${{LD_PRELOAD:+:$LD_PRELOAD}}; {client}"
    if way == "no IMD" and imd:
        return engine.replace(imd, "").format(steps=steps).split()
    if way == "no IMD":
        without = f"sed '/ imd /d' {ROOT}/scripts/argon-lammps.in >no-imd.in"
        return ["sh", "-c", f"{without}; exec lmp -log none -in no-imd.in -var steps {steps}"]
    if way == "script":
        buffered = [] if engine == GROMACS else ["stdbuf", "-oL"]
        return [sys.executable, f"{ROOT}/tests/bench/published.py", client, *buffered, *words]
    options = way.split()[1:] + ([str(NAME)] if way == "run --port" else [])
    return [LAUNCHER, "run", "-q", *options, "--client", client, "--", *words]


def measure(words):
    """Seconds: the whole, to the first frame, the first frame from the start, all the frames."""
    moments = os.path.abspath("moments")
    if os.path.exists(moments):
        os.remove(moments)
    start = time.monotonic_ns()
    done = subprocess.run(words, env=os.environ | {"MOMENTS": moments}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    end = time.monotonic_ns()
    if done.returncode != 0:
        sys.exit(f"{words}: status {done.returncode}: {done.stdout.decode()[-2000:]}")
    whole = (end - start) / 1e9
    if not os.path.exists(moments):
        return whole, numpy.nan, numpy.nan, numpy.nan
    connected, first, last = (int(word) for word in open(moments).read().split())
    return whole, (first - connected) / 1e9, (first - start) / 1e9, (last - first) / 1e9


def measure_all(cells):
    """{key: command maker} to {key: array of rounds by figures}, in turn."""
    figures = {key: [] for key in cells}
    for make in cells.values():  # what is read for the first time is read from the disk
        measure(make())
    for number in range(ROUNDS):
        for key in list(cells)[number % len(cells):] + list(cells)[:number % len(cells)]:
            figures[key].append(measure(cells[key]()))
    return {key: numpy.array(rows) for key, rows in figures.items()}


def quartiles(values, scale=1.0, form="%.3f"):
    low, middle, high = (form % (q * scale) for q in numpy.percentile(values, QUARTERS))
    return f"{middle} ({low}-{high})"


def print_system(system, client, figures, frames):
    print(f"\n{system}, client {client}; n = {ROUNDS}, median (quartiles)")
    print(f"  {'':<14} {'whole segment, s':<22} {'over no IMD, s':<16}"
          f" {'connect to first frame, ms':<28} frames/s")
    base = numpy.median(figures["no IMD"][:, 0])
    for way, rows in figures.items():
        line = f"  {way:<14} {quartiles(rows[:, 0]):<22} {numpy.median(rows[:, 0]) - base:<16.3f}"
        if not numpy.isnan(rows[0, 1]):
            line += f" {quartiles(rows[:, 1], 1e3, '%.1f'):<28}"
            line += " " + quartiles((frames - 1) / rows[:, 3], form="%.0f")
        print(line)


def bench_segments(rows):
    subprocess.run([f"{ROOT}/scripts/argon-gromacs.sh", ".", "5000"], check=True)
    for system, (engine, _, _, frames) in SYSTEMS.items():
        if not shutil.which(engine.split()[0]):
            print(f"\n{system}: not installed")
            continue
        for client, line in clients(frames).items():
            figures = measure_all({way: partial(command, way, system, line) for way in WAYS})
            print_system(system, client, figures, frames)
            rows += [(f"{system}, {client}", way, *numpy.percentile(taken[:, 0], QUARTERS))
                     for way, taken in figures.items()]
            sys.stdout.flush()


def bench_client_alone():
    """A client's own start, and its end: it fails at once."""
    nobody = "IMD_URL=imd://127.0.0.1:1; ({}) 2>/dev/null || :"
    cells = {name: lambda line=line: ["sh", "-c", nobody.format(line)]
             for name, line in clients(1).items()}
    print("\nstart and end of a client that nobody answers, s: "
          + ", ".join(f"{name} {quartiles(rows[:, 0])}"
                      for name, rows in measure_all(cells).items()))


def bench_overlap():
    """An engine and a client that need a second each before they listen or connect."""
    line = clients(501)["watch"]
    cells = {way: partial(delayed, way, line) for way in ("run", "run --port")}
    print(f"\nstart to first frame, engine and client 1 s late each, n = {ROUNDS}:")
    for way, rows in measure_all(cells).items():
        print(f"  {way:<14} {quartiles(rows[:, 2])} s")


def delayed(way, client):
    words = command(way, "GROMACS, 500 steps", f"sleep 1; {client}")
    at = words.index("--") + 1
    return [*words[:at], "sh", "-c", 'sleep 1; exec "$@"', "sh", *words[at:]]


def plot(rows):
    """Whole segments: a bar a way, a group a system and client."""
    groups = list(dict.fromkeys(row[0] for row in rows))
    table = "".join('"%s" ' % group.replace(", ", "\\n") + " ".join("%g %g %g" % (middle, low, high)
                               for of, _, low, middle, high in rows if of == group)
                    + "\n" for group in groups)
    bars = ", ".join(f"$segments using {3 * i + 2}:{3 * i + 3}:{3 * i + 4}:xtic(1) title '{way}'"
                     for i, way in enumerate(WAYS))
    subprocess.run(["gnuplot"], check=True, text=True, input=f"""
        $segments << EOD\n{table}EOD
        set terminal svg size 960,480 font 'sans,12' background 'white'
        set output '{OUTPUT}/turnaround.svg'
        set title 'Whole segment, median and quartiles of {ROUNDS}'
        set ylabel 's'
        set yrange [0:*]
        set grid ytics
        set style data histograms
        set style histogram errorbars gap 1 linewidth 1
        set style fill solid 0.7
        set key outside top center horizontal
        set bmargin 4
        set xtics scale 0 nomirror
        plot {bars}
        """)
    print(f"\nplot: {OUTPUT}/turnaround.svg")


def main():
    rows = []
    os.makedirs(OUTPUT, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        bench_segments(rows)
        bench_client_alone()
        if shutil.which("gmx"):
            bench_overlap()
    if rows and shutil.which("gnuplot"):
        plot(rows)


main()
