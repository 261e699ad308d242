#!/usr/bin/env python3
"""Writes samples/: networks as PyTorch's exporter writes them to ONNX, and what they predict.

    python3 test/onnx/make_onnx.py
"""

import json
import pathlib
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(2)
SAMPLES = pathlib.Path(__file__).parent / "samples"


def flat(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().double().flatten().tolist()]


class Pairs(nn.Module):
    """The exporter writes the number of rows as it is at the time."""

    def forward(self, x):
        return x.reshape(12, 2, 2)


class Branched(nn.Module):
    """Two inputs, two outputs, a residual sum, a concatenation, and a linear layer on samples of two axes."""

    def __init__(self):
        super().__init__()
        self.rows, self.left, self.right = nn.Linear(3, 4), nn.Linear(8, 8), nn.Linear(8, 8, bias=False)
        self.mean, self.spread = nn.Linear(10, 2), nn.Linear(10, 2)

    def forward(self, image, extra):
        h = torch.flatten(torch.tanh(self.rows(image)), 1)
        h = h + torch.relu(self.left(h)) + self.right(h)
        h = torch.cat([h, extra], dim=1)
        return self.mean(h), nn.functional.softplus(self.spread(h) * 0.5 + 1) / 4


mlp = nn.Sequential(
    nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 10), nn.LayerNorm(10), nn.GELU(),
    nn.Linear(10, 9), nn.SiLU(), nn.Linear(9, 8), nn.Mish(), nn.Linear(8, 3), nn.Softmax(dim=-1),
)  # fmt: skip
bends = nn.Sequential(
    nn.LeakyReLU(0.07), nn.Linear(6, 6), nn.ELU(0.6), nn.Linear(6, 6), nn.SELU(), nn.Linear(6, 6), nn.CELU(0.8),
    nn.Linear(6, 6), nn.Softplus(), nn.Linear(6, 6), nn.Softsign(), nn.Linear(6, 6), nn.PReLU(6), nn.PReLU(),
    nn.Linear(6, 6), nn.ReLU6(), nn.Linear(6, 6), nn.Hardsigmoid(), nn.Linear(6, 6), nn.Hardswish(), nn.Linear(6, 6),
    nn.Sigmoid(), nn.Linear(6, 6), nn.Dropout(0.3), nn.Identity(), nn.LogSoftmax(dim=1),
)  # fmt: skip
deep = nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.Tanh(), Pairs(), nn.Linear(2, 3))

# Statistics and scales that are not those of the start.
mlp.train()
for _ in range(20):
    mlp(torch.randn(32, 6) * 2 + 1)
for parameter in [*mlp.parameters(), *bends.parameters()]:
    parameter.data += torch.randn_like(parameter) * 0.1

x = (torch.randn(12, 6) * 1.5).double().float()
cases = {
    "mlp": (mlp, (x,), {"opset_version": 17, "dynamic_axes": {"x": {0: "batch"}, "y": {0: "batch"}}}),
    "bends": (bends, (x,), {"opset_version": 17, "dynamic_axes": {"x": {0: "batch"}, "y": {0: "batch"}}}),
    "fixed": (deep, (x.reshape(12, 2, 3),), {"opset_version": 11}),
    "old": (mlp, (x,), {"opset_version": 9, "keep_initializers_as_inputs": True}),
    "branched": (Branched(), (x.reshape(12, 2, 3), x[:, :2].contiguous()), {"opset_version": 14}),
}
expected = {"torch": torch.__version__.split("a")[0]}
for name, (net, inputs, options) in cases.items():
    if name == "old":  # LayerNorm is written out there
        net = nn.Sequential(*[module for module in net if not isinstance(module, nn.LayerNorm)])
    net.eval()
    names = ["image", "extra"] if len(inputs) > 1 else ["x"]
    outputs = ["mean", "spread"] if len(inputs) > 1 else ["y"]
    torch.onnx.export(net, inputs, SAMPLES / f"{name}.onnx", input_names=names, output_names=outputs, **options)
    y = net.double()(*[x.double() for x in inputs])
    net.float()
    expected[name] = {
        "inputs": [flat(x) for x in inputs],
        "outputs": [flat(y) for y in (y if isinstance(y, tuple) else (y,))],
    }
(SAMPLES / "predictions.json").write_text(json.dumps(expected) + "\n")
