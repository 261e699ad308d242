"""Writes losses.json: losses and gradients of PyTorch in f64, beside formulas of Keras 3 where PyTorch has none.

Run: python3 test/golden/make_losses.py (PyTorch 1.13 or later)
"""

import json
import os

import torch
import torch.nn.functional as F

torch.manual_seed(1)
ROWS, WIDTH = 5, 3
EPS = 1e-7


def exact(*shape, scale=2.0):
    """Multiples of 1/64, exact in f32."""
    return (torch.randn(*shape, dtype=torch.float64) * scale * 64).round() / 64


def one_hot():
    return F.one_hot(torch.randint(0, WIDTH, (ROWS,)), WIDTH).double()


def probabilities():
    x = torch.rand(ROWS, WIDTH, dtype=torch.float64) + 0.1
    return ((x / x.sum(-1, keepdim=True)) * 1024).round() / 1024


signs = lambda: torch.randint(0, 2, (ROWS, WIDTH)).double() * 2 - 1
bits = lambda: torch.randint(0, 2, (ROWS, WIDTH)).double()
mean = lambda loss: lambda p, t: loss(p, t).mean(-1)
clip = lambda x: x.clamp(EPS, 1)

# name: options, predictions, targets, loss of each row
LOSSES = {
    "meanSquaredError": ({}, exact, lambda: exact(ROWS, WIDTH), mean(lambda p, t: F.mse_loss(p, t, reduction="none"))),
    "meanAbsoluteError": ({}, exact, lambda: exact(ROWS, WIDTH), mean(lambda p, t: F.l1_loss(p, t, reduction="none"))),
    "huber": ({"delta": 1.5}, exact, lambda: exact(ROWS, WIDTH), mean(lambda p, t: F.huber_loss(p, t, reduction="none", delta=1.5))),
    "logCosh": ({}, exact, lambda: exact(ROWS, WIDTH), mean(lambda p, t: torch.log(torch.cosh(p - t)))),
    "binaryCrossentropy": ({"fromLogits": True}, exact, bits, mean(lambda p, t: F.binary_cross_entropy_with_logits(p, t, reduction="none"))),
    "categoricalCrossentropy": ({"fromLogits": True, "labelSmoothing": 0.125}, exact, one_hot, lambda p, t: F.cross_entropy(p, t, reduction="none", label_smoothing=0.125)),
    "sparseCategoricalCrossentropy": ({"fromLogits": True}, exact, lambda: torch.randint(0, WIDTH, (ROWS,)), lambda p, t: F.cross_entropy(p, t, reduction="none")),
    "kullbackLeiblerDivergence": ({}, lambda *_: probabilities(), probabilities, lambda p, t: F.kl_div(clip(p).log(), clip(t), reduction="none").sum(-1)),
    "poisson": ({}, lambda *s: exact(*s).abs() + 0.5, lambda: torch.randint(0, 9, (ROWS, WIDTH)).double(), mean(lambda p, t: F.poisson_nll_loss(p, t, log_input=False, eps=EPS, reduction="none"))),
    "hinge": ({}, exact, signs, mean(lambda p, t: F.relu(1 - t * p))),
    "squaredHinge": ({}, exact, signs, mean(lambda p, t: F.relu(1 - t * p) ** 2)),
    "categoricalHinge": ({}, exact, one_hot, lambda p, t: F.relu(1 + ((1 - t) * p).max(-1).values - (t * p).sum(-1))),
    "cosineSimilarity": ({}, exact, lambda: exact(ROWS, WIDTH), lambda p, t: -F.cosine_similarity(p, t, dim=-1, eps=EPS)),
}

figures = {}
for name, (options, predict, target, loss) in LOSSES.items():
    p = predict(ROWS, WIDTH).requires_grad_()
    t = target()
    weights = torch.tensor([1.0, 0.5, 0.0, 2.0, 3.25], dtype=torch.float64)
    plain = loss(p, t).sum() / ROWS
    (gradient,) = torch.autograd.grad(plain, p)
    weighted = (weights * loss(p, t)).sum() / ROWS
    (weighted_gradient,) = torch.autograd.grad(weighted, p)
    figures[name] = {
        "options": options,
        "predictions": p.flatten().tolist(),
        "targets": t.flatten().double().tolist(),
        "weights": weights.tolist(),
        "loss": plain.item(),
        "gradient": gradient.flatten().tolist(),
        "weightedLoss": weighted.item(),
        "weightedGradient": weighted_gradient.flatten().tolist(),
    }

with open(os.path.join(os.path.dirname(__file__), "losses.json"), "w") as file:
    json.dump(figures, file, separators=(",", ":"))
    file.write("\n")
