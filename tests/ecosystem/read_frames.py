#!/usr/bin/env python3
"""A client of MDAnalysis: read all frames of a run, and leave them in a file.

usage: read_frames.py TOPOLOGY URL FILE.npz
"""
import sys
import warnings

import MDAnalysis
import numpy

topology, url, out = sys.argv[1:]
warnings.simplefilter("ignore")
universe = MDAnalysis.Universe(topology, url)
positions, steps, times, totals = [], [], [], []
for ts in universe.trajectory:
    positions.append(ts.positions.copy())
    steps.append(ts.data.get("step", -1))
    times.append(ts.time)
    totals.append(ts.data.get("total_energy", float("nan")))
numpy.savez(out, positions=positions, steps=steps, times=times, totals=totals)
