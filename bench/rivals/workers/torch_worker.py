"""PyTorch: the usual loop, zero_grad(set_to_none=True), batches that are views of one tensor."""

import json
import sys

import torch
from protocol import samples_of, serve, test_input

torch.set_num_threads(json.loads(sys.argv[1])["threads"])

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "elu": torch.nn.ELU}
OPTIMIZERS = {
    "sgd": lambda weights, rate: torch.optim.SGD(weights, lr=rate),
    "momentum": lambda weights, rate: torch.optim.SGD(weights, lr=rate, momentum=0.9),
    "adam": lambda weights, rate: torch.optim.Adam(weights, lr=rate),
}


def build(network):
    widths = [network["inputs"], *network["hidden"], network["classes"]]
    layers = []
    for i, (rows, columns) in enumerate(zip(widths, widths[1:])):
        hidden = i < len(network["hidden"])
        normalized = hidden and network["batchNorm"]
        layers.append(torch.nn.Linear(rows, columns, bias=not normalized))
        initialize = torch.nn.init.kaiming_normal_ if network["activation"] != "tanh" else torch.nn.init.xavier_uniform_
        initialize(layers[-1].weight)
        if layers[-1].bias is not None:
            torch.nn.init.zeros_(layers[-1].bias)
        if normalized:
            layers.append(torch.nn.BatchNorm1d(columns, eps=1e-3, momentum=0.01))
        if hidden:
            layers.append(ACTIVATIONS[network["activation"]]())
    return torch.nn.Sequential(*layers)


class Trainer:
    def __init__(self, job, x, y):
        network = job["network"]
        torch.manual_seed(job.get("seed", 1))
        self.model = build(network)
        self.batch = network["batch"]
        self.optimizer = OPTIMIZERS[network["optimizer"]](self.model.parameters(), network["learningRate"])
        self.loss = torch.nn.CrossEntropyLoss()
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y).long()

    def train(self, batches):
        for x, y in batches:
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(self.model(x), y).backward()
            self.optimizer.step()

    def passes(self, n):
        batches = list(zip(self.x.split(self.batch), self.y.split(self.batch)))
        for _ in range(n):
            self.train(batches)

    def epoch(self):
        self.model.train()
        order = torch.randperm(len(self.y)).split(self.batch)
        self.train((self.x[rows], self.y[rows]) for rows in order)

    def classes_of(self, x):
        self.model.eval()
        with torch.inference_mode():
            return self.model(torch.from_numpy(x)).argmax(1).numpy()


def with_weights(network, weights):
    model = torch.nn.Sequential(*build(network), torch.nn.Softmax(dim=1)).eval()
    linears = [layer for layer in model if isinstance(layer, torch.nn.Linear)]
    with torch.no_grad():
        for linear, (kernel, bias) in zip(linears, weights):
            linear.weight.copy_(torch.from_numpy(kernel.T.copy()))
            linear.bias.copy_(torch.from_numpy(bias.copy()))
    return model


def predict(job, weights):
    network = job["network"]
    model = with_weights(network, weights)
    x = torch.from_numpy(test_input(network["batch"], network["inputs"]))
    with torch.inference_mode():

        def turns(n):
            for _ in range(n):
                model(x)

        samples = samples_of(turns, job["seconds"], job["warmUp"])
        return {"samples": samples, "outputs": model(x)[0].tolist()}


def prepare(job, weights):
    torch.save(with_weights(job["network"], weights), job["folder"] + "/model.pt")
    return {}


serve(torch.__version__, Trainer, predict, prepare)
