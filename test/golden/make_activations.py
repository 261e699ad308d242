#!/usr/bin/env python3
"""PyTorch's figures for every activation, in double precision: forward and gradient at some forty points.

    python3 test/golden/make_activations.py > test/golden/activations.json

By name of the activation, its cases: {options, y, dy/dx} over the common points `x`; softmax and logSoftmax over the row
of `x`, the gradient being that of sum(y * g). Points lie beside the kinks, where conventions differ, never on them.
"""

import json

import torch
import torch.nn.functional as F

POINTS = [0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 2.9, 3.1, 3.5, 4.0, 5.0, 5.9, 6.1, 8.0, 12.0, 30.0, 80.0]
x = torch.tensor([-p for p in reversed(POINTS)] + POINTS, dtype=torch.float32).double()
g = torch.cos(torch.arange(len(x), dtype=torch.float64)).float().double()

# Keras's conventions where PyTorch has other defaults: leakyRelu 0.2, hardSigmoid relu6(x + 3) / 6.
CASES = {
    "linear": [({}, lambda x: x * 1)],
    "relu": [({}, F.relu)],
    "relu6": [({}, F.relu6)],
    "leakyRelu": [({}, lambda x: F.leaky_relu(x, 0.2)), ({"negativeSlope": 0.01}, lambda x: F.leaky_relu(x, 0.01))],
    "elu": [({}, F.elu), ({"alpha": 0.5}, lambda x: F.elu(x, 0.5))],
    "selu": [({}, F.selu)],
    "celu": [({}, F.celu), ({"alpha": 2.5}, lambda x: F.celu(x, 2.5))],
    "gelu": [({}, F.gelu), ({"approximate": True}, lambda x: F.gelu(x, approximate="tanh"))],
    "silu": [({}, F.silu)],
    "mish": [({}, F.mish)],
    "softplus": [({}, lambda x: F.softplus(x, threshold=1000))],
    "softsign": [({}, F.softsign)],
    "sigmoid": [({}, torch.sigmoid)],
    "hardSigmoid": [({}, lambda x: F.relu6(x + 3) / 6)],
    "tanh": [({}, torch.tanh)],
    "hardSilu": [({}, lambda x: x * F.relu6(x + 3) / 6)],
    "exponential": [({}, torch.exp)],
}
ROWWISE = {"softmax": lambda x: F.softmax(x, -1), "logSoftmax": lambda x: F.log_softmax(x, -1)}


def figures(values):
    return [float(f"{v:.9g}") for v in values.tolist()]


def case(options, function, upstream):
    leaf = x.clone().requires_grad_()
    y = function(leaf)
    (y * upstream).sum().backward()
    return {"options": options, "y": figures(y.detach()), "gradient": figures(leaf.grad)}


golden = {
    "torch": torch.__version__,
    "x": x.tolist(),
    "g": g.tolist(),
    "elementwise": {n: [case(o, f, torch.ones_like(x)) for o, f in cases] for n, cases in CASES.items()},
    "rowwise": {n: case({}, f, g) for n, f in ROWWISE.items()},
}
print(json.dumps(golden, separators=(",", ":")))
