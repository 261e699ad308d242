#!/usr/bin/env python3
"""Writes normalization.json: what PyTorch computes, in float64, for the networks of normalization.test.ts.

    python3 test/golden/make_normalization.py

Two differences of convention are made up for. PyTorch's momentum is the share of the batch, lanewise's (and Keras's) the
share that stays: one is 1 minus the other. And PyTorch moves running_var towards the unbiased variance (divided by n - 1),
lanewise towards the biased one (divided by n): before each step the biased variances are taken here from what the layer
is given, and the moving one is made of them; PyTorch's own is checked against n / (n - 1) times as much a step.
"""

import json
import pathlib
import sys

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit("make_normalization.py needs PyTorch. On Debian: apt install python3-torch, then run it by /usr/bin/python3")

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

EPOCHS, BATCH, ROWS, INPUT, HIDDEN, CLASSES = 4, 5, 13, 6, 7, 3
MOMENTUM, EPSILON = 0.9, 1e-3


def pseudo(size, seed, scale):
    """Multiples of 1/1024 in about [-scale, scale], neither regular nor zero on average."""
    values = [((i * 7919 + seed * 104729 + i * i * 31) % 2003) / 1001.5 - 1 for i in range(size)]
    return torch.tensor([round(v * scale * 1024) / 1024 for v in values])


def numbers(values):
    """Thirteen digits: far beyond f32, and a small file."""
    flat = values.detach().reshape(-1).tolist() if torch.is_tensor(values) else values
    return [float(f"{v:.13g}") for v in flat]


class Network(torch.nn.Module):
    """dense - normalization - tanh - dense

    No bias before a batch normalization: it would have no gradient but rounding noise, which Adam makes large.
    """

    def __init__(self, kind, hidden=HIDDEN):
        super().__init__()
        self.first, self.last = torch.nn.Linear(INPUT, hidden, bias=kind != "batchNorm"), torch.nn.Linear(hidden, CLASSES)
        self.norm = (
            torch.nn.BatchNorm1d(hidden, eps=EPSILON, momentum=1 - MOMENTUM)
            if kind == "batchNorm"
            else torch.nn.LayerNorm(hidden, eps=EPSILON)
        )
        self.moving = torch.ones(hidden)
        with torch.no_grad():
            for seed, p in enumerate(self.parameters()):
                p.copy_(pseudo(p.numel(), seed + 1, 0.6).reshape(p.shape))
            self.norm.weight.copy_(1 + pseudo(hidden, 7, 0.5))
            self.norm.bias.copy_(pseudo(hidden, 8, 0.5))

    def forward(self, x):
        z = self.first(x)
        if isinstance(self.norm, torch.nn.BatchNorm1d) and self.norm.training:
            self.batch = z.detach()
        return self.last(torch.tanh(self.norm(z)))

    def move(self):
        """After a step."""
        if not (isinstance(self.norm, torch.nn.BatchNorm1d) and self.norm.training):
            return
        unbiased = getattr(self, "unbiased", torch.ones_like(self.moving))
        n = len(self.batch)
        biased = self.batch.var(0, unbiased=False)
        self.unbiased = unbiased * MOMENTUM + biased * n / (n - 1) * (1 - MOMENTUM)
        self.moving = self.moving * MOMENTUM + biased * (1 - MOMENTUM)
        assert torch.allclose(self.unbiased, self.norm.running_var, rtol=1e-12)

    def learned(self):
        """In lanewise's order."""
        bias = [] if self.first.bias is None else [self.first.bias]
        return [self.first.weight, *bias, self.norm.weight, self.norm.bias], [self.last.weight, self.last.bias]

    def weights(self):
        """Kernels are (inputs, units) in lanewise."""
        before, after = self.learned()
        moving = [self.norm.running_mean, self.moving] if isinstance(self.norm, torch.nn.BatchNorm1d) else []
        return [numbers(w.t()) for w in (*before, *moving, *after)]

    def predict(self, x):
        training = self.training
        self.eval()
        if isinstance(self.norm, torch.nn.BatchNorm1d):
            kept, self.norm.running_var = self.norm.running_var, self.moving.clone()
        result = torch.softmax(self(x), -1)
        if isinstance(self.norm, torch.nn.BatchNorm1d):
            self.norm.running_var = kept
        self.train(training)
        return result


OPTIMIZERS = {
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.999), eps=1e-7),
}


def trained(kind, make_optimizer, x, y):
    net = Network(kind)
    start, epochs = net.weights(), []
    optimizer = make_optimizer(net.parameters())
    for _ in range(EPOCHS):
        loss_sum = 0
        for first in range(0, ROWS, BATCH):
            rows = slice(first, first + BATCH)
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            net.move()
            loss_sum += loss.item() * len(x[rows])
        epochs.append(loss_sum / ROWS)
    return {"start": start, "losses": numbers(epochs), "weights": net.weights(), "predictions": numbers(net.predict(x))}


def gradients(kind, x, y):
    net = Network(kind)
    F.cross_entropy(net(x), y).backward()
    return [numbers(p.grad.t()) for part in net.learned() for p in part]


x = pseudo(ROWS * INPUT, 91, 1.5).reshape(ROWS, INPUT)
y = torch.tensor([(i * 5 + i // 4 + 3) % CLASSES for i in range(ROWS)])
cases = {
    kind: {"gradients": gradients(kind, x, y), **{name: trained(kind, make, x, y) for name, make in OPTIMIZERS.items()}}
    for kind in ("batchNorm", "layerNorm")
}
result = {"torch": torch.__version__, "x": numbers(x), "y": y.tolist(), **cases}
target = pathlib.Path(__file__).with_name("normalization.json")
target.write_text(json.dumps(result, separators=(",", ":")) + "\n")
print(f"{target}: {target.stat().st_size} bytes")
