"""Run CPython's own tests and write down what became of each.

usage: python3 cpython.py [--hold] [--at-once N] [--only FILE] RESULTS MODULE...

MODULE is one of Debian's libpython3.11-testsuite, as test_socket. Each of its tests runs in a
process of its own, a fork of this one: so each is an engine of its own to a preloaded library.
RESULTS gets a line for each, sorted: its name, a blank, and ok, skipped, failed, error, expected
(a failure that CPython expects), unexpected (a success that it does not), died (the process ended
without a result) or hung (it was killed after half a minute; so is what a test leaves behind).

--hold     keep a listener open that nobody ever waits on: to a library that takes it for the one
           it looks for, every wait of every test is of interest.
--at-once  tests that run at the same time, 4: most of them sleep
--only     run those named in FILE, a name at the beginning of each line

What is about VSOCK is not run: what answers there is another machine, the hypervisor.

Give it a network of its own (unshare --net): some tests look for python.org and skip when it
cannot be found. Nothing is printed but what a test prints that is not ok.
"""

import argparse
import ctypes
import gc
import os
import select
import signal
import socket
import sys
import tempfile
import time
import unittest

TIME = 30  # seconds, for one test
NOT_RUN = "VSOCK"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Result(unittest.TestResult):
    """What becomes of one test; a failed subtest is a failed test."""

    outcome = "ok"

    def worse(self, outcome):
        if self.outcome in ("ok", "skipped", "expected"):
            self.outcome = outcome

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.worse("failed")

    def addError(self, test, err):
        super().addError(test, err)
        self.worse("error")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.worse("failed" if issubclass(err[0], test.failureException) else "error")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outcome = "skipped" if self.outcome == "ok" else self.outcome

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.worse("expected")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.worse("unexpected")


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def load(modules):
    loader = unittest.TestLoader()
    tests = {}
    for module in modules:
        for test in flatten(loader.loadTestsFromName("test." + module)):
            if NOT_RUN not in test.id():
                tests[test.id().replace(" ", "_")] = test
    return tests


def run_one(test, folder):
    """In the child: its own group and directory, so that all that it leaves can be found. It
    does not outlive us."""
    os.setpgid(0, 0)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.mkdir(folder)
    os.chdir(folder)
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    said = os.open("said", os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.close(said)
    result = Result()
    unittest.TestSuite([test]).run(result)
    for _, text in result.failures + result.errors:
        print(text, file=sys.stderr)
    sys.stdout.flush()
    with open("outcome", "w", encoding="ascii") as file:
        file.write(result.outcome)
    os.chdir("/")


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Runs:
    """The tests that run now."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.begun = 0
        self.running = {}  # pid: (name, folder, deadline)
        self.outcomes = {}

    def start(self, name, test):
        self.begun += 1
        folder = os.path.join(self.scratch, str(self.begun))
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            try:
                run_one(test, folder)
            finally:
                sys.stdout.flush()
                os._exit(0)
        self.running[pid] = (name, folder, time.monotonic() + TIME)

    def take(self, pid):
        """Its process has ended, or is ended: what it wrote down, and an end to its group."""
        name, folder, deadline = self.running.pop(pid)
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            pass
        hung = time.monotonic() >= deadline
        outcome = read(os.path.join(folder, "outcome")) or ("hung" if hung else "died")
        self.outcomes[name] = outcome
        if outcome not in ("ok", "skipped", "expected"):
            print(f"{name}: {outcome}\n" + read(os.path.join(folder, "said")))

    def wait(self):
        """For one that ends; kills what has had its time."""
        pid = os.waitpid(-1, os.WNOHANG)[0]
        if pid in self.running:
            self.take(pid)
            return
        for late, (_, _, deadline) in list(self.running.items()):
            if time.monotonic() >= deadline:
                os.kill(late, signal.SIGKILL)
                os.waitpid(late, 0)
                self.take(late)
                return
        if pid == 0:
            signal.sigtimedwait([signal.SIGCHLD], 0.5)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--only")
    parser.add_argument("results")
    parser.add_argument("modules", nargs="+")
    options = parser.parse_args()

    from test import support
    support.use_resources = ["network"]  # nothing that takes long or much room
    support.verbose = False
    tests = load(options.modules)
    if options.only:
        names = {line.split()[0] for line in read(options.only).splitlines()}
        tests = {name: test for name, test in tests.items() if name in names}
    held = socket.create_server(("127.0.0.1", 0)) if options.hold else None

    gc.collect()
    gc.freeze()  # many tests collect, and what is loaded is large
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # else it is not waited for
    with tempfile.TemporaryDirectory() as scratch:
        runs = Runs(scratch)
        for name, test in tests.items():
            while len(runs.running) >= options.at_once:
                runs.wait()
            runs.start(name, test)
        while runs.running:
            runs.wait()
    if held is not None:
        held.close()
    with open(options.results, "w", encoding="utf-8") as file:
        for name, outcome in sorted(runs.outcomes.items()):
            print(name, outcome, file=file)


main()
