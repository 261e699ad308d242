"""Makes files/*.gz: files of Keras 3 as it saves them, of models that were trained for some steps, and files.json: rows, and what
Keras predicts of them once it has loaded the file itself.

python make_files.py   (Keras 3.15, TensorFlow 2.21, h5py 3)
"""

import gzip
import io
import json
import os
import pathlib
import tempfile
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import keras
import numpy as np
from keras import layers as L

HERE = pathlib.Path(__file__).parent / "files"
FOLDER = pathlib.Path(tempfile.mkdtemp())
random = np.random.default_rng(5)
figures = {}


def keep(name, data):
    (HERE / f"{name}.gz").write_bytes(gzip.compress(data, mtime=0))


def numbers(value):
    return {"shape": list(value.shape), "data": [float(np.float32(x)) for x in np.asarray(value).ravel()]}


def rows(model, count=6):
    return [random.normal(size=(count, *x.shape[1:])).astype("float32") for x in model.inputs]


def many(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def train(model):
    x = rows(model, 32)
    y = [random.normal(size=(32, *y.shape[1:])).astype("float32") for y in model.outputs]
    model.compile(optimizer=keras.optimizers.SGD(0.02), loss="mse")
    one = len(x) == 1
    for _ in range(5):
        model.train_on_batch(x[0] if one else x, y[0] if len(y) == 1 else y)
    return model


def predict(model, x):
    return [numbers(np.asarray(y, dtype="float32")) for y in many(model.predict(x[0] if len(x) == 1 else x, verbose=0))]


def save(name, model, x=None):
    """Saves it, loads it, and notes what was loaded predicts."""
    path = FOLDER / name
    model.save(path, include_optimizer=False) if name.endswith(".h5") else model.save(path)
    x = rows(model) if x is None else x
    loaded = keras.models.load_model(path, compile=False)
    figures[name] = {"inputs": [numbers(v) for v in x], "outputs": predict(loaded, x)}
    keep(name, path.read_bytes())
    return x


def adapted(**options):
    layer = L.Normalization(**options)
    layer.adapt(random.normal(1, 3, size=(50, 6)).astype("float32"))
    return layer


def sequential():
    return keras.Sequential([
        keras.Input((6,)),
        adapted(),
        L.Rescaling(0.5, 0.25),
        L.Dense(8, activation="relu", kernel_regularizer="l2"),
        L.BatchNormalization(momentum=0.8),
        L.LeakyReLU(negative_slope=0.2),
        L.Dropout(0.2),
        L.Dense(6, use_bias=False),
        L.LayerNormalization(),
        L.PReLU(),
        L.AlphaDropout(0.1),
        L.GaussianNoise(0.1),
        L.ELU(),
        L.ReLU(),
        L.Reshape((3, 2)),
        L.Dense(4, kernel_constraint=keras.constraints.MaxNorm(2)),
        L.LayerNormalization(scale=False),
        L.PReLU(shared_axes=[1]),
        L.Flatten(),
        L.Identity(),
        L.BatchNormalization(center=False),
        L.Dense(3),
        L.Softmax(),
    ])


def block(name):
    """What can be learned of two normalizations comes before their statistics in HDF5."""
    return keras.Sequential(
        [keras.Input((5,)), L.Dense(5, activation="tanh", name="a"), L.BatchNormalization(name="n"), L.Dense(5, name="b"),
         L.BatchNormalization(name="m")], name=name)


def functional():
    """Several inputs and outputs, a residual, a shared layer, models within models, one of them frozen and used twice."""
    a, b = keras.Input((6,), name="first input"), keras.Input((5,), name="second")
    inner = keras.Input((5,))
    both = keras.Model(inner, L.Add()([inner, block("deep")(block("deeper")(inner))]), name="both")
    frozen = block("b")  # as one of its layers is called
    frozen.trainable = False
    shared = L.Dense(5, activation="silu", name="shared")
    x = shared(adapted()(a))
    y = both(L.Dense(5)(b))
    z = L.Concatenate()([L.Add()([x, y]), L.Average()([x, b]), L.Subtract()([y, frozen(x)])])
    z = frozen(L.Dense(5)(z))
    return keras.Model([a, b], [L.Dense(2, name="figures")(z), L.Dense(3, activation="softmax", name="classes")(shared(L.Dense(6)(z)))])


ACTIVATIONS = [
    "celu", "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear", "log_softmax", "mish", "relu",
    "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "tanh",
]  # fmt: skip


def activations():
    x = keras.Input((4,))
    return keras.Model(x, L.Concatenate()([L.Dense(3, activation=name)(x) for name in ACTIVATIONS]))


def small():
    return keras.Sequential([keras.Input((4,)), L.Dense(8, activation="relu"), L.Dense(3, activation="softmax")])


def keras2():
    """As Keras 2 laid it out: names with ":0" and no path, lists of fixed bytes, lists of lists in the config. It was made by hand:
    no Keras 2 runs beside TensorFlow 2.21. Keras 3 reads it."""
    model = train(keras.Sequential([keras.Input((4,), name="x"), L.Dense(5, activation="relu", name="dense"),
                                    L.BatchNormalization(name="norm"), L.Dense(2, name="out")]))
    dense = lambda name, units, activation: {"class_name": "Dense", "config": {
        "name": name, "trainable": True, "dtype": "float32", "units": units, "activation": activation, "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": None, "bias_regularizer": None,
        "activity_regularizer": None, "kernel_constraint": None, "bias_constraint": None}}
    norm = {"class_name": "BatchNormalization", "config": {
        "name": "norm", "trainable": True, "dtype": "float32", "axis": [1], "momentum": 0.99, "epsilon": 0.001, "center": True,
        "scale": True, "beta_initializer": {"class_name": "Zeros", "config": {}},
        "gamma_initializer": {"class_name": "Ones", "config": {}}, "moving_mean_initializer": {"class_name": "Zeros", "config": {}},
        "moving_variance_initializer": {"class_name": "Ones", "config": {}}, "beta_regularizer": None, "gamma_regularizer": None,
        "beta_constraint": None, "gamma_constraint": None}}
    entry = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False,
                                                    "ragged": False, "name": "x"}}
    graph = [
        {**entry, "name": "x", "inbound_nodes": []},
        {**dense("dense", 5, "relu"), "name": "dense", "inbound_nodes": [[["x", 0, 0, {}]]]},
        {**norm, "name": "norm", "inbound_nodes": [[["dense", 0, 0, {}]]]},
        {**dense("out", 2, "linear"), "name": "out", "inbound_nodes": [[["norm", 0, 0, {}]]]},
    ]
    configs = {
        "keras2-functional.h5": {"class_name": "Functional", "config": {
            "name": "model", "layers": graph, "input_layers": [["x", 0, 0]], "output_layers": [["out", 0, 0]]}},
        "keras2-sequential.h5": {"class_name": "Sequential", "config": {
            "name": "sequential", "layers": [entry, dense("dense", 5, "relu"), norm, dense("out", 2, "linear")]}},
    }
    weights = {"dense": ["kernel", "bias"], "norm": ["gamma", "beta", "moving_mean", "moving_variance"], "out": ["kernel", "bias"]}
    x = rows(model)
    for name, config in configs.items():
        path = FOLDER / name
        with h5py.File(path, "w") as f:
            f.attrs["keras_version"], f.attrs["backend"] = "2.13.1", "tensorflow"
            f.attrs["model_config"] = json.dumps(config).encode()
            groups = f.create_group("model_weights")
            names = ["x", "dense", "norm", "out"] if "functional" in name else ["dense", "norm", "out"]
            if "functional" in name:  # as long lists are: in several attributes
                groups.attrs["layer_names0"], groups.attrs["layer_names1"] = np.array(names[:3], "S"), np.array(names[3:], "S")
            else:
                groups.attrs["layer_names"] = np.array(names, "S")
            for layer in names:
                group = groups.create_group(layer)
                group.attrs["weight_names"] = np.array([f"{layer}/{w}:0" for w in weights.get(layer, [])], "S")
                for w, value in zip(weights.get(layer, []), model.get_layer(layer).weights if layer != "x" else []):
                    group[f"{layer}/{w}:0"] = np.asarray(value)
        figures[name] = {"inputs": [numbers(v) for v in x], "outputs": predict(model, x)}
        loaded = keras.models.load_model(path, compile=False)
        assert np.allclose(loaded.predict(x[0], verbose=0), model.predict(x[0], verbose=0), atol=1e-6)
        keep(name, path.read_bytes())


def repacked(data, container="layers"):
    """The archive deflated, its weights in chunks that are packed as well; Keras 2.12 called the container otherwise."""
    archive, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    h5 = io.BytesIO()
    with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as source, h5py.File(h5, "w") as target:
        def copy(name, item):
            name = "/".join(container if part == "layers" else part for part in name.split("/"))
            if isinstance(item, h5py.Group):
                target.create_group(name)
            elif item.ndim:
                target.create_dataset(name, data=item[()], chunks=tuple(min(3, n) for n in item.shape), compression="gzip", shuffle=True)
            else:
                target[name] = item[()]
        source.visititems(copy)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name in ["model.weights.h5", "config.json", "metadata.json"]:
            z.writestr(zipfile.ZipInfo(name), h5.getvalue() if name.endswith("h5") else archive.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def layouts():
    """What h5py can lay out."""
    values = (np.arange(35, dtype="f8").reshape(5, 7) - 11) / 8
    for name, options in {"layouts": {}, "layouts-latest": {"libver": "latest"}}.items():
        path = FOLDER / name
        with h5py.File(path, "w", **options) as f:
            for kind in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
                f[f"plain {'big' if kind[0] == '>' else 'little'} {kind[1:]}"] = values.astype(kind)
            if not options:
                more = f.create_group("more")
                more.create_dataset("chunks", data=values.astype("f4"), chunks=(2, 3))
                more.create_dataset("packed", data=values, chunks=(3, 7), compression="gzip")
                more.create_dataset("shuffled", data=values.astype(">f2"), chunks=(4, 4), compression="gzip", shuffle=True)
                more.create_dataset("grown", data=values.astype("f4"), chunks=(2, 2), maxshape=(None, 20))
                more.create_dataset("cube", data=np.arange(60, dtype="f4").reshape(3, 4, 5), chunks=(2, 3, 2))
                more.create_dataset("none", data=np.zeros((0, 3), "f4"))
                more.create_dataset("whole", data=np.arange(3))
                more.create_dataset("unwritten", shape=(3,), dtype="f4")
                more.create_dataset("checksums", data=values, chunks=(3, 3), fletcher32=True)
                f["soft"] = h5py.SoftLink("/more/chunks")
                compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                compact.set_layout(h5py.h5d.COMPACT)
                space, kind = h5py.h5s.create_simple((3,)), h5py.h5t.IEEE_F32LE
                h5py.h5d.create(more.id, b"compact", kind, space, dcpl=compact).write(
                    h5py.h5s.ALL, h5py.h5s.ALL, np.array([1, 2, 3], "f4"))
                wide = f.create_group("wide")
                for i in range(40):
                    wide[f"member {i}"] = np.float32(i)
            f.attrs["text"] = "naïve"
            f.attrs["bytes"] = np.bytes_(b"fixed")
            f.attrs["texts"] = ["a", "", "longer than eight"]
            f.attrs["list of bytes"] = np.array([b"one", b"three"])
            f.attrs["number"] = 3
            f.attrs["empty"] = []
            f.attrs["long"] = "x" * 3000
        keep(f"{name}.h5", path.read_bytes())


HERE.mkdir(exist_ok=True)
for make in [sequential, functional, activations]:
    keras.utils.clear_session()
    keras.utils.set_random_seed(7)
    model = train(make())
    model.compile()  # the optimizer's state stays behind: files are small
    x = save(f"{make.__name__}.keras", model)
    save(f"{make.__name__}.h5", model, x)
for policy in ["float16", "bfloat16", "float64", "mixed_float16"]:
    keras.utils.clear_session()
    keras.utils.set_random_seed(7)
    keras.config.set_dtype_policy(policy)
    save(f"{policy}.keras", small())
keras.config.set_dtype_policy("float32")
keras.utils.clear_session()
keras.utils.set_random_seed(7)
model = train(small())
x = save("small.keras", model)  # with its optimizer
save("small.h5", model, x)
model.save_weights(FOLDER / "small.weights.h5")
keep("small.weights.h5", (FOLDER / "small.weights.h5").read_bytes())
for name, source, container in [("packed", "small", "layers"), ("older", "functional", "_layer_checkpoint_dependencies")]:
    keep(f"{name}.keras", repacked((FOLDER / f"{source}.keras").read_bytes(), container))
    figures[f"{name}.keras"] = figures[f"{source}.keras"]
keras2()
layouts()
(HERE / "files.json").write_text(json.dumps(figures))
