#!/usr/bin/env python3
"""Writes regularization.json: what PyTorch makes of given gradients and weights, in float64.

    python3 test/golden/make_regularization.py
"""

import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)


def pseudo(size, seed, scale):
    """Multiples of 1/1024, as in make_golden.py."""
    values = [((i * 7919 + seed * 104729 + i * i * 31) % 2003) / 1001.5 - 1 for i in range(size)]
    return [round(v * scale * 1024) / 1024 for v in values]


SHAPES = [[5, 7], [7], [7, 3], [3]]


def gradients():
    parameters = []
    for i, shape in enumerate(SHAPES):
        p = torch.nn.Parameter(torch.zeros(shape))
        p.grad = torch.tensor(pseudo(p.numel(), i + 1, 2.0)).reshape(shape)
        parameters.append(p)
    return parameters


def flat(parameters):
    return [[float(f"{g:.13g}") for g in p.grad.flatten().tolist()] for p in parameters]


def clipped(clip):
    parameters = gradients()
    clip(parameters)
    return flat(parameters)


def by_norm(parameters, limit):
    for p in parameters:
        torch.nn.utils.clip_grad_norm_([p], limit)


clips = [
    {"name": "clipByValue", "limit": 0.5, "clipped": clipped(lambda p: torch.nn.utils.clip_grad_value_(p, 0.5))},
    {"name": "clipByNorm", "limit": 2.5, "clipped": clipped(lambda p: by_norm(p, 2.5))},
    {"name": "clipByGlobalNorm", "limit": 1.0, "clipped": clipped(lambda p: torch.nn.utils.clip_grad_norm_(p, 1.0))},
    {"name": "clipByGlobalNorm", "limit": 100.0, "clipped": clipped(lambda p: torch.nn.utils.clip_grad_norm_(p, 100.0))},
]
weights = torch.tensor(pseudo(35, 9, 1.5)).reshape(5, 7)


def constrained(name, options, constrain):
    """Columns are kernels' columns: dimension 0 is what their norms are over."""
    return {"name": name, "options": options, "weights": digits(constrain(weights))}


def within(w, least, most, rate):
    """Norms clamped into [least, most], a share of the way: in PyTorch made of renorm and normalize."""
    norms = w.norm(dim=0)
    clamped = torch.where(norms < least, torch.nn.functional.normalize(w, dim=0) * least, torch.renorm(w, 2, 1, most))
    return torch.lerp(w, clamped, rate)


def penalized(l1, l2):
    w = weights.clone().requires_grad_()
    penalty = l1 * w.abs().sum() + l2 * (w * w).sum()
    penalty.backward()
    return {"l1": l1, "l2": l2, "penalty": float(f"{penalty.item():.13g}"), "gradient": digits(w.grad)}


def digits(t):
    return [float(f"{v:.13g}") for v in t.flatten().tolist()]


figures = {
    "shapes": SHAPES,
    "gradients": flat(gradients()),
    "clips": clips,
    "weights": digits(weights),
    "constrained": [
        constrained("maxNorm", {"maxValue": 1.5}, lambda w: torch.renorm(w, 2, 1, 1.5)),
        constrained("unitNorm", {}, lambda w: torch.nn.functional.normalize(w, dim=0)),
        constrained("nonNeg", {}, lambda w: w.clamp(min=0)),
        constrained("minMaxNorm", {"minValue": 1.75, "maxValue": 2, "rate": 1}, lambda w: within(w, 1.75, 2, 1)),
        constrained("minMaxNorm", {"minValue": 1.75, "maxValue": 2, "rate": 0.5}, lambda w: within(w, 1.75, 2, 0.5)),
    ],
    "penalties": [penalized(0.03, 0), penalized(0, 0.02), penalized(0.01, 0.04)],
}
path = pathlib.Path(__file__).with_name("regularization.json")
path.write_text(json.dumps(figures) + "\n")
