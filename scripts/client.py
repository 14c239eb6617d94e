#!/usr/bin/env python3
"""Start an engine and learn its IMD port: client.py gmx mdrun -deffnm seg -imdwait -imdport 0"""
import os, subprocess, sys

events, for_engine = os.pipe()
prefix = ["imdshim", "exec", "--fd", str(for_engine), "--"]
engine = subprocess.Popen(prefix + sys.argv[1:], pass_fds=[for_engine])
os.close(for_engine)  # so that the engine's end is an end of file here
line = open(events).readline()
print(int(line.split()[0]) if line else "the engine ended without listening", flush=True)
sys.exit(engine.wait())  # here a client would connect, once an event "ready" has come
