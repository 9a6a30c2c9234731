#!/usr/bin/env python3
"""A model at every precision for TensorRT: imagenet.py FOVEA MODEL_LOGITS PEERS MODEL DATA PRECISION,… [EXPORT-OPTION…]

Exported and gated, compiled by TensorRT (FOVEA_TENSORRT=FOLDER), the exported file run by ONNX Runtime beside the engine
that the gate judged, and `build --device tensorrt`: a row of a table each.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path[:0] = [sys.argv[3], str(pathlib.Path(__file__).parents[2] / "tests/export")]
from answers import ours, photos_as_tensors, theirs  # noqa: E402
from plan_layers import types_of_convolutions  # noqa: E402

FOVEA, MODEL_LOGITS, _, MODEL, DATA, PRECISIONS, *OPTIONS = sys.argv[1:]


def told(*command):
    done = subprocess.run([FOVEA, *map(str, command), "--json", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, json.loads(done.stdout) if done.returncode in (0, 5) else done.stderr


def row(folder, precision):
    exported, engine, plan = (folder / f"{precision}.{end}" for end in ("onnx", "engine", "plan"))
    shared = ["--model", MODEL, "--data", DATA, "--precision", precision, "--calib-cache", folder / "calibration", *OPTIONS]
    status, found = told("export", *shared, "--for", "tensorrt", "--out", exported, "--plan", engine, "--tensorrt-plan", plan)
    if status != 0:
        return f"| {precision} | refused ({status}): {found['error'] if status == 5 else found.splitlines()[-1]} | | | | | |"
    count = len(told("predict", "--engine", engine, DATA)[1])
    inputs = photos_as_tensors(MODEL_LOGITS, exported, DATA, count, folder)
    same = float((theirs(exported, inputs) == ours(FOVEA, engine, DATA, count)).mean())
    types = types_of_convolutions(found["plan"]["layers"])
    gate = found["gate"]
    status, built = told("build", *shared, "--device", "tensorrt", "--batch", "1,8", "--out", folder / "trt.engine")
    built = f"{built['bytes'] / 1e6:.2f} MB, {built['seconds']:.1f} s" if status == 0 else f"refused ({status})"
    return (f"| {precision} → {found['precision']} | {100 * gate['before']:.1f} → {100 * gate['after']:.1f} % of {gate['images']} | "
            f"{found['seconds']:.1f} s | {found['plan']['bytes'] / 1e6:.2f} MB, {found['plan']['seconds']:.1f} s | "
            f"{types.count('Int8')} of {len(types)} | {100 * same:.1f} % of {count} | {built} |")


with tempfile.TemporaryDirectory(prefix="fovea-imagenet-") as name:
    for wanted in PRECISIONS.split(","):
        print(row(pathlib.Path(name), wanted), flush=True)
