#!/usr/bin/env python3
"""Writes src/image/testdata/resize_cases.inc: small pictures resized by Pillow (needs `pip install pillow==11.3.0`).

The source of every case is the pattern of test_pattern.h; both sides compute it, so only results are stored.
The version matters: 11.3 always resizes the width first, as Fovea does; 13.0 resizes the height first for some shapes,
which differs by rounding. Sources have odd sides: at an even one "nearest" may fall half-way between two pixels.
"""
import base64
import pathlib

import PIL
from PIL import Image

FILTERS = {
    "kNearest": Image.Resampling.NEAREST,
    "kBilinear": Image.Resampling.BILINEAR,
    "kBicubic": Image.Resampling.BICUBIC,
    "kLanczos": Image.Resampling.LANCZOS,
}
# source width and height, box (x, y, width, height), result width and height: down, up, a part of it, down and up
SHAPES = [
    (37, 23, (0, 0, 37, 23), 7, 5),
    (5, 3, (0, 0, 5, 3), 9, 7),
    (37, 23, (1.25, 2.5, 30.75, 17.5), 6, 5),
    (7, 31, (0, 0, 7, 31), 9, 4),
]


def pattern(width, height):
    """A gradient with hashed noise, as pattern() in test_pattern.h."""
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            for c in range(3):
                noise = ((x * 73856093 ^ y * 19349663 ^ c * 83492791) & 0xFFFFFFFF) * 2654435761 & 0xFFFFFFFF
                pixels.append((x * (3 + c) + y * (5 - c) + (noise >> 25)) & 255)
    return Image.frombytes("RGB", (width, height), bytes(pixels))


def main():
    assert PIL.__version__ == "11.3.0", PIL.__version__
    lines = [f"// Made by tools/make_resize_cases.py with Pillow {PIL.__version__}: source, box, result, filter, base64 RGB."]
    for width, height, (x, y, w, h), out_width, out_height in SHAPES:
        for name, pillow in FILTERS.items():
            made = pattern(width, height).resize((out_width, out_height), pillow, box=(x, y, x + w, y + h))
            text = base64.b64encode(made.tobytes()).decode()
            lines.append(
                f"{{{width}, {height}, {x}, {y}, {w}, {h}, {out_width}, {out_height}, ResizeFilter::{name},\n"
                f' "{text}"}},'
            )
    target = pathlib.Path(__file__).resolve().parent.parent / "src/image/testdata/resize_cases.inc"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
