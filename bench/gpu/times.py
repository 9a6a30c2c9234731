#!/usr/bin/env python3
"""times.py PLAN_TIMES ENGINE NETWORK [--compile] [BATCH…]: an engine's plans beside PyTorch on the same GPU: eager, as a CUDA
graph, and with --compile torch.compile in mode max-autotune; FP16, channels last, inputs on the device. All take turns;
printed are the least and the median of milliseconds per batch, by CUDA events (the engine: by the clock over runs without
a pause), and the part of the chip's 757 TFLOP/s (a matrix product in cuBLAS, FP16) that the network's products need."""
import statistics
import subprocess
import sys
import time
import torch
from zoo import network

PEAK = 757e12
GMACS = {"resnet50": 4.089, "resnet18": 1.814, "mobilenet_v2": 0.301}


def graph_of(model, x):
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream), torch.no_grad():
        for _ in range(3):
            model(x)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph), torch.no_grad():
        model(x)
    return graph.replay


def milliseconds(run, times):
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    for _ in range(times):
        run()
    end.record()
    torch.cuda.synchronize()
    return begin.elapsed_time(end) / times


def main():
    program, engine, name = sys.argv[1:4]
    batches = [int(a) for a in sys.argv[4:] if a.isdigit()] or [1, 8, 128]
    torch.backends.cudnn.benchmark = True
    model = network(name).half().cuda().to(memory_format=torch.channels_last)
    fovea = subprocess.Popen([program, engine], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ours(batch, times):
        fovea.stdin.write(f"{batch} {times}\n")
        fovea.stdin.flush()
        return float(fovea.stdout.readline()) / 1e3

    for batch in batches:
        x = torch.randn(batch, 3, 224, 224, device="cuda", dtype=torch.half).to(memory_format=torch.channels_last)

        def eager():
            with torch.no_grad():
                model(x)

        for _ in range(5):
            eager()
        rows = {"eager": eager, "cuda graph": graph_of(model, x)}
        if "--compile" in sys.argv:
            begun = time.time()
            compiled = torch.compile(model, mode="max-autotune")

            def run_compiled():
                with torch.no_grad():
                    compiled(x)

            for _ in range(4):
                run_compiled()
            torch.cuda.synchronize()
            print(f"max-autotune set-up {time.time() - begun:.0f} s", flush=True)
            rows["max-autotune"] = run_compiled
        times = 50 if batch < 64 else 10
        seen = {key: [] for key in ["fovea", *rows]}
        ours(batch, times)
        for _ in range(15):
            seen["fovea"].append(ours(batch, times))
            for key, run in rows.items():
                seen[key].append(milliseconds(run, times))
        for key, values in seen.items():
            least, median = min(values), statistics.median(values)
            part = 2 * GMACS[name] * 1e9 * batch / (least / 1e3) / PEAK
            print(f"{name:13} batch {batch:4} {key:13} min {least:8.3f} ms  median {median:8.3f} ms  "
                  f"{batch / least * 1e3:9.0f} img/s  {100 * part:5.1f} % of peak", flush=True)


if __name__ == "__main__":
    main()
