#!/usr/bin/env python3
"""jpeg.py FOVEA ENGINE PHOTOS [--network resnet50] [--batch 128] [--streams 4] [--seconds 5]: JPEG → label per second. Fovea
(`bench --hint throughput --end-to-end`, which also says what JPEG → pixels alone reaches) beside PyTorch: a DataLoader of 16
workers (PIL decodes, the short side to 256 bilinearly, the middle 224 × 224) and the network in FP16, channels last, as a CUDA
graph. ENGINE is of that network. The photos lie in memory for both (the first 256; PyTorch reads them 40 times over)."""
import argparse
import io
import json
import pathlib
import subprocess
import time
import numpy as np
import torch
from PIL import Image
from times import graph_of
from zoo import network

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Photos(torch.utils.data.Dataset):
    def __init__(self, folder, times):
        files = sorted(file for file in pathlib.Path(folder).rglob("*.jpg"))[:256]
        self.photos = [file.read_bytes() for file in files]
        self.times = times

    def __len__(self):
        return len(self.photos) * self.times

    def __getitem__(self, index):
        image = Image.open(io.BytesIO(self.photos[index % len(self.photos)])).convert("RGB")
        scale = 256 / min(image.size)
        width, height = (max(256, int(side * scale)) for side in image.size)
        left, top = round((width - 224) / 2), round((height - 224) / 2)
        image = image.resize((width, height), Image.BILINEAR).crop((left, top, left + 224, top + 224))
        return torch.from_numpy(np.array(image))


def pytorch(options):
    model = network(options.network).half().cuda().to(memory_format=torch.channels_last)
    x = torch.zeros(options.batch, 3, 224, 224, device="cuda", dtype=torch.half).to(memory_format=torch.channels_last)
    labels = torch.zeros(options.batch, device="cuda", dtype=torch.long)
    replay = graph_of(lambda images: labels.copy_(model(images).argmax(1)), x)
    mean, std = (torch.tensor(v, device="cuda").view(1, 3, 1, 1) * 255 for v in (MEAN, STD))
    loader = torch.utils.data.DataLoader(Photos(options.photos, 40), batch_size=options.batch, num_workers=16, pin_memory=True,
                                         drop_last=True, prefetch_factor=4)
    begun, seen = None, 0
    for i, pixels in enumerate(loader):
        x.copy_((pixels.cuda(non_blocking=True).permute(0, 3, 1, 2) - mean) / std)
        replay()
        labels.cpu()
        if i == 8:  # the workers have started
            begun, seen = time.time(), 0
        seen += len(pixels)
    return (seen - options.batch) / (time.time() - begun)


def main():
    parser = argparse.ArgumentParser()
    for name in ("fovea", "engine", "photos"):
        parser.add_argument(name)
    for name, value in (("--network", "resnet50"), ("--batch", 128), ("--streams", 4), ("--seconds", 5)):
        parser.add_argument(name, type=type(value), default=value)
    options = parser.parse_args()
    command = [options.fovea, "bench", "--engine", options.engine, "--hint", "throughput", "--batch", options.batch,
               "--streams", options.streams, "--seconds", options.seconds, "--end-to-end", options.photos, "--json", "-"]
    ours = json.loads(subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE).stdout)["end_to_end"]
    rate = ours["images_per_second"]
    print(f"Fovea, JPEG to label ({ours['decode']}, {ours['streams']} streams): {rate:.0f} images/s")
    alone = ours.get("decode_images_per_second")
    if alone:
        print(f"JPEG to pixels alone: {alone:.0f} images/s, ratio {rate / alone:.2f}")
    peer = pytorch(options)
    print(f"PyTorch, DataLoader of 16 workers, CUDA graph: {peer:.0f} images/s, ratio {rate / peer:.2f}")


main()
