#!/usr/bin/env python3
"""What precision costs and gains: every calibrator, and the automatic choice, over models and photos.

  bench/precision.py [--fovea build/release/bin/fovea] [--calibrations max,entropy,percentile,mse] [--threads 1] CASE …

A CASE is MODEL.onnx,PHOTOS[,OPTION,…]: options of `fovea build`, e.g. --class-map,labels.tsv,--val,0.8,--calib,100.
One Markdown row per model and choice: top-1 of the model and of its engine on the same validation images, the drop with its
95 % interval, agreement, and the latency of the whole plan (batch 1) as a part of the fp32 plan's, timed in turns in one
build. INT8 is built by force with each calibrator (--keep-failed: the gate's verdict is a column), then --precision auto.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile


def build(options, case, folder, *more):
    model, photos, *given = case.split(",")
    command = [options.fovea, "build", "--model", model, "--data", photos, "--out", folder / "engine", "--json", "-", "--keep-failed",
               "--timing-cache", folder / f"{pathlib.Path(model).stem}.timing", "--threads", str(options.threads), *given, *more]
    done = subprocess.run(command, capture_output=True)
    if done.returncode not in (0, 5):
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr.decode()}")
    return json.loads(done.stdout)


def latency_ratio(built):
    by_label = {each["label"]: each["latency_ms"] for each in built["candidates"]}
    chosen = next(each for each in built["candidates"] if each["chosen"])
    if not by_label.get("fp32") or not chosen["latency_ms"]:
        return "–"
    return f"{chosen['latency_ms'] / by_label['fp32']:.2f} ({by_label['fp32']:.2f} → {chosen['latency_ms']:.2f} ms)"


def row(name, choice, built):
    gate = built["gate"]
    low, high = gate["ci95_points"]
    return (f"| {name} | {choice} | {gate['images']} | {100 * gate['before']:.2f} → {100 * gate['after']:.2f} % | "
            f"{gate['drop_points']:.2f} [{low:.2f}, {high:.2f}] | {100 * gate['agreement']:.2f} % | "
            f"{'passes' if gate['passed'] else 'refused'} | {latency_ratio(built)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+")
    parser.add_argument("--fovea", default="build/release/bin/fovea")
    parser.add_argument("--calibrations", default="max,entropy,percentile,mse")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    print("| model | choice | images | top-1 | drop, points [95 %] | agreement | gate | latency, part of fp32's |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        for case in options.cases:
            name = pathlib.Path(case.split(",")[0]).stem
            for calibration in filter(None, options.calibrations.split(",")):
                built = build(options, case, folder, "--precision", "int8", "--calibration", calibration, "--opt-level", "1")
                print(row(name, f"int8, {calibration}", built), flush=True)
            built = build(options, case, folder)
            chosen = next(each["label"] for each in built["candidates"] if each["chosen"])
            print(row(name, f"auto: {chosen}", built), flush=True)


main()
