#!/usr/bin/env python3
"""Eager, Fovea CUDA and TensorRT side by side: side_by_side.py FOVEA MODEL DATA [BUILD-OPTION…]

What can't run on this machine is left out, with the reason in its own words.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

FOVEA, MODEL, DATA, *OPTIONS = sys.argv[1:]


def tried(*command):
    """The reason why it does not run; None where it did."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    return None if done.returncode == 0 else (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]


def row(name, figures):
    print(f"{name:<12} {figures['latency_ms']['p50']:>9.3f} ms {figures['images_per_second']:>9.1f} images/s  top-1 {100 * figures['top1']:.2f} %")


with tempfile.TemporaryDirectory(prefix="fovea-bench-") as folder:
    eager_shown = False
    for device in ["cuda", "tensorrt"]:
        engine, told = pathlib.Path(folder) / f"{device}.engine", pathlib.Path(folder) / f"{device}.json"
        reason = tried(FOVEA, "build", "--model", MODEL, "--data", DATA, "--device", device, "--out", engine, *OPTIONS)
        reason = reason or tried(FOVEA, "inspect", engine, "--can-run")
        reason = reason or tried(FOVEA, "compare", "--model", MODEL, "--engine", engine, "--data", DATA, "--json", told)
        if reason:
            print(f"{device:<12} skipped: {reason}")
            continue
        found = json.loads(told.read_text())
        if not eager_shown:
            row("eager", found["before"])
            eager_shown = True
        row(device, found["after"])
    if not eager_shown:
        print(f"{'eager':<12} skipped: nothing to stand beside")
