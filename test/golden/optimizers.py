"""Figures of PyTorch's optimizers and schedulers, in f64, where their formulas are ours.

    python3 test/golden/optimizers.py     (writes optimizers.json; made with torch 1.13)

An epsilon of 1e-30 stands for none where PyTorch adds it elsewhere. Of PyTorch's optimizers AdamW alone decays weights
apart from the step; `decayed` does so before the steps of the others, as lanewise (and Keras) can with all of them.
"""

import json
import os

import torch
from torch import optim
from torch.optim import lr_scheduler

STEPS = 6
START = [1.0, -2.0, 0.5, 3.0, -0.25]
GRADIENTS = [[round(((i * 7 + t * 5) % 11 - 5) / 4 + 0.1 * t, 3) for i in range(5)] for t in range(STEPS)]


def trace(make, shrink=1.0):
    theta = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([theta])
    steps = []
    for gradient in GRADIENTS:
        theta.grad = torch.tensor(gradient, dtype=torch.float64)
        with torch.no_grad():
            theta.mul_(shrink)
        optimizer.step()
        steps.append(theta.tolist())
    return steps


def case(name, options, make):
    return {"name": name, "options": options, "steps": trace(make)}


DECAY = 0.3


def decayed(name, options, make):
    shrink = 1 - options["learningRate"] * DECAY
    return {"name": name, "options": {**options, "weightDecay": DECAY}, "steps": trace(make, shrink)}


def adam_like(name, cls, extra=None, ours=None, epsilon=1e-7):
    options = {"learningRate": 0.01, "beta1": 0.8, "beta2": 0.99, "epsilon": epsilon, **(ours or {})}
    return case(name, options, lambda p: cls(p, lr=0.01, betas=(0.8, 0.99), eps=epsilon, **(extra or {})))


def rates(make, steps, base):
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    scheduler = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def schedule(name, options, base, make, steps=20):
    return {"name": name, "options": options, "rates": rates(make, steps, base)}


def one_cycle(strategy, share):
    return schedule(
        "oneCycle",
        {"maxLearningRate": 0.1, "totalSteps": 20, "pctStart": share, "annealStrategy": strategy},
        0.1,
        lambda o: lr_scheduler.OneCycleLR(
            o, max_lr=0.1, total_steps=20, pct_start=share, anneal_strategy=strategy, cycle_momentum=False
        ),
        19,
    )


result = {
    "start": START,
    "gradients": GRADIENTS,
    "optimizers": [
        case("sgd", {"learningRate": 0.1}, lambda p: optim.SGD(p, lr=0.1)),
        case("sgd", {"learningRate": 0.1, "momentum": 0.9}, lambda p: optim.SGD(p, lr=0.1, momentum=0.9)),
        case(
            "sgd",
            {"learningRate": 0.1, "momentum": 0.9, "nesterov": True},
            lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        ),
        case(
            "adagrad",
            {"learningRate": 0.1, "initialAccumulatorValue": 0.3, "epsilon": 1e-30},
            lambda p: optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.3, eps=1e-30),
        ),
        case(
            "adadelta",
            {"learningRate": 1, "rho": 0.9, "epsilon": 1e-6},
            lambda p: optim.Adadelta(p, lr=1, rho=0.9, eps=1e-6),
        ),
        *(
            case(
                "rmsprop",
                {"learningRate": 0.01, "rho": 0.8, "momentum": momentum, "centered": centered, "epsilon": 1e-30},
                lambda p: optim.RMSprop(p, lr=0.01, alpha=0.8, momentum=momentum, centered=centered, eps=1e-30),
            )
            for momentum in (0, 0.7)
            for centered in (False, True)
        ),
        adam_like("adam", optim.Adam),
        adam_like("adam", optim.Adam, {"amsgrad": True}, {"amsgrad": True}),
        adam_like("adamW", optim.AdamW, {"weight_decay": 0.2}, {"weightDecay": 0.2}),
        # Without foreach, torch 1.13 multiplies its product of momenta by the newest one twice.
        adam_like("nadam", optim.NAdam, {"momentum_decay": 1, "foreach": True}),
        adam_like("adamax", optim.Adamax, epsilon=1e-30),
        adam_like(
            "adamW", optim.AdamW, {"weight_decay": 0.2, "amsgrad": True}, {"weightDecay": 0.2, "amsgrad": True}
        ),
        decayed(
            "sgd",
            {"learningRate": 0.1, "momentum": 0.9, "nesterov": True},
            lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        ),
        decayed(
            "adagrad",
            {"learningRate": 0.1, "initialAccumulatorValue": 0.3, "epsilon": 1e-30},
            lambda p: optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.3, eps=1e-30),
        ),
        decayed(
            "adadelta",
            {"learningRate": 1, "rho": 0.9, "epsilon": 1e-6},
            lambda p: optim.Adadelta(p, lr=1, rho=0.9, eps=1e-6),
        ),
        decayed(
            "rmsprop",
            {"learningRate": 0.01, "rho": 0.8, "momentum": 0.7, "centered": True, "epsilon": 1e-30},
            lambda p: optim.RMSprop(p, lr=0.01, alpha=0.8, momentum=0.7, centered=True, eps=1e-30),
        ),
        *(
            decayed(
                name,
                {"learningRate": 0.01, "beta1": 0.8, "beta2": 0.99, "epsilon": epsilon},
                lambda p: cls(p, lr=0.01, betas=(0.8, 0.99), eps=epsilon, **extra),
            )
            for name, cls, epsilon, extra in (
                ("adam", optim.Adam, 1e-7, {}),
                ("nadam", optim.NAdam, 1e-7, {"momentum_decay": 1, "foreach": True}),
                ("adamax", optim.Adamax, 1e-30, {}),
            )
        ),
    ],
    "schedules": [
        schedule(
            "exponentialDecay",
            {"initialLearningRate": 0.1, "decaySteps": 1, "decayRate": 0.8},
            0.1,
            lambda o: lr_scheduler.ExponentialLR(o, 0.8),
        ),
        schedule(
            "exponentialDecay",
            {"initialLearningRate": 0.1, "decaySteps": 3, "decayRate": 0.5, "staircase": True},
            0.1,
            lambda o: lr_scheduler.StepLR(o, 3, 0.5),
        ),
        schedule(
            "piecewiseConstant",
            {"boundaries": [3, 9], "values": [0.1, 0.02, 0.004]},
            0.1,
            lambda o: lr_scheduler.MultiStepLR(o, [4, 10], 0.2),
        ),
        schedule(
            "polynomialDecay",
            {"initialLearningRate": 0.1, "decaySteps": 12, "endLearningRate": 0, "power": 1.7},
            0.1,
            lambda o: lr_scheduler.PolynomialLR(o, 12, 1.7),
        ),
        schedule(
            "cosineDecay",
            {"initialLearningRate": 0.1, "decaySteps": 19, "alpha": 0.1},
            0.1,
            lambda o: lr_scheduler.CosineAnnealingLR(o, 19, 0.01),
        ),
        one_cycle("cos", 0.3),
        one_cycle("linear", 0.45),
        schedule(
            "warmup",
            {"initialLearningRate": 0.02, "steps": 5, "after": 0.1},
            0.1,
            lambda o: lr_scheduler.LinearLR(o, 0.2, 1, 5),
        ),
    ],
}

with open(os.path.join(os.path.dirname(__file__), "optimizers.json"), "w") as file:
    json.dump(result, file, indent=1)
    file.write("\n")
