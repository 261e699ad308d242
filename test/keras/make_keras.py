"""Makes samples/*.json: models of Keras 3 as `to_json` writes them, their weights, some rows and what Keras predicts of them.

python make_keras.py   (Keras 3.15, TensorFlow 2.21)
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from keras import layers as L

HERE = pathlib.Path(__file__).parent / "samples"
random = np.random.default_rng(3)


def arrays(values):
    return [{"shape": list(v.shape), "data": [float(np.float32(x)) for x in np.asarray(v).ravel()]} for v in values]


def weights(model, path=()):
    """By the path of layers, in Keras's order."""
    found = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found |= weights(layer, (*path, layer.name))
        elif layer.weights:
            found["/".join((*path, layer.name))] = arrays([np.asarray(w) for w in layer.weights])
    return found


def change(model):
    """Every weight another than at the start; variances stay above 0."""
    for v in model.weights:
        noise = random.normal(size=v.shape).astype("float32") / 2
        v.assign(np.abs(noise) + 0.3 if "variance" in v.path else np.asarray(v) + noise.astype(v.dtype))
    for layer in model.layers:
        if isinstance(layer, L.Normalization):
            layer.finalize_state()  # it computes with copies of its weights


def write(name, model, rows=5):
    change(model)
    inputs = [random.normal(size=(rows, *x.shape[1:])).astype("float32") for x in model.inputs]
    outputs = model(inputs[0] if len(inputs) == 1 else inputs, training=False)
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    if not isinstance(outputs, list):
        outputs = [outputs]
    sample = {
        "config": json.loads(model.to_json()),
        "weights": weights(model),
        "inputs": arrays(inputs),
        "outputs": arrays([np.asarray(y) for y in outputs]),
    }
    (HERE / f"{name}.json").write_text(json.dumps(sample))


def sequential():
    return keras.Sequential([
        keras.Input((6,)),
        L.Rescaling(0.5, 0.25),
        L.Normalization(),
        L.Dense(
            5,
            activation="relu",
            kernel_initializer=keras.initializers.HeNormal(seed=1),
            kernel_regularizer=keras.regularizers.L1L2(l1=1e-4, l2=1e-3),
            bias_regularizer=keras.regularizers.L2(1e-3),
            kernel_constraint=keras.constraints.MaxNorm(3),
            bias_constraint=keras.constraints.MinMaxNorm(0.1, 2.0, 0.5),
        ),
        L.BatchNormalization(momentum=0.9, epsilon=1e-4),
        L.LeakyReLU(),
        L.Dropout(0.2, seed=4),
        L.Dense(4, use_bias=False, kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out", "uniform")),
        L.LayerNormalization(),
        L.PReLU(),
        L.AlphaDropout(0.1),
        L.GaussianNoise(0.1),
        L.ELU(alpha=0.7),
        L.BatchNormalization(center=False, scale=False, trainable=False),
        L.Reshape((2, 2)),
        L.Dense(3, kernel_constraint=keras.constraints.UnitNorm(), bias_constraint=keras.constraints.NonNeg()),
        L.LayerNormalization(axis=-1, center=False),
        L.PReLU(shared_axes=[1]),
        L.Flatten(),
        L.Dense(3),
        L.Identity(),
        L.Softmax(),
    ])


def statistics():
    return keras.Sequential([
        keras.Input((3,)),
        L.Normalization(mean=[1.0, -2.0, 0.5], variance=[0.5, 2.0, 0.0]),
        L.Normalization(mean=0.25, variance=4.0),
        L.Dense(2),
    ])


def graph():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = L.Dense(3, activation="tanh")
    x, y = shared(a), shared(b)
    merged = L.Concatenate()([L.Add()([x, y, x]), L.Average()([x, y]), L.Subtract()([x, y])])
    return keras.Model([a, b], [L.Dense(2, name="first")(merged), shared(L.Dense(4)(merged))])


def record():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    return keras.Model({"a": a, "b": b}, {"sum": L.Dense(2)(L.Add()([a, b])), "both": L.Dense(3)(L.Concatenate()([b, a]))})


def nested():
    inside = keras.Input((4,), name="inside")
    hidden = L.Dense(4, activation="relu", name="dense")(inside)
    block = keras.Model(inside, [L.Dense(4, name="out")(hidden), hidden], name="block")
    chain = keras.Sequential([keras.Input((4,)), L.Dense(4, name="dense"), L.BatchNormalization()], name="chain")
    chain.trainable = False
    x = keras.Input((4,), name="x")
    left, right = block(x)
    again, _ = block(chain(left))
    return keras.Model(x, L.Dense(2, name="dense")(L.Concatenate()([again, right, chain(again)])), name="outer")


ACTIVATIONS = [
    "celu", "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "leaky_relu", "linear", "log_softmax",
    "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip


def activations():
    x = keras.Input((5,), name="x")
    named = [L.Activation(name, name=name)(x) for name in ACTIVATIONS]
    layers = [
        L.ReLU(6.0, name="six")(x),
        L.ReLU(1.5, name="lower")(x),
        L.ReLU(negative_slope=0.3, name="sloped")(x),
        L.Activation(L.LeakyReLU(0.4), name="object")(x),
        L.Dense(3, activation=L.ELU(alpha=0.5), name="dense_object")(x),
        L.Dense(3, activation="hard_sigmoid", name="dense_hard")(x),
        L.Dense(3, activation=L.ReLU(2.0), name="dense_lower")(x),
    ]
    return keras.Model(x, L.Concatenate()(named + layers))


HERE.mkdir(exist_ok=True)
for make in [sequential, statistics, graph, record, nested, activations]:
    keras.utils.clear_session()
    write(make.__name__, make())
