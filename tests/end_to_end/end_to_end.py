#!/usr/bin/env python3
"""The command-line contract on small drawn data: end_to_end.py FOVEA"""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FOVEA = sys.argv[1]
WORK = pathlib.Path(tempfile.mkdtemp(prefix="fovea-end-to-end-"))
failures = []


def check(what, truth):
    print(("ok      " if truth else "FAILED  ") + what)
    if not truth:
        failures.append(what)


def fovea(*arguments, code=0, stdin=None):
    done = subprocess.run([FOVEA, *map(str, arguments)], capture_output=True, input=stdin, timeout=300)
    what = "fovea " + " ".join(map(str, arguments))[:90]
    check(f"{what}: status {code}", done.returncode == code)
    if done.returncode != code:
        print(done.stderr.decode()[-2000:])
    return done


def run_pipeline():
    out = WORK / "run"
    options = ["run", "--out", out, "--images", 120, "--size", 64, "--epochs", 2, "--opt-level", 1, "--max-drop", 20, "--json", "-"]
    report = json.loads(fovea(*options).stdout)
    check("seven stages in order", [s["id"] for s in report["stages"]] ==
          ["data_in", "preprocessing", "to_tensor", "training", "optimization", "metrics", "prediction"])
    check("schema 1", report["schema"] == 1)
    check("the files of the contract", all((out / name).is_file() for name in
                                           ["model.onnx", "model.engine", "report.html", "report.json"]) and (out / "data" / "cat").is_dir())
    check("no checkpoint stays behind", not list(out.rglob("*.checkpoint")))
    metrics = report["stages"][5]["details"]
    check("metrics", all(key in metrics for key in ["before", "after", "drop_points", "ci95_points", "reduction", "agreement",
                                                    "images", "baseline", "ladder"]))
    rungs = [rung["name"] for rung in metrics["ladder"] + metrics["not_built"]]
    check("a ladder of every single precision and what was chosen", {"engine fp32", "engine bf16", "engine int8"} <= set(rungs)
          and metrics["ladder"][-1]["chosen"] and all(rung["reason"] for rung in metrics["not_built"]))
    check("24 validation images", metrics["images"] == 24)
    modified = (out / "model.onnx").stat().st_mtime_ns
    fovea(*options)
    check("a second run takes the trained model over", (out / "model.onnx").stat().st_mtime_ns == modified)
    return out


def predict(out):
    photo = sorted((out / "data" / "cat").glob("*.jpg"))[0]
    line = fovea("predict", "--engine", out / "model.engine", photo).stdout.decode()
    name, probabilities = line.rstrip("\n").split("\t")
    values = json.loads(probabilities)
    check("one line per image with its file", name == str(photo))
    check("three classes that sum to 1 in descending order", sorted(values) == ["bird", "cat", "dog"] and abs(sum(values.values()) - 1) < 1e-4
          and list(values.values()) == sorted(values.values(), reverse=True))
    piped = fovea("predict", "--engine", out / "model.engine", "-", stdin=photo.read_bytes()).stdout.decode()
    check("- reads standard input", piped.split("\t")[1].strip() == probabilities)
    (WORK / "bad.jpg").write_bytes(b"no image")
    photos = sorted((out / "data" / "cat").glob("*.jpg"))
    folder = json.loads(fovea("predict", "--engine", out / "model.engine", out / "data" / "cat", "--json", "-").stdout)
    check("a folder's images in order, each as if alone", [each["file"] for each in folder] == [str(each) for each in photos]
          and all(json.loads(fovea("predict", "--engine", out / "model.engine", photos[i], "--json", "-").stdout)[0] == folder[i]
                  for i in (0, len(photos) // 2, len(photos) - 1)))
    mixed = fovea("predict", "--engine", out / "model.engine", WORK / "bad.jpg", photo, "--json", "-", code=3)
    entries = json.loads(mixed.stdout)
    check("a bad image is an entry with an error, the others are done", "error" in entries[0] and entries[1]["top"][0]["p"] > 0)
    fovea("predict", "--engine", out / "model.engine", photo, "--trace", WORK / "trace")
    check("a trace is a page and a JSON", len(list((WORK / "trace").iterdir())) == 2)
    for folder in ["one", "two"]:
        (WORK / folder).mkdir(exist_ok=True)
        shutil.copy(photo, WORK / folder / "a.jpg")
    shutil.copy(photo, WORK / "a (2).jpg")
    fovea("predict", "--engine", out / "model.engine", WORK / "one/a.jpg", WORK / "two/a.jpg", WORK / "a (2).jpg", "--trace", WORK / "same")
    check("files of one name get a trace each", len(list((WORK / "same").glob("*.json"))) == 3)


def builds(out):
    for precision in ["fp32", "int8"]:
        engine = WORK / f"{precision}.engine"
        result = json.loads(fovea("build", "--model", out / "model.onnx", "--data", out / "data", "--out", engine, "--precision", precision,
                                  "--max-drop", 30, "--opt-level", 0, "--batch", "1,4", "--json", "-").stdout)
        check(f"{precision} is built as named", result["precision"] == precision and result["gate"]["passed"])
        fovea("eval", "--engine", engine, "--data", out / "data")
    fovea("run", "--model", out / "model.onnx", "--data", out / "data", "--out", WORK / "capped", "--precision", "fp32", "--isa", "avx2", "--opt-level", 0)
    told = json.loads((WORK / "capped" / "report.json").read_text())
    check("a run may use less than the machine has", told["environment"]["isa"] in ("x86-64", "avx2") and len(told["stages"]) == 7)
    capped = WORK / "capped" / "model.engine"
    bench = json.loads(fovea("bench", "--engine", capped, "--seconds", 0.2, "--json", "-").stdout)
    check("bench times runs and loading", bench["latency_ms"]["p50"] > 0 and bench["load_ms"]["p50"] > 0)
    fovea("inspect", "--can-run", capped)
    again, caches = [WORK / "a.engine", WORK / "b.engine"], [WORK / "timing.cache", WORK / "calibration.json"]
    kept = []
    for engine in again:
        fovea("build", "--model", out / "model.onnx", "--data", out / "data", "--out", engine, "--opt-level", 1, "--max-drop", 30,
              "--timing-cache", caches[0], "--calib-cache", caches[1])
        kept.append([cache.read_bytes() for cache in caches])
    check("the same input and caches give the same bytes", again[0].read_bytes() == again[1].read_bytes())
    check("the times of whole plans stand in the cache, where the second build finds all it needs",
          kept[0][0].count(b" plan ") >= 3 and kept[0] == kept[1])


def trains_through_rounding(out):
    tuned = WORK / "qat.onnx"
    fovea("train", "--data", out / "data", "--from", out / "model.onnx", "--qat", "--epochs", 1, "--out", tuned)
    check("the result holds quantize nodes", b"QuantizeLinear" in tuned.read_bytes())
    built = json.loads(fovea("build", "--model", tuned, "--out", WORK / "qat.engine", "--precision", "int8", "--opt-level", 0, "--json", "-").stdout)
    check("its convolutions run in 8 bits without calibration", sum(n["precision"] == "int8" for n in built["nodes"] if n["op"] == "conv2d") >= 6)
    fovea("eval", "--engine", WORK / "qat.engine", "--data", out / "data")
    fovea("train", "--data", out / "data", "--qat", "--out", WORK / "x.onnx", code=2)
    fovea("train", "--data", out / "data", "--from", out / "model.onnx", "--weights", "per-tensor", "--out", WORK / "x.onnx", code=2)


def refusals(out):
    fovea("build", "--model", WORK / "nowhere.onnx", "--out", WORK / "x.engine", code=3)
    fovea("nonsense", code=2)
    mistyped = fovea("build", "--modle", WORK / "x.onnx", code=2).stderr.decode()
    check("a mistyped option is named", "--modle" in mistyped and mistyped.count("\n") == 1)
    fovea("run", code=2)
    for words, told in [(["train", "--data", out / "data", "--out", WORK / "x.onnx", "--freeze"], "--freeze needs --from"),
                        (["run", "--out", WORK / "x", "--class-map", WORK / "x.tsv"], "--class-map needs --model"),
                        (["run", "--out", WORK / "x", "--model", out / "model.onnx", "--epochs", 3], "excludes --"),
                        (["run", "--out", WORK / "x", "--data", out / "data", "--images", 60], " excludes --"),
                        (["inspect", out / "model.engine", "--preprocess", "unit"], "are for models")]:
        check(told, told in fovea(*words, code=2).stderr.decode())
    idle = fovea("build", "--model", out / "model.onnx", "--precision", "fp32", "--opt-level", 0, "--out", WORK / "idle.engine", "--max-drop", 1)
    check("an option that does nothing is named", "--max-drop does nothing without --data" in idle.stderr.decode())
    unit = fovea("inspect", out / "model.onnx", "--preprocess", "unit", "--json", "-")
    check("inspect takes the spec named", json.loads(unit.stdout)["preprocess"]["mean"] == [0, 0, 0])
    (WORK / "half.engine").write_bytes((out / "model.engine").read_bytes()[:3000])
    half = fovea("predict", "--engine", WORK / "half.engine", WORK / "bad.jpg", code=3)
    check("one line that starts with error:", half.stderr.decode().startswith("error: ") and half.stderr.decode().count("\n") == 1)
    (WORK / "empty").mkdir()
    fovea("train", "--data", WORK / "empty", "--out", WORK / "m.onnx", code=3)
    fovea("serve", "--engine", out / "model.engine", code=3)


def interrupted():
    started = subprocess.Popen([FOVEA, "synth", "--out", str(WORK / "many"), "--images", "20000"], stderr=subprocess.PIPE)
    time.sleep(1.5)
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=60)
    check("an interrupt ends with status 130", started.returncode == 130)
    check("and leaves no half-written file", not list((WORK / "many").rglob("*.tmp")))


def page(out):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        return print("skipped the page: no chromium here")
    probe = """<script>window.addEventListener('error', (e) => { document.title = 'ERROR ' + e.message; });</script></head>"""
    count = """<script>document.title += ' sections=' + document.querySelectorAll('section').length + ' overflow=' +
      [...document.querySelectorAll('section *')].filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === 'visible'
      && e.clientWidth > 0 && getComputedStyle(e).display !== 'inline').length + ' wide=' + (document.documentElement.scrollWidth > innerWidth)</script></body>"""
    html = (out / "report.html").read_text().replace("</head>", probe, 1)
    html = html[: html.rindex("</body>")] + count
    (WORK / "probe.html").write_text(html)
    for width in [400, 1200]:
        dump = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900", "--virtual-time-budget=8000",
                               "--dump-dom", (WORK / "probe.html").as_uri()], capture_output=True, timeout=120).stdout.decode()
        title = dump[dump.find("<title>") + 7: dump.find("</title>")]
        print("        " + title)
        check(f"the page at {width} pixels: no error, seven sections, no overflow",
              "ERROR" not in title and "sections=7" in title and "overflow=0" in title and "wide=false" in title)
    check("the page asks for nothing from outside", not any(mark in html for mark in ['src="http', "src='http", 'href="http', "@import"]))


try:
    made = run_pipeline()
    predict(made)
    builds(made)
    trains_through_rounding(made)
    refusals(made)
    interrupted()
    page(made)
finally:
    shutil.rmtree(WORK, ignore_errors=True)
print(f"{len(failures)} failures")
sys.exit(bool(failures))
