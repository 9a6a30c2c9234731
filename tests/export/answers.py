"""Answers of an exported file in ONNX Runtime, and of the engine that Fovea's gate judged. PEERS must be on sys.path."""
import json
import subprocess

import numpy
import onnxruntime


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def photos_as_tensors(model_logits, model, data, count, folder):
    """The first photos of a folder as the preprocess spec in the model's metadata makes them, n × c × h × w."""
    file = folder / "inputs.f32"
    n, c, h, w, _ = map(int, run(model_logits, model, data, count, file, "-").split())
    return numpy.fromfile(file, numpy.float32).reshape(n, c, h, w)


def theirs(exported, inputs, optimised=True):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(exported), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    rows = [session.run(None, {name: inputs[i : i + 8]})[0].reshape(-1) for i in range(0, len(inputs), 8)]
    return numpy.concatenate(rows).reshape(len(inputs), -1).argmax(axis=1)


def ours(fovea, engine, data, count):
    found = json.loads(run(fovea, "predict", "--engine", engine, "--top", "1", "--json", "-", data))
    return numpy.array([row["top"][0]["index"] for row in found[:count]])
