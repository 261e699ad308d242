"""protocol.mjs in Python: a job is the first argument, as JSON; the result is one line of JSON."""

import json
import sys
import time

import numpy as np

SAMPLE_SECONDS = 0.02
LEAST_SAMPLES = 3
MOST_PASSES = 1 << 16


def rows_of(part):
    raw = np.fromfile(part["x"], dtype=np.uint8 if part["bytes"] else np.float32)
    y = np.fromfile(part["y"], dtype=np.uint8)
    return (raw.astype(np.float32) * np.float32(part["scale"])).reshape(len(y), -1), y


def weights_of(job):
    """[kernel, bias] of each layer, kernels [in, out]."""
    flat = np.fromfile(job["weights"], dtype=np.float32)
    network = job["network"]
    widths = [network["inputs"], *network["hidden"], network["classes"]]
    pairs, at = [], 0
    for rows, columns in zip(widths, widths[1:]):
        kernel = flat[at : at + rows * columns].reshape(rows, columns)
        at += rows * columns
        pairs.append((kernel, flat[at : at + columns]))
        at += columns
    return pairs


def test_input(rows, columns):
    return (((np.arange(rows * columns) * 7919) % 256) / 255).astype(np.float32).reshape(rows, columns)


def samples_of(turns, seconds, warm_up):
    def timed(n):
        began = time.perf_counter()
        turns(n)
        return time.perf_counter() - began

    n, spent = 1, 0.0
    while True:
        took = timed(n)
        if took < SAMPLE_SECONDS and n < MOST_PASSES:
            n *= 2
        elif spent + took >= warm_up:
            break
        spent += took
    samples, total = [], 0.0
    while total < seconds or len(samples) < LEAST_SAMPLES:
        took = timed(n)
        total += took
        samples.append(took / n)
        if total > 3 * seconds:
            break
    return samples


def learn(make_trainer, job):
    """Until the test accuracy is reached at an epoch's end; the clock runs from before the network is made."""
    (x, y), (test_x, test_y) = rows_of(job["train"]), rows_of(job["test"])
    began = time.perf_counter()
    trainer = make_trainer(job, x, y)
    epochs, best = 0, 0.0
    while True:
        trainer.epoch()
        epochs += 1
        accuracy = float((trainer.classes_of(test_x) == test_y).mean())
        best = max(best, accuracy)
        seconds = time.perf_counter() - began
        if accuracy >= job["target"]:
            return {"samples": [seconds], "epochs": epochs, "accuracy": accuracy}
        if seconds > job["limit"]:
            return {"over": job["limit"], "epochs": epochs, "accuracy": best}


def step(make_trainer, job):
    x, y = rows_of(job["train"])
    trainer = make_trainer(job, x, y)
    steps = len(y) / job["network"]["batch"]
    samples = samples_of(trainer.passes, job["seconds"], job["warmUp"])
    return {"samples": [sample / steps for sample in samples]}


def serve(version, make_trainer=None, predict=None, prepare=None):
    job = json.loads(sys.argv[1])
    kinds = {
        "step": lambda: step(make_trainer, job),
        "learn": lambda: learn(make_trainer, job),
        "predict": lambda: predict(job, weights_of(job)),
        "prepare": lambda: prepare(job, weights_of(job)),
    }
    print(json.dumps({"version": version, **kinds[job["kind"]]()}))
