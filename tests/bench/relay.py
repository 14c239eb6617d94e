"""What the relay costs: side by side, in turn, in one run. Nothing is judged.

usage: relay.py LAUNCHER IMD_ENGINE [ROUNDS]

The engine is a stand-in that sends frames as fast as they are taken, to watch: as it is, through
the relay to the same version and to version 3, through socat, and through the relay to four
clients. Then GROMACS itself, from the start of run to its end, without and with --relay. Medians;
CPU is what the relay or socat has used, and memory the most that it had.
"""
import os, re, shutil, statistics, subprocess, sys, tempfile, time

LAUNCHER, ENGINE = (os.path.abspath(path) for path in sys.argv[1:3])
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 7
SYSTEMS = {216: 40000, 10_000: 2000, 1_000_000: 40}  # atoms: frames
GROMACS = {6: 5000, 22: 1000, 100: 20}  # atoms along an edge: steps
RELAY = [LAUNCHER, "relay", "-q", "-t", "30"]
WAYS = {
    "without": None,
    "relay, same version": RELAY + ["--imd-version", "2"],
    "relay, 2 to 3": RELAY + ["--time-step", "0.002"],
    "relay, 4 clients": RELAY + ["--imd-version", "2"],
    "socat": ["socat", "-b", "524288"],
}


def start(way, engine_port, folder):
    """The process between, and the port where clients connect."""
    if WAYS[way] is None:
        return None, engine_port
    if way == "socat":
        socat = subprocess.Popen(
            ["socat", "-dd", *WAYS[way][1:], "TCP-LISTEN:0,bind=127.0.0.1", f"TCP:127.0.0.1:{engine_port}"],
            stderr=subprocess.PIPE, text=True)
        for line in socat.stderr:
            if found := re.search(r"listening on .*:(\d+)", line):
                return socat, int(found[1])
    file = os.path.join(folder, "port")
    if os.path.exists(file):
        os.unlink(file)
    relay = subprocess.Popen([*WAYS[way], "-o", file, str(engine_port)])
    while not os.path.exists(file):
        time.sleep(0.002)
    return relay, int(open(file).read().rsplit(":", 1)[1])


def most_memory(process, clients):
    """MB of the process while clients run: what wait4() says has ours in it."""
    memory = 0
    while any(client.poll() is None for client in clients):
        try:
            status = open(f"/proc/{process.pid}/status").read() if process else ""
        except OSError:
            status = ""
        if found := re.search(r"VmHWM:\s*(\d+)", status):
            memory = int(found[1]) / 1000
        time.sleep(0.005)
    return memory


def run_once(way, atoms, folder):
    """Seconds, and of the process between CPU seconds and MB."""
    words = [f"atoms={atoms}", f"frames={SYSTEMS[atoms]}", "still=1"]
    engine = subprocess.Popen([ENGINE, *words], stdout=subprocess.PIPE, text=True)
    between, port = start(way, int(engine.stdout.readline()), folder)
    begin = time.monotonic()
    count = 4 if way == "relay, 4 clients" else 1
    clients = [subprocess.Popen([LAUNCHER, "watch", str(port)], stdout=subprocess.PIPE, text=True)
               for _ in range(count)]
    memory = most_memory(between, clients)
    said = [client.communicate()[0] for client in clients]
    seconds = time.monotonic() - begin
    assert any(text.startswith(f"{SYSTEMS[atoms]} frames") for text in said), (way, said)
    engine.communicate()
    if between is None:
        return seconds, 0, 0
    if between.stderr:
        between.stderr.close()
    _, _, used = os.wait4(between.pid, 0)
    between.returncode = 0
    return seconds, used.ru_utime + used.ru_stime, memory


def run_gromacs(folder, edge, steps):
    """Whole runs of edge^3 atoms, a frame of each step. They are long: fewer rounds for the largest."""
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    subprocess.run([f"{root}/scripts/argon-gromacs.sh", folder, str(steps), str(edge)], check=True)
    engine = "gmx -quiet mdrun -s argon.tpr -deffnm seg -nt 1 -imdwait -imdport 0".split()
    times = {"without": [], "relay, 2 to 3": []}
    for _ in range(ROUNDS if edge < 100 else max(1, ROUNDS // 2)):
        for way, row in times.items():
            options = [] if way == "without" else ["--relay", "--time-step", "0.002"]
            begin = time.monotonic()
            subprocess.run(
                [LAUNCHER, "run", "-q", *options, "--client", f"{LAUNCHER} watch $IMD_URL", "--", *engine],
                cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=os.environ | {"GMX_MAXBACKUP": "-1"})
            row.append(time.monotonic() - begin)
    print(f"\nGROMACS, {edge ** 3} atoms, {steps} steps, the whole run")
    for way, row in times.items():
        ratio = statistics.median(row) / statistics.median(times["without"])
        print(f"  {way:22}{statistics.median(row):8.3f} s {ratio:6.2f} of without")


def main():
    ways = [way for way in WAYS if way != "socat" or shutil.which("socat")]
    with tempfile.TemporaryDirectory() as folder:
        for atoms, frames in SYSTEMS.items():
            times = {way: [] for way in ways}
            for _ in range(ROUNDS):
                for way in ways:
                    times[way].append(run_once(way, atoms, folder))
            print(f"\n{atoms} atoms, {frames} frames, {12 * atoms * frames / 1e6:.0f} MB")
            for way in ways:
                seconds, cpu, memory = (statistics.median(column) for column in zip(*times[way]))
                ratio = seconds / statistics.median(row[0] for row in times["without"])
                print(f"  {way:22}{seconds:8.3f} s {ratio:6.2f} of without{cpu:8.3f} s CPU{memory:7.1f} MB")
        if shutil.which("gmx"):
            for edge, steps in GROMACS.items():
                run_gromacs(folder, edge, steps)


main()
