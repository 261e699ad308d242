"""Folds and scaled features by scikit-learn, for test/data. Run: python3 make_data.py > data.json, then prettier"""

import json
import sys

import numpy as np
import sklearn
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import MinMaxScaler, StandardScaler

rng = np.random.default_rng(5)


def folds(splitter, y):
    return [validation.tolist() for _, validation in splitter.split(y, y)]


labels = [
    [2, 0, 1, 0, 2, 0, 1, 2, 0, 1, 0, 2, 1],
    rng.choice(4, size=103, p=[0.6, 0.2, 0.12, 0.08]).tolist(),
]
plain = [
    {"rows": rows, "folds": k, "validation": folds(KFold(k), np.zeros(rows))} for rows, k in [(10, 3), (7, 7), (103, 5)]
]
stratified = [
    {"y": y, "folds": k, "validation": folds(StratifiedKFold(k), y)} for y in labels for k in (2, 3, 4)
]


def philox_order(count, seed, stream):
    """The shuffle of src/data/order.ts, written anew: Fisher and Yates by the words of Philox4x32-10."""

    def block(number):
        c, k = [number, 0, 0, stream], [seed % 2**32, seed // 2**32]
        for _ in range(10):
            a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(b >> 32) ^ c[1] ^ k[0], b % 2**32, (a >> 32) ^ c[3] ^ k[1], a % 2**32]
            k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
        return c

    words = (word for number in range(2**32) for word in block(number))
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        bound = last + 1
        other = next(word for word in words if word < 2**32 - 2**32 % bound) % bound
        order[last], order[other] = order[other], order[last]
    return order


STREAM_FOLDS = 6
order = philox_order(23, 2**40 + 1, STREAM_FOLDS)
shuffled = {
    "rows": 23,
    "folds": 4,
    "seed": 2**40 + 1,
    "validation": [sorted(block.tolist()) for block in np.array_split(order, 4)],
}

# Far from zero, small, constant (also where the mean of 0.1 rounds), of both signs, whole numbers.
rows = 37
x = np.stack(
    [
        1e6 + rng.normal(size=rows),
        1e-5 * rng.normal(size=rows),
        np.full(rows, 7.0),
        np.full(rows, 0.1),
        rng.normal(size=rows) * 30,
        rng.integers(0, 256, size=rows).astype(float),
    ],
    axis=1,
)
fresh = x[:5] * 1.5 - 1
standard = StandardScaler().fit(x)
scalers = {
    "x": x.tolist(),
    "fresh": fresh.tolist(),
    "standard": {
        "mean": standard.mean_.tolist(),
        "scale": standard.scale_.tolist(),
        "transformed": standard.transform(fresh).tolist(),
        "inverse": standard.inverse_transform(fresh).tolist(),
    },
    "minMax": [],
}
for low, high in [(0, 1), (-1, 1), (2, 5)]:
    scaler = MinMaxScaler(feature_range=(low, high)).fit(x)
    scalers["minMax"].append(
        {
            "featureRange": [low, high],
            "min": scaler.data_min_.tolist(),
            "max": scaler.data_max_.tolist(),
            "transformed": scaler.transform(fresh).tolist(),
            "inverse": scaler.inverse_transform(fresh).tolist(),
        }
    )

figures = {"kFold": plain, "shuffled": shuffled, "stratifiedKFold": stratified, "scalers": scalers}
json.dump({"sklearn": sklearn.__version__, **figures}, sys.stdout)
print()
