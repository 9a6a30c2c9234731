"""What TensorRT's description of a plan, a line per layer, says of its convolutions."""
import re

LAYER = re.compile(r"Name: ([^,]*), LayerType: (\w+), Inputs: \[(.*?)\], (?:Constants|Outputs)")


def types_of_convolutions(lines):
    """Data type of the first input of each compiled convolution."""
    found = {}
    for text in lines:
        for match in LAYER.finditer(text):
            if match[2] in ("correlation", "convolution"):
                found[match[1]] = re.search(r"Datatype: (\w+)", match[3])[1]
    return list(found.values())
