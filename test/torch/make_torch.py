#!/usr/bin/env python3
"""Writes samples/: networks that PyTorch made and trained, as safetensors files, and what they predict.

    python3 test/torch/make_torch.py

Files are written as safetensors.torch.save_file writes them (wide types first, then by name), without that package.
"""

import json
import pathlib
import struct

import torch
from torch import nn

torch.manual_seed(1)
SAMPLES = pathlib.Path(__file__).parent / "samples"
DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64"}


def save_file(tensors, path):
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name in order:
        tensor = tensors[name].contiguous()
        raw = bytes(tensor.view(torch.int16).numpy().tobytes() if tensor.dtype == torch.bfloat16 else tensor.numpy().tobytes())
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def train(net, x, y, steps=60):
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    return net.eval()


def flat(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().double().flatten().tolist()]


x = torch.randn(96, 6) * 1.5 + 0.3
y = (x[:, 0] + x[:, 1] ** 2 > 1).long() + (x[:, 2] > 0.8).long()

# Its modules with weights are 0, 1, 4, 5, 8, 10 and 11: by name, "10" comes before "4".
net = train(nn.Sequential(
    nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.1),
    nn.Linear(12, 10, bias=False), nn.LayerNorm(10), nn.GELU(), nn.Identity(),
    nn.Linear(10, 7), nn.Identity(), nn.PReLU(), nn.Linear(7, 3),
), x, y)
state = net.state_dict()
save_file(state, SAMPLES / "sequential.safetensors")

class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode, self.bend, self.answer = nn.Linear(6, 5), nn.PReLU(5), nn.Linear(5, 3)

    def forward(self, x):
        return self.answer(self.bend(self.encode(x)))

named = train(Named(), x, y)
save_file(named.state_dict(), SAMPLES / "named.safetensors")

small = train(nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3)), x, y)
typed = {}
for dtype in (torch.float16, torch.bfloat16, torch.float64):
    # In double precision a network that has more digits than 32 bits hold.
    made = {k: (v.double() * (1 + 2 ** -30) if dtype == torch.float64 else v.to(dtype)) for k, v in small.state_dict().items()}
    save_file(made, SAMPLES / f"{DTYPES[dtype].lower()}.safetensors")
    copy = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    copy.load_state_dict({k: v.double() for k, v in made.items()})
    typed[DTYPES[dtype]] = flat(copy(x[:8].double()))

rows = x[:32]
(SAMPLES / "predictions.json").write_text(json.dumps({
    "torch": torch.__version__.split("a")[0],
    "x": flat(rows),
    "y": y[:32].tolist(),
    "sequential": flat(net.double()(rows.double())),
    "named": flat(named.double()(rows.double())),
    "typed": typed,
}) + "\n")
