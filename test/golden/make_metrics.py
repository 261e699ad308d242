"""Writes metrics.json: scikit-learn's figures. Run: python3 test/golden/make_metrics.py (scikit-learn 1.2 or later)"""

import json
import os

import numpy as np
from sklearn import metrics as m

rng = np.random.default_rng(1)
ROWS, CLASSES = 53, 7
labels = rng.integers(0, CLASSES - 1, ROWS)  # the last class never occurs
scores = np.round(rng.normal(size=(ROWS, CLASSES)) * 64 + 96 * np.eye(CLASSES)[labels]) / 64
found = scores.argmax(-1)
macro = {"average": "macro", "zero_division": 0}

# Scores in the midst of the bins between 200 thresholds, where sums by bins lose nothing.
bits = rng.integers(0, 2, ROWS)
chances = np.clip(np.floor(rng.random(ROWS) * 120 + 60 * bits) + 0.5, 0.5, 198.5) / 199
chances = chances.astype(np.float32).astype(np.float64)
said = chances > 0.625

y = np.round(rng.normal(size=(ROWS, 3)) * 64) / 64 + 100
p = y + np.round(rng.normal(size=(ROWS, 3)) * 32) / 64

figures = {
    "classes": {
        "labels": labels.tolist(),
        "scores": scores.flatten().tolist(),
        "figures": {
            "accuracy": m.accuracy_score(labels, found),
            "precision": m.precision_score(labels, found, **macro),
            "recall": m.recall_score(labels, found, **macro),
            "f1Score": m.f1_score(labels, found, **macro),
            "topK": m.top_k_accuracy_score(labels, scores, k=3, labels=range(CLASSES)),
            "confusionMatrix": m.confusion_matrix(labels, found, labels=range(CLASSES)).tolist(),
        },
    },
    "binary": {
        "labels": bits.tolist(),
        "scores": chances.tolist(),
        "figures": {
            "binaryAccuracy": m.accuracy_score(bits, said),
            "precision": m.precision_score(bits, said),
            "recall": m.recall_score(bits, said),
            "f1Score": m.f1_score(bits, said),
            "auc": m.roc_auc_score(bits, chances),
        },
    },
    "regression": {
        "labels": y.flatten().tolist(),
        "scores": p.flatten().tolist(),
        "figures": {
            "meanAbsoluteError": m.mean_absolute_error(y, p),
            "meanSquaredError": m.mean_squared_error(y, p),
            "r2Score": m.r2_score(y, p),
        },
    },
}
with open(os.path.join(os.path.dirname(__file__), "metrics.json"), "w") as file:
    json.dump(figures, file, separators=(",", ":"))
    file.write("\n")
