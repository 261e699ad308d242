#!/usr/bin/env python3
"""Runs the Python that torchSource wrote and prints what its networks predict, as JSON: a list of { shape, data }.

    python3 test/torch/read_torch.py cases.json

cases.json is a list of { source, shape, data }, the rows beside the program. Where the package safetensors is missing, a reader of its format takes its place.
"""

import json
import pathlib
import struct
import sys
import types

import torch


def load_file(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    dtypes = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=dtypes[entry["dtype"]]).reshape(entry["shape"])
    return tensors


try:
    import safetensors.torch
except ImportError:
    stand_in = types.ModuleType("safetensors.torch")
    stand_in.load_file = load_file
    sys.modules["safetensors"] = types.ModuleType("safetensors")
    sys.modules["safetensors.torch"] = stand_in

predictions = []
for case in json.loads(pathlib.Path(sys.argv[1]).read_text()):
    scope = {}
    exec(case["source"], scope)
    y = scope["model"](torch.tensor(case["data"], dtype=torch.float32).reshape(case["shape"]))
    predictions.append({"shape": list(y.shape), "data": y.detach().flatten().tolist()})
print(json.dumps(predictions))
