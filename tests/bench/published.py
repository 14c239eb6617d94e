"""The published way: start the engine, read its output for the port, then start the client.

usage: published.py CLIENT ENGINE [ARG...]

At its best: the line is waited for, not polled, and the engine's pipe is drained to the end.
"""
import os, re, subprocess, sys, threading

engine = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
line = b""
for line in engine.stdout:
    port = re.search(rb"[Cc]onnection on port (\d+)", line)
    if port:
        break
else:
    sys.exit(f"the engine named no port, but: {line.decode()}")
threading.Thread(target=engine.stdout.read, daemon=True).start()
url = "imd://127.0.0.1:" + port[1].decode()
client = subprocess.run(sys.argv[1], shell=True, env=os.environ | {"IMD_URL": url})
sys.exit(engine.wait() or client.returncode)
