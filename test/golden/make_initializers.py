#!/usr/bin/env python3
"""Writes initializers.json: mean, deviation and bounds of what PyTorch draws for a kernel of 400 inputs and 300 units.

    python3 test/golden/make_initializers.py

PyTorch's matrices are (units, inputs). Its normal initializers are not cut at two deviations as Keras's and lanewise's
are: mean and deviation are the same by design, the bounds are not compared.
"""

import json
import pathlib

import torch
from torch.nn import init

torch.manual_seed(1)
INPUTS, UNITS = 400, 300

with_options = lambda draw, **options: lambda w: draw(w, **options)
CASES = [
    ("zeros", {}, init.zeros_),
    ("ones", {}, init.ones_),
    ("constant", {"value": -0.375}, lambda w: init.constant_(w, -0.375)),
    ("randomNormal", {"mean": 0.5, "stddev": 2}, lambda w: init.normal_(w, 0.5, 2)),
    ("randomUniform", {"minval": -0.25, "maxval": 0.75}, lambda w: init.uniform_(w, -0.25, 0.75)),
    ("truncatedNormal", {"mean": -1, "stddev": 0.5}, lambda w: init.trunc_normal_(w, -1, 0.5, -2, 0)),
    ("varianceScaling", {"scale": 2, "mode": "fanOut", "distribution": "normal"},
     with_options(init.kaiming_normal_, mode="fan_out", nonlinearity="relu")),
    ("varianceScaling", {"scale": 1, "mode": "fanAvg", "distribution": "truncatedNormal"}, init.xavier_normal_),
    ("varianceScaling", {"scale": 1, "mode": "fanIn", "distribution": "uniform"},
     with_options(init.kaiming_uniform_, mode="fan_in", nonlinearity="linear")),
    ("glorotUniform", {}, init.xavier_uniform_),
    ("glorotNormal", {}, init.xavier_normal_),
    ("heUniform", {}, with_options(init.kaiming_uniform_, nonlinearity="relu")),
    ("heNormal", {}, with_options(init.kaiming_normal_, nonlinearity="relu")),
    ("lecunUniform", {}, with_options(init.kaiming_uniform_, nonlinearity="linear")),
    ("lecunNormal", {}, with_options(init.kaiming_normal_, nonlinearity="linear")),
    ("orthogonal", {"gain": 1.5}, lambda w: init.orthogonal_(w, 1.5)),
    ("identity", {}, init.eye_),
    ("auto", {}, init.xavier_uniform_),  # where no activation follows
]


def figure(name, options, draw):
    w = torch.empty(UNITS, INPUTS, dtype=torch.float64)
    draw(w)
    digits = lambda v: float(f"{v.item():.9g}")
    return {
        "name": name,
        "options": options,
        "mean": digits(w.mean()),
        "stddev": digits(w.std(unbiased=False)),
        "least": digits(w.min()),
        "greatest": digits(w.max()),
    }


result = {"torch": torch.__version__, "rows": INPUTS, "columns": UNITS, "figures": [figure(*case) for case in CASES]}
path = pathlib.Path(__file__).with_name("initializers.json")
path.write_text(json.dumps(result, indent=1) + "\n")
