#!/usr/bin/env python3
"""Writes layers.json: what PyTorch's layers make of given inputs, weights and targets, in float64.

    python3 test/golden/make_layers.py

Each case is one layer with its weights under lanewise's names and in its order (kernels (inputs, units)), a batch x and
targets t: its output in evaluation, the mean squared error of its output in training, that loss's gradients by the
weights, and for batch normalization the moving statistics after that step (the biased variance, as lanewise keeps it).
Random layers: what becomes of kept and dropped elements, y = scale * x + offset and a constant, read off PyTorch's output.
"""

import json
import pathlib

import torch
from torch import nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)


def pseudo(shape, seed, scale):
    """Multiples of 1/1024, as in make_golden.py."""
    size = torch.Size(shape).numel()
    values = [((i * 7919 + seed * 104729 + i * i * 31) % 2003) / 1001.5 - 1 for i in range(size)]
    return torch.tensor([round(v * scale * 1024) / 1024 for v in values]).reshape(shape)


def digits(t):
    return [float(f"{v:.13g}") for v in t.detach().flatten().tolist()]


def case(layer, options, x, weights, evaluate, train=None, moving=None):
    """`weights` by role; `evaluate` and `train` take x."""
    for w in weights.values():
        w.requires_grad_()
    y = evaluate(x)
    out = (train or evaluate)(x)
    t = pseudo(out.shape, 77, 1.0)
    loss = F.mse_loss(out, t)
    if weights:
        loss.backward()
    return {
        "layer": layer,
        "options": options,
        "shape": list(x.shape),
        "x": digits(x),
        "targets": digits(t),
        "weights": {role: digits(w) for role, w in weights.items()},
        "y": digits(y),
        "loss": digits(loss)[0],
        "gradients": {role: digits(w.grad) for role, w in weights.items()},
        "moving": {role: digits(v) for role, v in (moving or {}).items()},
    }


def dense():
    x, kernel, bias = pseudo((5, 3), 1, 1.5), pseudo((3, 7), 2, 0.9), pseudo((7,), 3, 0.5)
    return case("dense", {"units": 7, "activation": "tanh"}, x, {"kernel": kernel, "bias": bias},
                lambda x: torch.tanh(F.linear(x, kernel.t(), bias)))


def dense_on_positions():
    x, kernel = pseudo((5, 2, 3), 1, 1.5), pseudo((3, 5), 2, 0.9)
    return case("dense", {"units": 5, "useBias": False}, x, {"kernel": kernel}, lambda x: F.linear(x, kernel.t()))


def batch_norm(shape, momentum, scale, center):
    x, n = pseudo(shape, 4, 2.0) + 0.5, shape[-1]
    gamma, beta = pseudo((n,), 5, 0.7) + 1, pseudo((n,), 6, 0.5)
    mean, variance = pseudo((n,), 7, 0.5), pseudo((n,), 8, 0.4) + 1
    g, b = gamma if scale else None, beta if center else None
    weights = {**({"gamma": gamma} if scale else {}), **({"beta": beta} if center else {})}
    columns = lambda x: x.reshape(-1, n)
    evaluate = lambda x: F.batch_norm(columns(x), mean, variance, g, b, False, 0, 1e-3).reshape(x.shape)
    train = lambda x: F.batch_norm(columns(x), None, None, g, b, True, 0, 1e-3).reshape(x.shape)
    moved = {
        "movingMean": mean * momentum + columns(x).mean(0) * (1 - momentum),
        "movingVariance": variance * momentum + columns(x).var(0, unbiased=False) * (1 - momentum),
    }
    result = case("batchNorm", {"momentum": momentum, "scale": scale, "center": center}, x, weights, evaluate, train, moved)
    result["weights"] |= {"movingMean": digits(mean), "movingVariance": digits(variance)}
    return result


def layer_norm(shape, scale, center):
    x, n = pseudo(shape, 9, 2.0) + 0.5, shape[-1]
    gamma, beta = pseudo((n,), 10, 0.7) + 1, pseudo((n,), 11, 0.5)
    weights = {**({"gamma": gamma} if scale else {}), **({"beta": beta} if center else {})}
    norm = lambda x: F.layer_norm(x, [n], weights.get("gamma"), weights.get("beta"), 1e-3)
    return case("layerNorm", {"scale": scale, "center": center}, x, weights, norm)


def prelu(shape, shared):
    """PyTorch has one slope a channel, which is axis 1: the last axis goes there."""
    x = pseudo(shape, 12, 2.0)
    alpha = pseudo(shape[-1:], 13, 0.5)
    own = lambda x: F.prelu(x.movedim(-1, 1), alpha).movedim(1, -1)
    return case("prelu", {"sharedAxes": shared} if shared else {}, x, {"alpha": alpha}, own)


def normalization(shape):
    x, n = pseudo(shape, 22, 2.0), shape[-1]
    mean, variance = pseudo((n,), 23, 0.5), pseudo((n,), 24, 0.4) + 1
    result = by_itself("normalization", {}, x, lambda x: F.batch_norm(x, mean, variance, eps=0))
    result["weights"] = {"mean": digits(mean), "variance": digits(variance)}
    return result


def other(x):
    """A second value for layers that take several."""
    return x * -0.5 + 0.25


def by_itself(layer, options, x, f):
    return case(layer, options, x, {}, f)


def random_layer(layer, rate, f):
    x = torch.linspace(0.25, 4, 10_000)
    y = f(x)
    dropped = y[(y == y.min()) if layer == "alphaDropout" else (y == 0)]
    kept = y > dropped[0] + 1e-9
    (a, b), (xa, xb) = y[kept][[0, -1]].tolist(), x[kept][[0, -1]].tolist()
    scale = (b - a) / (xb - xa)
    offset = a - scale * xa
    assert torch.allclose(y[kept], scale * x[kept] + offset) and (y[~kept] == dropped[0]).all()
    nine = lambda v: float(f"{v:.9g}")
    return {"layer": layer, "rate": rate, "scale": nine(scale), "offset": nine(offset) if abs(offset) > 1e-12 else 0.0,
            "dropped": nine(dropped[0].item()), "share": nine((~kept).double().mean().item())}


result = {
    "torch": torch.__version__,
    "layers": [
        dense(),
        dense_on_positions(),
        batch_norm((7, 5), 0.9, True, True),
        batch_norm((5, 2, 3), 0.75, False, True),
        batch_norm((6, 3), 0.5, True, False),
        layer_norm((5, 7), True, True),
        layer_norm((4, 2, 5), False, True),
        layer_norm((5, 3), True, False),
        prelu((5, 7), None),
        prelu((4, 2, 3), [1]),
        normalization((5, 7)),
        by_itself("reshape", {"targetShape": [-1, 2]}, pseudo((4, 2, 3), 18, 1.0), lambda x: x.reshape(4, -1, 2)),
        by_itself("add", {}, pseudo((5, 3), 19, 2.0), lambda x: x + other(x) + x),
        by_itself("concatenate", {}, pseudo((4, 2, 3), 20, 2.0), lambda x: torch.cat([x, other(x), x], -1)),
        by_itself("concatenate", {"axis": 1}, pseudo((4, 2, 3), 21, 2.0), lambda x: torch.cat([x, other(x), x], 1)),
        by_itself("rescaling", {"scale": 0.125, "offset": -0.5}, pseudo((5, 3), 14, 4.0), lambda x: x * 0.125 - 0.5),
        by_itself("flatten", {}, pseudo((4, 2, 3), 15, 1.0), nn.Flatten()),
        by_itself("activation", {"activation": "gelu"}, pseudo((5, 7), 16, 3.0), F.gelu),
        by_itself("activation", {"activation": "softmax"}, pseudo((5, 7), 17, 3.0), lambda x: F.softmax(x, -1)),
    ],
    "random": [
        random_layer("dropout", 0.3, lambda x: F.dropout(x, 0.3)),
        random_layer("dropout", 0.75, lambda x: F.dropout(x, 0.75)),
        random_layer("alphaDropout", 0.3, lambda x: F.alpha_dropout(x, 0.3, True)),
    ],
}
path = pathlib.Path(__file__).with_name("layers.json")
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
print(f"{path.name}: {path.stat().st_size} bytes")
