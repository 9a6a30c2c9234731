#!/usr/bin/env python3
"""Fail when a program that only predicts links what only building needs.

check_closure.py PROGRAM MAP [FOVEA]
PROGRAM, with the linker's MAP of it: no room of FORBIDDEN, no library of HEAVY. FOVEA, the installed program: no library
of HEAVY (its modules bring those).
"""
import re
import subprocess
import sys

FORBIDDEN = {"train", "compiler", "passes", "quantize", "interop", "data", "eval", "pipeline", "report", "serve", "testing"}
HEAVY = {"predictor": r"lib(torch|c10|onnx|protobuf|boost|grpc|cuda|cudnn|nvinfer)",
         "fovea": r"lib(torch|c10|boost|grpc|cuda|cudnn|nvinfer)"}


def libraries(program):
    lines = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.split()[0] for line in lines if line.strip()], [line.strip() for line in lines if "not found" in line]


def main(program, link_map, fovea=None):
    with open(link_map, errors="replace") as file:
        rooms = sorted(set(re.findall(r"libfovea_(\w+)\.(?:a|so)", file.read())))
    found = [f"{program}: links the room {room}" for room in rooms if room in FORBIDDEN]
    if "classifier" not in rooms:
        found.append(f"{link_map}: the room classifier is not there: not the map of a predictor")
    for name, path in (("predictor", program), ("fovea", fovea)):
        if path:
            needed, missing = libraries(path)
            found += [f"{path}: links {library}" for library in needed if re.match(HEAVY[name], library.split("/")[-1])]
            found += [f"{path}: {line}" for line in missing]
    print("\n".join(found) or f"closure: ok ({', '.join(rooms)})")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
