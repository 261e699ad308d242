"""Figures of scikit-learn for test/transfer/linear.test.ts: python3 test/transfer/make_linear.py

Small problems, solved tightly: coefficients, intercepts and decision values. Digits by default settings: how many of the rows
i % 4 == 0 are right after a fit to the others.
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)


def blobs(rows, width, labels, spread):
    """Classes that overlap, in features of different scale; exact in 32 bits."""
    y = np.array([labels[i % len(labels)] for i in range(rows)])
    centers = rng.normal(size=(len(labels), width))
    x = centers[[labels.index(label) for label in y]] + spread * rng.normal(size=(rows, width))
    return np.round(x * np.linspace(0.5, 2, width) * 64) / 64, y  # of 64 bits, or logistic regression computes in 32


DATA = {
    "three": blobs(60, 5, [5, 7, 9], 1.2),
    "two": blobs(40, 3, [-3, 4], 1.5),
    "wide": blobs(12, 30, [0, 1, 2, 3], 0.8),
}
WEIGHTS = {"three": {5: 1, 7: 3, 9: 0.5}, "two": {-3: 2, 4: 0.5}, "wide": {0: 1, 1: 1, 2: 2, 3: 1}}


def svm(loss="squared_hinge", multi_class="ovr", **options):
    return LinearSVC(loss=loss, multi_class=multi_class, tol=1e-10, max_iter=10_000_000, random_state=0, **options)


def logistic(**options):
    return LogisticRegression(solver="newton-cg", tol=1e-12, max_iter=100_000, **options)


def numbers(values):
    return [numbers(row) for row in values] if np.ndim(values) > 1 else [float(f"{value:.11g}") for value in values]


def case(name, kind, ours, theirs, weighted=False):
    x, y = DATA[name]
    sample_weight = (np.arange(len(y)) // 5 % 3) / 2 if weighted else None  # some are 0
    model = theirs.fit(x, y, sample_weight=sample_weight)
    found = {
        "data": name,
        "kind": kind,
        "options": ours,
        "weighted": weighted,
        "coefficients": numbers(model.coef_),
        "intercepts": numbers(np.broadcast_to(model.intercept_, len(model.coef_))),
        "decision": numbers(np.ravel(model.decision_function(x))),
        "predicted": model.predict(x).tolist(),
    }
    if kind == "logisticRegression":
        found["probabilities"] = numbers(np.ravel(model.predict_proba(x)))
    return found


def cases():
    for name in DATA:
        weights = WEIGHTS[name]
        ours = {str(k): v for k, v in weights.items()}
        yield case(name, "linearSvm", {}, svm())
        yield case(name, "linearSvm", {"c": 0.05}, svm(C=0.05))
        yield case(name, "linearSvm", {"fitIntercept": False}, svm(fit_intercept=False))
        yield case(name, "linearSvm", {"interceptScaling": 10}, svm(intercept_scaling=10))
        yield case(name, "linearSvm", {"classWeight": ours}, svm(class_weight=weights))
        yield case(name, "linearSvm", {"classWeight": "balanced"}, svm(class_weight="balanced"), weighted=True)
        yield case(name, "linearSvm", {"loss": "hinge"}, svm("hinge"))
        yield case(name, "linearSvm", {"loss": "hinge", "c": 10, "classWeight": ours}, svm("hinge", C=10, class_weight=weights))
        yield case(name, "linearSvm", {"loss": "hinge", "fitIntercept": False}, svm("hinge", fit_intercept=False), weighted=True)
        yield case(name, "linearSvm", {"multiClass": "crammerSinger"}, svm(multi_class="crammer_singer"))
        yield case(name, "linearSvm", {"multiClass": "crammerSinger", "c": 0.1, "fitIntercept": False, "classWeight": ours}, svm(multi_class="crammer_singer", C=0.1, fit_intercept=False, class_weight=weights))
        yield case(name, "logisticRegression", {}, logistic())
        yield case(name, "logisticRegression", {"c": 5}, logistic(C=5))
        yield case(name, "logisticRegression", {"fitIntercept": False}, logistic(fit_intercept=False))
        yield case(name, "logisticRegression", {"classWeight": ours}, logistic(class_weight=weights), weighted=True)


def digits():
    x, y = load_digits(return_X_y=True)
    test = np.arange(len(y)) % 4 == 0
    models = {
        "linearSvm": LinearSVC(random_state=0),
        "hinge": LinearSVC(loss="hinge", random_state=0, max_iter=100_000),
        "crammerSinger": LinearSVC(multi_class="crammer_singer", random_state=0),
        "logisticRegression": LogisticRegression(),
    }
    right = {}
    for scale, name in ((1, "raw"), (1 / 16, "scaled")):
        right[name] = {}
        for kind, model in models.items():
            model.fit(x[~test] * scale, y[~test])
            right[name][kind] = int((model.predict(x[test] * scale) == y[test]).sum())
    return {"rows": int(test.sum()), "sum": int((x * np.arange(x.size).reshape(x.shape) % 97).sum()), "right": right}


data = {name: {"x": x.astype(float).tolist(), "y": y.tolist()} for name, (x, y) in DATA.items()}
figures = {"sklearn": sklearn.__version__, "data": data, "cases": list(cases()), "digits": digits()}
path = pathlib.Path(__file__).with_name("linear.json")
path.write_text(json.dumps(figures, separators=(",", ":")) + "\n")
print(figures["digits"])
