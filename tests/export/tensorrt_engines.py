#!/usr/bin/env python3
"""TensorRT as a device, and every row of the migration table of docs/TENSORRT.md: tensorrt_engines.py FOVEA WHEELS

Engines are built by the real library; without a GPU that it runs on, whatever would run one says so and ends with 4.
Exit status 77 where FOVEA was built without TensorRT's headers or the wheels are absent.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from plan_layers import types_of_convolutions

FOVEA, WHEELS = sys.argv[1], pathlib.Path(sys.argv[2])
LIBRARIES = WHEELS / "tensorrt_rtx_libs"
os.environ.setdefault("FOVEA_TENSORRT", str(LIBRARIES))
version = subprocess.run([FOVEA, "--version"], capture_output=True, text=True).stdout
if "tensorrt:  built in" not in version or not LIBRARIES.is_dir():
    print("skipped: built without TensorRT's headers (-DTENSORRT_INCLUDE), or no library in .deps/tensorrt")
    sys.exit(77)


def run(*command, status=0):
    done = subprocess.run([FOVEA, *map(str, command)], capture_output=True, text=True)
    assert done.returncode == status, (command, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def one_line(text):
    lines = [line for line in text.splitlines() if "compute capability" in line]
    assert len(lines) == 1 and "TensorRT" in lines[0], text
    return lines[0]


MIGRATION = [  # docs/TENSORRT.md, row by row
    ["--precision", "fp32"],
    ["--precision", "fp16"],
    ["--precision", "bf16"],
    ["--precision", "int8", "--data", "DATA", "--calibration", "entropy", "--calib-cache", "CACHE"],
    ["--precision", "int8", "--data", "DATA", "--calibration", "max"],
    ["--precision", "fp8", "--data", "DATA"],
    ["--precision", "auto", "--data", "DATA"],
    ["--precision", "fp16", "--keep", "NODE=fp32"],
    ["--precision", "fp16", "--batch", "1,8,32"],
    ["--precision", "fp16", "--timing-cache", "TIMES"],
    ["--precision", "fp16", "--opt-level", "1"],
    ["--precision", "fp16", "--workspace", "64"],
]

with tempfile.TemporaryDirectory(prefix="fovea-tensorrt-") as name:
    work = pathlib.Path(name)
    run("synth", "--out", work / "data", "--images", 30, "--size", 64)
    run("train", "--data", work / "data", "--net", "small", "--size", 64, "--epochs", 1, "--train-batch", 8, "--out", work / "m.onnx")
    model = json.loads(subprocess.run([FOVEA, "inspect", work / "m.onnx", "--json", "-"], capture_output=True, text=True).stdout)
    node = next(row["name"] for row in model["nodes"] if row["op"].startswith("conv2d"))
    words = {"DATA": work / "data", "CACHE": work / "calib.json", "TIMES": work / "times", "NODE=fp32": f"{node}=fp32"}
    for row in MIGRATION:
        options = [words.get(word, word) for word in row] + (["--calib", "8", "--keep-failed"] if "DATA" in row else [])
        done = subprocess.run([FOVEA, "export", "--model", work / "m.onnx", "--for", "tensorrt", "--out", work / "t.onnx", "--tensorrt-plan",
                               work / "m.plan", "--json", work / "t.json", *map(str, options)], capture_output=True, text=True)
        assert done.returncode in (0, 5), (row, done.stderr)  # 5: an epoch on 30 pictures makes no model to be proud of
        plan = json.loads((work / "t.json").read_text())["plan"]
        assert plan["bytes"] == (work / "m.plan").stat().st_size and plan["layers"], row
        print("migration:", " ".join(row), "->", plan["bytes"], "bytes", flush=True)

    engine = work / "m.engine"
    refittable = ["export", "--model", work / "m.onnx", "--for", "tensorrt", "--precision", "fp16", "--out", work / "t.onnx",
                  "--tensorrt-plan", work / "r.plan", "--refittable"]
    for options in (["--precision", "fp32"], ["--precision", "int8", "--batch", "1,8", "--calib", "8"], ["--input", "tensor"]):
        told = work / "build.json"
        done = subprocess.run([FOVEA, "build", "--model", work / "m.onnx", "--data", work / "data", "--device", "tensorrt", "--keep-failed",
                               "--out", engine, "--json", told, *options], capture_output=True, text=True)
        assert done.returncode in (0, 5), done.stderr
        report = json.loads(told.read_text())
        types = types_of_convolutions(report["tensorrt"]["layers"])
        wanted = sum(row["op"].startswith("conv2d") and row["precision"] == "int8" for row in report["nodes"])
        assert types and types.count("Int8") >= wanted and (wanted > 0 or "int8" not in options), (options, types, wanted)
        assert report["tensorrt"]["layers"] and all(row["tactic"] == "tensorrt.plan" for row in report["nodes"]), report
        print("build:", " ".join(options), "->", report["bytes"], "bytes,", types.count("Int8"), "of", len(types), "convolutions in INT8", flush=True)
    shown = run("inspect", engine)
    assert "backend=tensorrt" in shown and "1 steps" in shown, shown
    runs = subprocess.run([FOVEA, "inspect", engine, "--can-run"], capture_output=True, text=True)
    if runs.returncode == 0:
        run(*refittable)
        run("predict", "--engine", engine, work / "data")
        run("run", "--device", "tensorrt", "--out", work / "all", "--images", 30, "--epochs", 1)
    else:
        assert runs.returncode == 4, runs
        print("can-run:", one_line(runs.stdout))
        one_line(run(*refittable, status=4))
        one_line(run("predict", "--engine", engine, work / "data", status=4))
        one_line(run("refit", "--engine", engine, "--model", work / "m.onnx", "--out", work / "r.engine", status=4))
        given = ["run", "--device", "tensorrt", "--model", work / "m.onnx", "--data", work / "data", "--max-drop", 100, "--calib", 8, "--out", work / "all"]
        refused = one_line(run(*given, "--refittable", status=4))
        assert "refittable" in refused and not (work / "all").exists(), refused
        told = run(*given, status=4)
        stages = json.loads((work / "all" / "report.json").read_text())["stages"]
        assert len(stages) == 7 and all("compute capability" in stage["details"]["not_run_because"] for stage in stages[5:]), stages[5:]
        assert told.splitlines()[-1].startswith("error: ") and "was not run" in told.splitlines()[-1], told
        run("inspect", work / "all" / "model.engine")
        print("run:", told.splitlines()[-1])
    broken = bytearray(engine.read_bytes())
    broken[-100] ^= 1  # the plan is the last section
    engine.write_bytes(broken)
    assert "checksum" in run("predict", "--engine", engine, work / "data", status=3)
    os.environ["FOVEA_TENSORRT"] = name
    assert "is not found" in run("build", "--model", work / "m.onnx", "--device", "tensorrt", "--out", engine, status=4)
