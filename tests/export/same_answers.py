#!/usr/bin/env python3
"""What is exported answers in ONNX Runtime as the plan that passed the gate: same_answers.py FOVEA MODEL_LOGITS PEERS

With MODEL DATA IMAGES EXPORT-OPTION… behind, it measures that model on that folder instead of a small one of its own.
"""
import json
import pathlib
import sys
import tempfile

FOVEA, MODEL_LOGITS, PEERS = sys.argv[1:4]
sys.path.insert(0, PEERS)
from answers import ours, photos_as_tensors, run, theirs  # noqa: E402

LEAST = 0.99  # of the answers are the same
ONE = ["--calibration", "percentile"]  # trying each takes four times as long, and the first case does
CASES = [("tensorrt", "int8"), ("tensorrt", "fp16"), ("tensorrt", "fp8"), ("onnxruntime", "int8", *ONE), ("openvino", "int8", *ONE)]


def sums_are_exact():
    """Without VNNI ONNX Runtime's kernels for u8 × s8 keep sums of two products in 16 bits, saturating (vpmaddubsw)."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return any(flag in flags for flag in ("avx512_vnni", "avx_vnni"))


def agreement(folder, model, data, count, inputs, options, case):
    runtime, precision, *own = case
    exported, plan = folder / f"{runtime}_{precision}.onnx", folder / f"{runtime}_{precision}.engine"
    told = json.loads(run(FOVEA, "export", "--model", model, "--data", data, "--for", runtime, "--precision", precision,
                          "--out", exported, "--plan", plan, "--json", "-", *options, *own))
    assert told["gate"]["passed"] or "--keep-failed" in options, told["gate"]
    # Its CPU optimiser moves FP8 nodes wrongly (1.32); taken as written it computes them right, and every sum of 8 bits.
    optimised = precision != "fp8" and (precision != "int8" or runtime == "tensorrt" or sums_are_exact())
    same = float((theirs(exported, inputs, optimised) == ours(FOVEA, plan, data, count)).mean())
    print(f"{runtime} {precision}: {100 * same:.2f} % of {count} answers are the same, gate {100 * told['gate']['before']:.2f} % → "
          f"{100 * told['gate']['after']:.2f} %", flush=True)
    return same


with tempfile.TemporaryDirectory(prefix="fovea-export-") as name:
    work = pathlib.Path(name)
    if len(sys.argv) > 4:
        model, data, count, options = sys.argv[4], sys.argv[5], int(sys.argv[6]), sys.argv[7:]
    else:
        model, data, count, options = work / "model.onnx", work / "data", 150, ["--max-drop", "5"]
        run(FOVEA, "synth", "--out", data, "--images", count, "--size", 64)
        run(FOVEA, "train", "--data", data, "--net", "small", "--size", 64, "--epochs", 8, "--out", model)
    inputs = photos_as_tensors(MODEL_LOGITS, model, data, count, work)
    worst = min(agreement(work, model, data, count, inputs, options, case) for case in CASES)
sys.exit(0 if worst >= LEAST else 1)
