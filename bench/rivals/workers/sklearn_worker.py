"""scikit-learn: MLPClassifier.partial_fit, which is one epoch a call, on float32 rows."""

import warnings

import sklearn
from protocol import serve
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")

OPTIMIZERS = {"sgd": {"solver": "sgd", "momentum": 0}, "momentum": {"solver": "sgd", "momentum": 0.9}, "adam": {"solver": "adam"}}


class Trainer:
    def __init__(self, job, x, y):
        network = job["network"]
        self.model = MLPClassifier(
            hidden_layer_sizes=network["hidden"],
            activation=network["activation"],
            batch_size=network["batch"],
            learning_rate_init=network["learningRate"],
            nesterovs_momentum=False,
            alpha=0,
            random_state=job.get("seed", 1),
            **OPTIMIZERS[network["optimizer"]],
        )
        self.classes = list(range(network["classes"]))
        self.x, self.y = x, y

    def epoch(self):
        self.model.partial_fit(self.x, self.y, classes=self.classes)

    def passes(self, n):
        for _ in range(n):
            self.epoch()

    def classes_of(self, x):
        return self.model.predict(x)


serve(sklearn.__version__, Trainer)
