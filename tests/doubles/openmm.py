"""OpenMM with an IMDReporter: a thread listens and waits for its one client, the simulation goes
on meanwhile. The port is never told to anyone; the client is told it, to compare with what it knew.

usage: openmm.py PORT
"""

import socket
import sys
import threading

came = threading.Event()


def report(port):
    listener = socket.socket()
    listener.bind(("", port))
    listener.listen(128)
    client, _ = listener.accept()
    client.sendall(b"openmm on %d\n" % listener.getsockname()[1])
    client.close()
    came.set()


threading.Thread(target=report, args=(int(sys.argv[1]),), daemon=True).start()
for step in range(3000):
    if came.wait(0.01):
        sys.exit(0)
sys.exit("nobody came")
