#!/usr/bin/env python3
"""Writes golden.json: what PyTorch computes, in float64, for the networks of golden.test.ts.

    python3 test/golden/make_golden.py

Weights and data come from a formula and are multiples of 1/1024, so both sides start from the same bits. PyTorch's
options are set to lanewise's conventions: Adam's epsilon is given, and Keras's momentum (v = mu v - eta g) takes the
same steps as PyTorch's while the rate stays constant. Kernels are written as lanewise keeps them, (inputs, units).
"""

import json
import pathlib
import sys

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit("make_golden.py needs PyTorch. On Debian: apt install python3-torch, then /usr/bin/python3 make_golden.py")

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

STEPS = 10

# Layers: [units, activation, alpha of elu]. The last one gives logits; `link` makes them predictions.
CASES = [
    {"name": "softmax with labels", "input": [12], "rows": 11, "link": "softmax", "smoothing": 0.0,
     "loss": "sparseCategoricalCrossentropy", "layers": [[9, "tanh", 0], [7, "elu", 1.0], [5, "linear", 0]]},
    {"name": "smoothed labels", "input": [5], "rows": 6, "link": "softmax", "smoothing": 0.2,
     "loss": "sparseCategoricalCrossentropy", "layers": [[7, "sigmoid", 0], [3, "linear", 0]]},
    {"name": "one-hot rows, smoothed", "input": [5], "rows": 9, "link": "softmax", "smoothing": 0.1,
     "loss": "categoricalCrossentropy", "layers": [[7, "tanh", 0], [4, "linear", 0]]},
    {"name": "sigmoid outputs", "input": [6], "rows": 5, "link": "sigmoid", "smoothing": 0.0,
     "loss": "binaryCrossentropy", "layers": [[8, "relu", 0], [3, "linear", 0]]},
    {"name": "one sigmoid output, smoothed", "input": [3], "rows": 13, "link": "sigmoid", "smoothing": 0.1,
     "loss": "binaryCrossentropy", "layers": [[5, "elu", 0.5], [1, "linear", 0]]},
    {"name": "regression", "input": [4], "rows": 7, "link": "linear", "smoothing": 0.0,
     "loss": "meanSquaredError", "layers": [[6, "sigmoid", 0], [5, "relu", 0], [2, "linear", 0]]},
    {"name": "a class for each of three positions", "input": [3, 4], "rows": 5, "link": "softmax", "smoothing": 0.0,
     "loss": "sparseCategoricalCrossentropy", "layers": [[5, "tanh", 0], [3, "linear", 0]]},
]

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.999), eps=1e-7),
}


def pseudo(size, seed, scale):
    """Multiples of 1/1024 in about [-scale, scale], neither regular nor zero on average."""
    values = [((i * 7919 + seed * 104729 + i * i * 31) % 2003) / 1001.5 - 1 for i in range(size)]
    return [round(v * scale * 1024) / 1024 for v in values]


def weights_of(case):
    tensors, fan_in = [], case["input"][-1]
    for i, (units, _, _) in enumerate(case["layers"]):
        tensors.append(torch.tensor(pseudo(fan_in * units, 2 * i + 1, 1.5 / fan_in**0.5)).reshape(fan_in, units))
        tensors.append(torch.tensor(pseudo(units, 2 * i + 2, 0.3)))
        fan_in = units
    return tensors


def data_of(case):
    rows, classes = case["rows"], case["layers"][-1][0]
    x = torch.tensor(pseudo(rows * torch.Size(case["input"]).numel(), 91, 1.5)).reshape(rows, *case["input"])
    positions = x.shape[:-1]
    if case["loss"] == "meanSquaredError":
        return x, torch.tensor(pseudo(rows * classes, 92, 1.0)).reshape(rows, classes)
    if case["loss"] == "binaryCrossentropy":
        return x, torch.tensor([(i * i + i // 3) % 2 for i in range(rows * classes)], dtype=x.dtype).reshape(rows, classes)
    labels = torch.tensor([(i * 5 + i // 4 + 3) % classes for i in range(positions.numel())]).reshape(positions)
    return x, F.one_hot(labels, classes).to(x.dtype) if case["loss"] == "categoricalCrossentropy" else labels


def logits_of(case, weights, x):
    functions = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid, "linear": lambda z: z}
    for i, (_, activation, alpha) in enumerate(case["layers"]):
        z = x @ weights[2 * i] + weights[2 * i + 1]
        x = F.elu(z, alpha) if activation == "elu" else functions[activation](z)
    return x


def predictions_of(case, logits):
    return {"softmax": lambda z: torch.softmax(z, -1), "sigmoid": torch.sigmoid, "linear": lambda z: z}[case["link"]](logits)


def loss_of(case, weights, x, y):
    """The mean over the rows (and the outputs, or positions, of each)."""
    logits, smoothing = logits_of(case, weights, x), case["smoothing"]
    if case["loss"] == "meanSquaredError":
        return F.mse_loss(logits, y)
    if case["loss"] == "binaryCrossentropy":  # PyTorch smooths no labels here: Keras's t (1 - s) + s / 2
        return F.binary_cross_entropy_with_logits(logits, y * (1 - smoothing) + smoothing / 2)
    classes = logits.shape[-1]
    y = y.reshape(-1) if y.dtype == torch.int64 else y
    return F.cross_entropy(logits.reshape(-1, classes), y, label_smoothing=smoothing)


def accuracy_of(case, predictions, y):
    """The share of right outputs, or of right classes."""
    if case["loss"] == "meanSquaredError":
        return None
    if case["loss"] == "binaryCrossentropy":
        return ((predictions > 0.5) == (y > 0.5)).double().mean().item()
    labels = y.argmax(-1) if case["loss"] == "categoricalCrossentropy" else y
    return (predictions.argmax(-1) == labels).double().mean().item()


def trained(case, make_optimizer, steps, batch):
    """Losses before each of `steps` steps over successive batches, and the weights after them."""
    weights = [w.clone().requires_grad_() for w in weights_of(case)]
    x, y = data_of(case)
    optimizer, losses, first = make_optimizer(weights), [], 0
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(case, weights, x[first : first + batch], y[first : first + batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        first = (first + batch) if first + batch < len(x) else 0
    return {"losses": numbers(losses), "weights": [numbers(w) for w in weights]}


def numbers(values):
    """Thirteen digits: far beyond f32, and a small file."""
    flat = values.detach().reshape(-1).tolist() if torch.is_tensor(values) else values
    return [float(f"{v:.13g}") for v in flat]


def golden(case):
    weights = [w.requires_grad_() for w in weights_of(case)]
    x, y = data_of(case)
    loss = loss_of(case, weights, x, y)
    loss.backward()
    predictions = predictions_of(case, logits_of(case, weights, x))
    return {
        **case,
        "x": numbers(x),
        "y": numbers(y),
        "weights": [numbers(w) for w in weights],
        "predictions": numbers(predictions),
        "lossOfAll": numbers([loss.item()])[0],
        "accuracy": accuracy_of(case, predictions, y),
        "gradients": [numbers(w.grad) for w in weights],
        "training": {name: trained(case, make, STEPS, case["rows"]) for name, make in OPTIMIZERS.items()},
        # Two epochs over batches of 4, the last one partial.
        "batches": {name: trained(case, make, 2 * -(-case["rows"] // 4), 4) for name, make in OPTIMIZERS.items()},
    }


target = pathlib.Path(__file__).with_name("golden.json")
target.write_text(json.dumps({"torch": torch.__version__, "cases": [golden(c) for c in CASES]}, separators=(",", ":")) + "\n")
print(f"{target}: {target.stat().st_size} bytes")
