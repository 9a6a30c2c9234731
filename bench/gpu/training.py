#!/usr/bin/env python3
"""training.py FOVEA DATA [NET] [BATCH]: training of NET (resnet50) on DATA's folder of photos, on the GPU: `fovea train` beside a
PyTorch loop (torchvision's net, bf16 autocast, channels last, SGD with momentum, a DataLoader with 16 workers and PIL), two epochs
each; printed are images per second of the second epoch, and of a PyTorch loop over one batch that is on the device already."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import numpy
import PIL.Image
import torch
import torchvision

FOVEA, DATA = sys.argv[1:3]
NET = sys.argv[3] if len(sys.argv) > 3 else "resnet50"
BATCH = int(sys.argv[4]) if len(sys.argv) > 4 else 128
SIZE = 224


class Photos(torch.utils.data.Dataset):
    def __init__(self, files, classes):
        self.files, self.classes = files, classes

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        image = PIL.Image.open(self.files[i]).convert("RGB")
        scale = SIZE / min(image.size)
        image = image.resize([max(SIZE, round(side * scale)) for side in image.size], PIL.Image.BILINEAR)
        left, top = (image.width - SIZE) // 2, (image.height - SIZE) // 2
        made = torch.from_numpy(numpy.array(image.crop((left, top, left + SIZE, top + SIZE))))
        return (made.flip(1) if random.random() < 0.5 else made), self.classes.index(self.files[i].parent.name)


def ours():
    with tempfile.TemporaryDirectory() as name:
        done = subprocess.run([FOVEA, "train", "--data", DATA, "--net", NET, "--size", str(SIZE), "--epochs", "2", "--train-batch", str(BATCH),
                               "--device", "cuda", "--out", f"{name}/m.onnx", "--json", "-"], stdout=subprocess.PIPE, check=True)
    told = json.loads(done.stdout)
    return told["epochs"][-1]["images_per_second"], told


def theirs(files, classes):
    torch.backends.cudnn.benchmark = True
    model = getattr(torchvision.models, NET)(num_classes=len(classes)).cuda().to(memory_format=torch.channels_last)
    descent = torch.optim.SGD(model.parameters(), 0.05, 0.9, weight_decay=1e-4)

    def step(pixels, labels):
        x = pixels.cuda(non_blocking=True).permute(0, 3, 1, 2).float().div_(255)
        with torch.autocast("cuda", torch.bfloat16):
            loss = torch.nn.functional.cross_entropy(model(x), labels.cuda(non_blocking=True))
        descent.zero_grad()
        loss.backward()
        descent.step()

    loader = torch.utils.data.DataLoader(Photos(files, classes), BATCH, shuffle=True, num_workers=16, pin_memory=True, drop_last=True,
                                         persistent_workers=True)
    for epoch in range(2):
        begun, seen = time.time(), 0
        for pixels, labels in loader:
            step(pixels, labels)
            seen += len(labels)
        torch.cuda.synchronize()
        rate = seen / (time.time() - begun)
    pixels, labels = pixels.cuda(), labels.cuda()
    begun = time.time()
    for _ in range(20):
        step(pixels, labels)
    torch.cuda.synchronize()
    return rate, 20 * BATCH / (time.time() - begun)


data = pathlib.Path(DATA)
classes = sorted(path.name for path in data.iterdir() if path.is_dir())
mine, told = ours()
peer, bare = theirs([path for name in classes for path in sorted((data / name).iterdir())], classes)
print(f"{NET}, batch {BATCH}: fovea {mine:.0f} images/s (device {told.get('device')}), PyTorch with a DataLoader {peer:.0f} ({mine / peer:.2f} x), "
      f"its step alone {bare:.0f}; loss {told['epochs'][0]['loss']:.3f} -> {told['epochs'][-1]['loss']:.3f}")
