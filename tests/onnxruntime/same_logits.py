#!/usr/bin/env python3
"""A trained model gives the same logits in ONNX Runtime: same_logits.py FOVEA MODEL_LOGITS PEERS NET…"""
import pathlib
import subprocess
import sys
import tempfile

FOVEA, MODEL_LOGITS, PEERS = sys.argv[1:4]
sys.path.insert(0, PEERS)
import numpy  # noqa: E402
import onnxruntime  # noqa: E402

IMAGES = 32
LIMIT = 1e-3


def difference(folder, net):
    model = folder / f"{net}.onnx"
    subprocess.run([FOVEA, "train", "--data", folder / "data", "--net", net, "--size", "64", "--epochs", "1", "--out", model],
                   check=True, stdout=subprocess.DEVNULL)
    files = [folder / "inputs.f32", folder / "logits.f32"]
    told = subprocess.run([MODEL_LOGITS, model, folder / "data", str(IMAGES), *files], check=True, capture_output=True, text=True)
    n, c, h, w, classes = map(int, told.stdout.split())
    inputs = numpy.fromfile(files[0], numpy.float32).reshape(n, c, h, w)
    ours = numpy.fromfile(files[1], numpy.float32).reshape(n, classes)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    theirs = session.run(None, {session.get_inputs()[0].name: inputs})[0]
    assert theirs.shape == ours.shape, f"{net}: {theirs.shape} from ONNX Runtime, {ours.shape} here"
    assert numpy.ptp(theirs) > 1e-2, f"{net}: the logits say nothing"
    return float(numpy.abs(theirs - ours).max())


with tempfile.TemporaryDirectory(prefix="fovea-logits-") as name:
    work = pathlib.Path(name)
    subprocess.run([FOVEA, "synth", "--out", work / "data", "--images", "48", "--size", "64"], check=True, stdout=subprocess.DEVNULL)
    worst = {net: difference(work, net) for net in sys.argv[4:]}
for net, value in worst.items():
    print(f"{net}: largest difference of a logit {value:.1e} on {IMAGES} images (limit {LIMIT:.0e})")
sys.exit(0 if all(value < LIMIT for value in worst.values()) else 1)
