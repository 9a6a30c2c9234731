#!/usr/bin/env python3
"""Latency of engines beside ONNX Runtime, in turns in one run.

  bench/peers.py [--fovea build/release/bin/fovea] [--threads 1,2] [--rounds 5] [--precisions fp32] MODEL.onnx …

Each round times every contender for a second, one after the other; printed are the least and the median of the rounds'
medians at batch 1, and the ratio of ONNX Runtime's median to the engine's. INT8 needs --data (photos to calibrate with)
unless the model holds Q/DQ nodes. ONNX Runtime is in .deps/peers (scripts/setup test).
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / ".deps" / "peers"))
import numpy  # noqa: E402
import onnxruntime  # noqa: E402


class Engine:
    def __init__(self, options, model, precision, threads, folder):
        self.name = f"engine {precision}"
        self.command = [options.fovea, "bench", "--engine", folder / f"{model.stem}.{precision}.{threads}.engine",
                        "--seconds", "1", "--threads", str(threads), "--json", "-"]
        build = [options.fovea, "build", "--model", model, "--out", self.command[3], "--precision", precision,
                 "--threads", str(threads), "--input", "tensor", "--timing-cache", folder / "timing.cache", "--max-drop", "100"]
        if precision == "int8" and options.data:
            build += ["--data", options.data, "--calib", "32", "--preprocess", options.preprocess]
            build += ["--class-map", options.class_map] if options.class_map else []
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def median(self):
        told = subprocess.run(self.command, check=True, capture_output=True).stdout
        return json.loads(told)["latency_ms"]["p50"]


class OnnxRuntime:
    name = "ONNX Runtime " + onnxruntime.__version__

    def __init__(self, model, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        inputs = self.session.get_inputs()[0]
        shape = [d if isinstance(d, int) else 1 if i == 0 else 224 for i, d in enumerate(inputs.shape)]
        self.feed = {inputs.name: numpy.random.default_rng(1).random(shape, numpy.float32)}

    def median(self):
        times = []
        end = time.perf_counter() + 1
        for _ in range(10):
            self.session.run(None, self.feed)
        while time.perf_counter() < end:
            begun = time.perf_counter()
            self.session.run(None, self.feed)
            times.append((time.perf_counter() - begun) * 1e3)
        return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fovea", default=ROOT / "build/release/bin/fovea", type=pathlib.Path)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--precisions", default="fp32")
    parser.add_argument("--data", help="photos to calibrate INT8 with")
    parser.add_argument("--class-map")
    parser.add_argument("--preprocess", default="imagenet")
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    print("| model | threads | contender | min ms | median ms | ONNX Runtime ÷ it |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="fovea-peers-") as name:
        for model in options.models:
            for threads in map(int, options.threads.split(",")):
                contenders = [OnnxRuntime(model, threads)]
                contenders += [Engine(options, model, p, threads, pathlib.Path(name)) for p in options.precisions.split(",")]
                rounds = [[c.median() for c in contenders] for _ in range(options.rounds)]
                peer = statistics.median(r[0] for r in rounds)
                for i, contender in enumerate(contenders):
                    times = [r[i] for r in rounds]
                    median = statistics.median(times)
                    print(f"| {model.stem} | {threads} | {contender.name} | {min(times):.2f} | {median:.2f} | {peer / median:.2f} |", flush=True)


main()
