#!/usr/bin/env python3
"""Training speed of the default network beside PyTorch in Python, in turns in one run.

  PYTHON_WITH_TORCH bench/training.py --data DIR [--fovea build/release/bin/fovea] [--rounds 3]

Both train `small` for one epoch of DIR's training part at the same settings: 224 × 224, batches of 32, bf16 autocast where
fovea uses it, channels last, SGD with momentum, all cores, photos decoded and flipped while training goes on. PyTorch runs
twice: with a DataLoader (PIL, 2 workers), and with all tensors decoded into memory beforehand, which fovea has to do in its
time. Printed are images per second (median of the rounds) and the ratios.
"""
import argparse
import json
import pathlib
import random
import statistics
import subprocess
import tempfile
import time

import numpy
import PIL.Image
import torch

BATCH, SIZE = 32, 224


def small(classes):
    layers, channels = [], 3

    def conv(out, stride=1):
        nonlocal channels
        layers.extend([torch.nn.Conv2d(channels, out, 3, stride, 1, bias=False), torch.nn.BatchNorm2d(out), torch.nn.ReLU(True)])
        channels = out

    conv(32, 2)
    for out, count in [(32, 1), (64, 2), (128, 2), (256, 2)]:
        layers.append(torch.nn.MaxPool2d(3, 2, 1))
        for _ in range(count):
            conv(out)
    layers += [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(channels, classes)]
    return torch.nn.Sequential(*layers)


def pixels(path):
    image = PIL.Image.open(path).convert("RGB")
    scale = SIZE / min(image.size)
    image = image.resize([max(SIZE, round(side * scale)) for side in image.size], PIL.Image.BILINEAR)
    left, top = (image.width - SIZE) // 2, (image.height - SIZE) // 2
    return torch.from_numpy(numpy.array(image.crop((left, top, left + SIZE, top + SIZE))))


class Photos(torch.utils.data.Dataset):
    def __init__(self, files, in_memory):
        self.files = files
        self.known = [pixels(path) for path, _ in files] if in_memory else None

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        x = self.known[i] if self.known else pixels(self.files[i][0])
        x = x.permute(2, 0, 1).float().div_(255)
        return (x.flip(2) if random.random() < 0.5 else x), self.files[i][1]


def epoch(photos, workers, classes, bf16):
    net = small(classes).to(memory_format=torch.channels_last)
    step = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9, weight_decay=1e-2)
    loader = torch.utils.data.DataLoader(photos, BATCH, shuffle=True, num_workers=workers)
    begun, seen = time.perf_counter(), 0
    for x, y in loader:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            made = net(x.to(memory_format=torch.channels_last))
        loss = torch.nn.functional.cross_entropy(made.float(), y, label_smoothing=0.1)
        step.zero_grad(set_to_none=True)
        loss.backward()
        step.step()
        seen += len(y)
    return seen / (time.perf_counter() - begun)


def fovea_epoch(program, data):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "train", "--data", data, "--out", f"{folder}/m.onnx", "--epochs", "1", "--json", "-"]
        told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told["epochs"][0]["images_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--fovea", default="build/release/bin/fovea")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folders = sorted(path for path in pathlib.Path(options.data).iterdir() if path.is_dir())
    files = [(str(f), label) for label, folder in enumerate(folders) for f in sorted(folder.iterdir())]
    random.Random(1).shuffle(files)
    files = files[: int(0.8 * len(files))]
    bf16 = "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text()
    read, known = Photos(files, False), Photos(files, True)
    contenders = {
        "fovea": lambda: fovea_epoch(options.fovea, options.data),
        "PyTorch, DataLoader": lambda: epoch(read, 2, len(folders), bf16),
        "PyTorch, all in memory": lambda: epoch(known, 0, len(folders), bf16),
    }
    rates = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name, run in contenders.items():
            rates[name].append(run())
    ours = statistics.median(rates["fovea"])
    print(f"{len(files)} images, {torch.get_num_threads()} threads, {'bf16' if bf16 else 'f32'}, PyTorch {torch.__version__}")
    for name, measured in rates.items():
        rate = statistics.median(measured)
        print(f"{name:24} {rate:8.1f} images/s   fovea is {ours / rate:.2f} × as fast")


if __name__ == "__main__":
    main()
