#!/usr/bin/env python3
"""Every net of the zoo, exported at every precision, is parsed and compiled by TensorRT-RTX: tensorrt_builds.py FOVEA WHEELS

No GPU is needed: plans are compiled ahead of time for a compute capability. Exit status 77 where the wheels are absent.
"""
import ctypes
import json
import pathlib
import subprocess
import sys
import tempfile
import time

FOVEA, WHEELS = sys.argv[1], pathlib.Path(sys.argv[2])
if not (WHEELS / "tensorrt_rtx_bindings").is_dir():
    print("skipped: no TensorRT-RTX in .deps/tensorrt (scripts/setup tensorrt fetches it)")
    sys.exit(77)
sys.path.insert(0, str(WHEELS))
for library in ["libtensorrt_rtx.so.1", "libtensorrt_onnxparser_rtx.so.1"]:
    ctypes.CDLL(str(WHEELS / "tensorrt_rtx_libs" / library), ctypes.RTLD_GLOBAL)
import tensorrt_rtx_bindings as trt  # noqa: E402
from plan_layers import types_of_convolutions  # noqa: E402

NETS = ["small", "resnet18", "resnet50", "mobilenet_v2"]
KINDS = ["fp32", "fp16", "int8", "mixed", "fp8"]


class Log(trt.ILogger):
    def __init__(self):
        trt.ILogger.__init__(self)
        self.lines = []

    def log(self, severity, text):
        self.lines.append((severity, text))

    def complaints(self):
        bad = (trt.ILogger.INTERNAL_ERROR, trt.ILogger.ERROR)
        return [text for severity, text in self.lines
                if severity in bad or (severity == trt.ILogger.WARNING and "unsupported" in text.lower())]


def compile_plan(model, capability):
    log = Log()
    builder = trt.Builder(log)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, log)
    assert parser.parse_from_file(str(model)), [str(parser.get_error(i)) for i in range(parser.num_errors)]
    config = builder.create_builder_config()
    config.num_compute_capabilities = 1
    config.set_compute_capability(capability, 0)
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    image = network.get_input(0)
    shape = tuple(image.shape)[1:]
    assert image.shape[0] == -1, f"the batch is fixed: {image.shape}"
    profile = builder.create_optimization_profile()
    profile.set_shape(image.name, (1, *shape), (8, *shape), (32, *shape))
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    assert plan is not None and not log.complaints(), log.complaints()
    return plan.nbytes, log


def export_options(kind, network):
    if kind != "mixed":
        return ["--precision", kind]
    convolutions = [node["name"] for node in network if node["op"].startswith("conv2d")]
    return ["--precision", "int8", "--keep", f"{convolutions[0]}=fp32", "--keep", f"{convolutions[-1]}=fp32"]


def check(folder, net, kind, known):
    exported = folder / f"{net}_{kind}.onnx"
    told = json.loads(subprocess.run(
        [FOVEA, "export", "--model", folder / f"{net}.onnx", "--data", folder / "data", "--for", "tensorrt", "--calib", "8",
         "--calibration", "max", "--keep-failed", "--json", "-", "--out", exported, *export_options(kind, known)],
        stdout=subprocess.PIPE, text=True).stdout)
    started = time.time()
    capability = trt.ComputeCapability.SM89 if kind == "fp8" else trt.ComputeCapability.SM86
    size, log = compile_plan(exported, capability)
    types = types_of_convolutions(text for _, text in log.lines)
    wanted = sum(node["op"].startswith("conv2d") and node["precision"] == "int8" for node in told["nodes"])
    print(f"{net} {kind}: {size} bytes, {time.time() - started:.1f} s, convolutions: "
          f"{ {name: types.count(name) for name in sorted(set(types))} }, wanted in int8: {wanted}", flush=True)
    assert types.count("Int8") >= wanted, (net, kind, types)
    return told["nodes"]


with tempfile.TemporaryDirectory(prefix="fovea-tensorrt-") as name:
    work = pathlib.Path(name)
    subprocess.run([FOVEA, "synth", "--out", work / "data", "--images", "24", "--size", "64"], check=True, stdout=subprocess.DEVNULL)
    for net in NETS:
        subprocess.run([FOVEA, "train", "--data", work / "data", "--net", net, "--size", "64", "--epochs", "1", "--train-batch", "8",
                        "--out", work / f"{net}.onnx"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        nodes = None
        for kind in KINDS if net == "small" else KINDS[:-1]:
            nodes = check(work, net, kind, nodes)
