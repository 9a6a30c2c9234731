#!/usr/bin/env python3
"""Eager, Fovea CUDA and TensorRT side by side: side_by_side.py FOVEA MODEL DATA [BUILD-OPTION…]

Eager is LibTorch as `compare` runs it, on the GPU. What can't run on this machine is skipped, with the reason in its own words:
nothing is built for it.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

FOVEA, MODEL, DATA, *OPTIONS = sys.argv[1:]
DEVICES = ["cuda", "tensorrt"]


def called(*command):
    return subprocess.run([FOVEA, *map(str, command)], capture_output=True, text=True)


def reason_of(done):
    """Why it did not run; None where it did."""
    return None if done.returncode == 0 else (done.stderr.strip() or done.stdout.strip()).splitlines()[-1].removeprefix("error: ")


def reasons():
    """Of the devices that are not here, as --version tells them."""
    told = dict(line.split(":", 1) for line in called("--version").stdout.splitlines() if ":" in line)
    states = {device: told[device].strip() for device in DEVICES}
    return {device: state.removeprefix("built in; ") for device, state in states.items() if state != "built in"}


def show(name, text):
    print(f"{name:<12} {text}", flush=True)


def figures(row):
    return f"{row['latency_ms']['p50']:>9.3f} ms {row['images_per_second']:>9.1f} images/s  top-1 {100 * row['top1']:.2f} %"


def measured(folder, device):
    """The comparison, or the reason why there is none."""
    engine, told = folder / f"{device}.engine", folder / f"{device}.json"
    options = [option for i, option in enumerate(OPTIONS)  # compare knows the classes' map only
               if option == "--class-map" or (i > 0 and OPTIONS[i - 1] == "--class-map")]
    for command in (["build", "--model", MODEL, "--data", DATA, "--device", device, "--out", engine, *OPTIONS],
                    ["compare", "--model", MODEL, "--engine", engine, "--data", DATA, "--json", told, *options]):
        reason = reason_of(called(*command))
        if reason:
            return reason
    return json.loads(told.read_text())


with tempfile.TemporaryDirectory(prefix="fovea-bench-") as name:
    found = reasons()
    for device in DEVICES:
        if device not in found:
            found[device] = measured(pathlib.Path(name), device)
    ran = [found[device] for device in DEVICES if isinstance(found[device], dict)]
    show("eager", figures(ran[0]["before"]) if ran else f"skipped: no GPU that one of them runs on: {found['cuda']}")
    for device in DEVICES:
        show(device, figures(found[device]["after"]) if isinstance(found[device], dict) else f"skipped: {found[device]}")
