#!/usr/bin/env python3
"""A model that came quantised, on the same pixels here and in ONNX Runtime (optimised, and with no optimisation: there
every layer dequantises and computes in float).

  bench/quantized_peers.py [--fovea build/release/bin/fovea] [--model-logits build/release/bin/model_logits] MODEL.onnx PHOTOS LABELS.tsv

Prints everybody's top-1, and for each two of them: on how many photos they agree, how many of the others only the first
or only the second gets right, and how close the two answers were (the first's probabilities, median over those photos).
ONNX Runtime is in .deps/peers (scripts/setup test).
"""
import argparse
import itertools
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / ".deps" / "peers"))
import numpy  # noqa: E402
import onnxruntime  # noqa: E402


def softmax(logits):
    powers = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def onnx_runtime(model, inputs, level):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return softmax(numpy.concatenate([session.run(None, {name: each[None]})[0] for each in inputs]))


def engine(options, folder):
    made = folder / "engine"
    build = [options.fovea, "build", "--model", options.model, "--preprocess", "imagenet", "--precision", "int8", "--opt-level", "1", "--out", made]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = json.loads(subprocess.run([options.fovea, "predict", "--engine", made, options.photos, "--json", "-"], check=True, capture_output=True).stdout)
    probabilities = numpy.zeros((len(told), 1 + max(top["index"] for each in told for top in each["top"])), numpy.float32)
    for row, each in zip(probabilities, told):
        for top in each["top"]:
            row[top["index"]] = top["p"]
    return [each["file"] for each in told], probabilities


def compare(name, other, wanted, answers):
    a, b = answers[name], answers[other]
    top_a, top_b = a.argmax(axis=1), b.argmax(axis=1)
    apart = numpy.flatnonzero(top_a != top_b)
    gaps = [float(a[i, top_a[i]] - (a[i, top_b[i]] if top_b[i] < a.shape[1] else 0)) for i in apart]
    print(f"| {name} | {other} | {100 - 100 * len(apart) / len(wanted):.1f} % | {sum(top_a[apart] == wanted[apart])} | "
          f"{sum(top_b[apart] == wanted[apart])} | {statistics.median(gaps) if gaps else 0:.3f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fovea", default=ROOT / "build/release/bin/fovea")
    parser.add_argument("--model-logits", default=ROOT / "build/release/bin/model_logits")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("labels", type=pathlib.Path)
    options = parser.parse_args()
    classes = {folder: int(index) for index, folder, *_ in (line.split("\t") for line in options.labels.read_text().splitlines())}
    with tempfile.TemporaryDirectory(prefix="fovea-quantized-") as made:
        folder = pathlib.Path(made)
        files, ours = engine(options, folder)
        told = subprocess.run([options.model_logits, options.model, options.photos, str(len(files)), folder / "pixels", "-"], check=True, capture_output=True)
        shape = list(map(int, told.stdout.split()[:4]))
        inputs = numpy.memmap(folder / "pixels", numpy.float32, "r").reshape(shape)
        levels = onnxruntime.GraphOptimizationLevel
        answers = {"engine": ours, "ONNX Runtime": onnx_runtime(options.model, inputs, levels.ORT_ENABLE_ALL),
                   "ONNX Runtime, not optimised": onnx_runtime(options.model, inputs, levels.ORT_DISABLE_ALL)}
    wanted = numpy.array([classes[pathlib.Path(file).parent.name] for file in files])
    for name, probabilities in answers.items():
        print(f"{name}: top-1 {100 * numpy.mean(probabilities.argmax(axis=1) == wanted):.1f} % of {len(wanted)}")
    print("\n| | | agree | only the first is right | only the second | gap |\n|---|---|---|---|---|---|")
    for name, other in itertools.combinations(answers, 2):
        compare(name, other, wanted, answers)


main()
