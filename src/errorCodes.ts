// Every code of every error: what happened and how to mend it. Types only, so it costs nothing at run time; docs/reference/errors.md
// is made of it. In alphabetical order.

import type {
  BusyError,
  ConfigError,
  DataError,
  LanewiseError,
  ModelFormatError,
  NumericError,
  OutOfMemoryError,
  ShapeError,
  UnsupportedError,
} from "./errors.js";

export interface ErrorCodes {
  // ── config: an option ─────────────────────────────────────────────────────────────────────────────────────────────

  /** A layer is applied several times, so its name does not say which of its outputs is meant. Name a layer that is applied once. */
  "config/ambiguous-layer": ConfigError;
  /** `axis` of concatenate is no whole number, or is 0, the batch. */
  "config/bad-axis": ConfigError;
  /** Boundaries of a schedule are no list of steps from 0 that increase. Sort them, and drop those that are equal. */
  "config/bad-boundaries": ConfigError;
  /** `getState()` of a callback returned what a file cannot hold. Return plain objects, arrays, strings, numbers, booleans and Float32Arrays. */
  "config/bad-callback-state": ConfigError;
  /** `callbacks` is no array of callbacks. Call the factories and put what they return into an array: `[progressBar()]`. */
  "config/bad-callbacks": ConfigError;
  /** `classWeight` is no object, or names a class that the targets do not have. Pass one number a class: `{ 0: 1, 1: 5 }`. */
  "config/bad-class-weight": ConfigError;
  /** The limit of a clip is not a finite number above 0. Pass one, such as `clipByGlobalNorm(1)`. */
  "config/bad-clip-limit": ConfigError;
  /** `config` of a layer or loss of your own is no object of plain defaults, or an option is not of its default's type. */
  "config/bad-config": ConfigError;
  /** `customObjects` does not hold what defineLayer or defineLoss returned, under its own name. */
  "config/bad-custom-object": ConfigError;
  /** `inputs` of a model holds something that `input(shape)` did not return. Build the rest of a network from an input of its own. */
  "config/bad-graph": ConfigError;
  /** A function given as an initializer did not return as many finite numbers as the weight has, in a Float32Array. */
  "config/bad-initializer": ConfigError;
  /** A layer of your own lacks a part, or its build or emit returns something else than is asked of it. */
  "config/bad-layer": ConfigError;
  /** A learning rate is not a finite number above 0. Pass one, or a schedule. */
  "config/bad-learning-rate": ConfigError;
  /** A loss of your own lacks a part, or its emit returns something else than one value a row. */
  "config/bad-loss": ConfigError;
  /** A weight of a loss is below 0 or not finite. */
  "config/bad-loss-weight": ConfigError;
  /** A function given as a metric did not return a number. */
  "config/bad-metric": ConfigError;
  /** `mode` of a callback is none of `"auto"`, `"min"` and `"max"`. */
  "config/bad-mode": ConfigError;
  /** A layer's name is no text, is empty, or has a `/` in it. Choose another: weights are called `<layer>/kernel`. */
  "config/bad-name": ConfigError;
  /** A callback's `filename` or `logDir` is neither a path nor a `file:` URL. */
  "config/bad-path": ConfigError;
  /** A path with placeholders is no text, or has a brace that does not close. Write `"{epoch:03d}-{val_loss:.4f}.safetensors"`. */
  "config/bad-path-template": ConfigError;
  /** `setTrainable` takes a layer's name, a RegExp or a function of a layer. */
  "config/bad-pattern": ConfigError;
  /** A factor of a regularizer is below 0 or not finite. Pass 0 or more. */
  "config/bad-penalty": ConfigError;
  /** Data, losses or targets for several inputs or outputs are not one for each, by name or in order. */
  "config/bad-ports": ConfigError;
  /** `precision` is neither `"deterministic"` nor `"fast"`. */
  "config/bad-precision": ConfigError;
  /** `featureRange` of a scaler is not `[low, high]` with low below high. */
  "config/bad-range": ConfigError;
  /** A dropout rate is not in [0, 1). It is the share that is dropped: pass 0.2 to keep four of five. */
  "config/bad-rate": ConfigError;
  /** A seed is no whole number from 0 to 2^53 − 1. */
  "config/bad-seed": ConfigError;
  /** `separator` of csvLogger is not one character, or one that numbers have. */
  "config/bad-separator": ConfigError;
  /** `targetShape` of reshape is no list of sizes, at most one of them -1. */
  "config/bad-shape": ConfigError;
  /** `sharedAxes` of a prelu layer are no axes of a sample, which are counted from 1. */
  "config/bad-shared-axes": ConfigError;
  /** `signal` is no AbortSignal. Pass that of a controller: `new AbortController().signal`. */
  "config/bad-signal": ConfigError;
  /** `space` of search is no object by hyperparameter. Pass one: `{ learningRate: logUniform(1e-4, 1e-1) }`. */
  "config/bad-space": ConfigError;
  /** `state` of search is no Uint8Array. Pass what a result or an event has as `state`. */
  "config/bad-state": ConfigError;
  /** Mean or variance of a normalization are no finite numbers, or a variance is below 0. */
  "config/bad-statistics": ConfigError;
  /** The standard deviation of a noise layer is below 0 or not finite. */
  "config/bad-stddev": ConfigError;
  /** `threads` is neither `"auto"` nor a whole number from 1 to 32. */
  "config/bad-threads": ConfigError;
  /** `units` of a dense layer is no whole number of at least 1. */
  "config/bad-units": ConfigError;
  /** `validationData` is neither `[x, y]` nor `[x, y, sampleWeight]`. */
  "config/bad-validation-data": ConfigError;
  /** Values of a schedule are not one more than its boundaries: there is one before, between and behind them. */
  "config/bad-values": ConfigError;
  /** `widths` in a search's space is no list of whole numbers of at least 1. */
  "config/bad-widths": ConfigError;
  /** `classWeight` was given, and the targets do not tell each row's class. Use `sampleWeight`. */
  "config/class-weight-does-not-fit": ConfigError;
  /** `from` of gradualUnfreezing names a layer without weights to train. Name one that learns. */
  "config/does-not-learn": ConfigError;
  /** Two layers have the same name. Give each one of its own, or leave it out. */
  "config/duplicate-name": ConfigError;
  /** `choice` has no value to choose from. Give it an array of at least one. */
  "config/empty-choice": ConfigError;
  /** A search's space varies nothing. Use choice, uniform, logUniform or integer for at least one hyperparameter. */
  "config/empty-space": ConfigError;
  /** A cross-entropy has no sigmoid or softmax to be computed with. Give the last layer that activation, or pass `fromLogits: true`. */
  "config/loss-does-not-fit": ConfigError;
  /** A loaded model's weights were to be drawn anew by a function, which no file can hold. Build the layer with the function again. */
  "config/lost-initializer": ConfigError;
  /** A metric means nothing beside this loss, or its option does not. Use `"accuracy"`, which goes by the loss, or another. */
  "config/metric-does-not-fit": ConfigError;
  /** An output depends on an input that `inputs` does not name. Add it. */
  "config/missing-input": ConfigError;
  /** `layers` is no array, or an empty one. */
  "config/no-layers": ConfigError;
  /** A schedule has `warmupSteps`, and no `warmupTarget` to warm up to. */
  "config/no-warmup-target": ConfigError;
  /** An option that is true or false is something else. */
  "config/not-a-boolean": ConfigError;
  /** An option must be a function and is none. */
  "config/not-a-function": ConfigError;
  /** `layers` holds something that no layer factory returned. Call the factory: `flatten()`, not `flatten`. */
  "config/not-a-layer": ConfigError;
  /** `makeModel` of crossValidate did not return a compiled model. */
  "config/not-a-model": ConfigError;
  /** An option is no whole number of at least 1. */
  "config/not-a-positive-integer": ConfigError;
  /** An op was given something that neither its emit was handed nor another op returned. */
  "config/not-a-value": ConfigError;
  /** An option is no whole number of at least 0. */
  "config/not-a-whole-number": ConfigError;
  /** `metrics` is no array. Put even a single one into brackets: `["accuracy"]`. */
  "config/not-an-array": ConfigError;
  /** A bound of `integer` is no whole number. */
  "config/not-an-integer": ConfigError;
  /** An option is not a finite number, as a 32-bit float: 1e39 is not. */
  "config/not-finite": ConfigError;
  /** An option, a worker or a metric needs all rows at once, which a stream of chunks does not have. The message says what does it instead. */
  "config/not-for-streams": ConfigError;
  /** A funnel's output is wider than what it narrows from. Give the widest layer as `first`, or list the widths yourself. */
  "config/not-narrowing": ConfigError;
  /** Options are no object. Pass them by name, `adam({ learningRate: 0.01 })`. */
  "config/not-options": ConfigError;
  /** An option is not a finite number above 0, as a 32-bit float: 1e-50 is not. */
  "config/not-positive": ConfigError;
  /** A merging layer or op was not given two or more values in an array. */
  "config/not-several": ConfigError;
  /** A layer was applied to, or a model made of, something that neither `input` nor another layer's `apply` returned. */
  "config/not-symbolic": ConfigError;
  /** `cacheFrozen` was asked for, and no frozen layer stands below those that are trained. Freeze the lower layers, or leave it out. */
  "config/nothing-frozen": ConfigError;
  /** `reuse()` without `upTo` takes what is below the last layer that learns, and there is nothing. Name a layer. */
  "config/nothing-to-reuse": ConfigError;
  /** No layer has weights that may be trained. Set `layer.trainable = true` for one, or add a dense layer. */
  "config/nothing-to-train": ConfigError;
  /** A layer that takes one input was applied to several. Merge them first, with `add` or `concatenate`. */
  "config/one-input": ConfigError;
  /** A stream that can be iterated once only is to be gone through in several epochs. Pass a function that returns it anew, or `stepsPerEpoch`. */
  "config/one-shot-stream": ConfigError;
  /** A log file has other columns than this fit writes. Name another file, or remove that one. */
  "config/other-columns": ConfigError;
  /** An option is not in its range, or not one of its values; the message names them. */
  "config/out-of-range": ConfigError;
  /** `cacheFrozen` was asked for, and below a frozen layer there is one whose output is another one in each step. Leave one of the two out. */
  "config/random-frozen": ConfigError;
  /** `makeModel` of crossValidate returned one model twice, which has seen the rows held out now. Make a new one each time. */
  "config/same-model": ConfigError;
  /** The learning rate follows a schedule and cannot be set. Compile with a number to set it by hand. */
  "config/scheduled-learning-rate": ConfigError;
  /** `shuffleBuffer`, `readAhead` or `stepsPerEpoch` were given with arrays. Leave them out, or pass an iterable of chunks. */
  "config/streams-only": ConfigError;
  /** The metrics keep more counts than there is room for. Leave out a confusion matrix, which takes classes × classes. */
  "config/too-many-metrics": ConfigError;
  /** A model has more inputs and outputs than it may. Concatenate what belongs together. */
  "config/too-many-ports": ConfigError;
  /** `clip` is an array. Two ways to clip have no order: choose one. */
  "config/two-clips": ConfigError;
  /** A search got both `build` and `loss`. With build, the loss stands in its compile. */
  "config/two-losses": ConfigError;
  /** A search's space has `widths` beside depth, units or funnel. Give the widths themselves, or what they follow from. */
  "config/two-shapes": ConfigError;
  /** A search got both a checkpoint and a state to go on from. Give one of them. */
  "config/two-states": ConfigError;
  /** Both `validationSplit` and `validationData` were given. Leave one out. */
  "config/two-validations": ConfigError;
  /** There is no activation of this name. The message lists them, and the one that was probably meant. */
  "config/unknown-activation": ConfigError;
  /** This is none of the ways to clip. Pass what `clipByValue`, `clipByNorm` or `clipByGlobalNorm` returns. */
  "config/unknown-clipping": ConfigError;
  /** There is no constraint of this name. The message lists them. */
  "config/unknown-constraint": ConfigError;
  /** A callback cannot know whether higher or lower is better. Pass `mode: "max"` or `mode: "min"`. */
  "config/unknown-direction": ConfigError;
  /** A search's space names a hyperparameter that the default network does not have. Mend its name, or build your own with `build`. */
  "config/unknown-hyperparameter": ConfigError;
  /** There is no initializer of this name. The message lists them. */
  "config/unknown-initializer": ConfigError;
  /** The model has no layer of this name. The message lists those that it has. */
  "config/unknown-layer": ConfigError;
  /** There is no loss of this name. The message lists them. */
  "config/unknown-loss": ConfigError;
  /** There is no metric of this name. The message lists them. */
  "config/unknown-metric": ConfigError;
  /** A callback monitors a figure that there is none of, or not yet when it looks. The message lists those that there are. */
  "config/unknown-monitor": ConfigError;
  /** There is no optimizer of this name. The message lists them. */
  "config/unknown-optimizer": ConfigError;
  /** There is no such option here, or it has no such value. The message lists them, and the one that was probably meant. */
  "config/unknown-option": ConfigError;
  /** A path names a figure that is not known when the file is saved. The message lists those that are. */
  "config/unknown-placeholder": ConfigError;
  /** There is no regularizer of this name. The message lists them. */
  "config/unknown-regularizer": ConfigError;
  /** This is no schedule. Pass a number, or what a factory such as `cosineDecay` returns. */
  "config/unknown-schedule": ConfigError;
  /** No loss depends on a weight, so no gradient reaches it. Use it in its layer, or freeze the layer. */
  "config/unreached-weight": ConfigError;
  /** No output depends on an input. Use it, or leave it out. */
  "config/unused-input": ConfigError;

  // ── data: rows, targets, weights, and what lanewise/data was asked for ────────────────────────────────────────────

  /** What a stream gave is no chunk `{ x, y }` or `{ x, y, sampleWeight }`. */
  "data/bad-chunk": DataError;
  /** `classes` is no whole number from 1. Leave it out to take the largest label plus one. */
  "data/bad-classes": ConfigError;
  /** `folds` is no whole number of at least 2. */
  "data/bad-folds": ConfigError;
  /** `testFraction` is not above 0 and below 1. */
  "data/bad-fraction": ConfigError;
  /** An index of a row is no whole number, or there is no such row. */
  "data/bad-index": DataError;
  /** A class label is not a whole number from 0, or is too large for the output. Number the classes from 0. */
  "data/bad-label": DataError;
  /** `rows` of kFold is no whole number of at least 1. */
  "data/bad-rows": ConfigError;
  /** `seed` of a split is no whole number from 0 to 2^53 − 1. */
  "data/bad-seed": ConfigError;
  /** The function that was passed for a stream did not return an iterable of chunks. */
  "data/bad-source": DataError;
  /** A target of a hinge loss is neither −1 nor 1. Turn 0 and 1 into those: `2 * label - 1`. */
  "data/bad-target": DataError;
  /** Data are of a type that rows cannot be read from. Pass a Float32Array, a Uint8Array, `{ data, shape }` or nested arrays. */
  "data/bad-type": DataError;
  /** A sample or class weight is below 0 or not finite. */
  "data/bad-weight": DataError;
  /** A batch has fewer rows than a layer takes statistics over. Choose another batchSize, or freeze the layer. */
  "data/batch-too-small": DataError;
  /** Chunks of a stream are kept as different types, or some have weights and some none. Give the same in each. */
  "data/chunks-differ": DataError;
  /** A class has too few rows to be in every part. Add rows of it, leave it out, or do not stratify. */
  "data/class-too-small": DataError;
  /** A split leaves no row to the test or to training. Pass more rows, or another fraction. */
  "data/empty-part": DataError;
  /** There are no labels to count the classes of. Pass labels, or the number of classes. */
  "data/no-labels": DataError;
  /** There are no rows at all, or a validation split leaves none to one side. */
  "data/no-rows": DataError;
  /** Flat values do not say where a row ends. Pass the shape of a row, or `{ data, shape }`. */
  "data/no-shape": ShapeError;
  /** `y` is missing. */
  "data/no-targets": DataError;
  /** Weights or gradients are no Map from name to `{ data, shape }`, which is what `getWeights()` returns. */
  "data/not-a-map": DataError;
  /** There is something else than a number in the data, at the place that the message names. */
  "data/not-a-number": DataError;
  /** There is NaN or an infinite number in the data, at the place that the message names. Clean or impute it first. */
  "data/not-finite": DataError;
  /** All labels are the same: there is nothing to tell apart. Pass rows of at least two classes. */
  "data/one-class": DataError;
  /** `resume` goes on within an epoch, and the data have another number of rows than they had. Pass the same, or do not resume. */
  "data/resume-differs": DataError;
  /** In a split, x and y have different numbers of rows, or `stratify` has not one label a row. */
  "data/rows-differ": ShapeError;
  /** Values given with a shape are not as many as the shape says. */
  "data/size-mismatch": ShapeError;
  /** A stream ended before the epochs did. Pass a function that returns its chunks anew, or fewer epochs or steps. */
  "data/stream-ended": DataError;
  /** An epoch of a stream has more than 2^31 − 1 rows. Let `stepsPerEpoch` end it earlier. */
  "data/stream-too-long": DataError;
  /** There are fewer rows than folds, or too few to hold out some to judge cures by. Take fewer folds, pass more rows, or do not try cures. */
  "data/too-few-rows": DataError;
  /** One-hot rows would take more than 4 GiB. Is a label wrong? Else use a sparse loss, which takes labels as they are. */
  "data/too-large": DataError;

  // ── engine: WebAssembly ───────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A policy forbids to compile WebAssembly. On a page, add 'wasm-unsafe-eval' to script-src of its Content-Security-Policy; in a
   * Worker, import the file as a module and hand it to `init()`.
   */
  "engine/compile-forbidden": UnsupportedError;
  /** The WebAssembly module could not be read, compiled or started. Where it lies elsewhere, call `init()` with its address first. */
  "engine/load-failed": LanewiseError;
  /** This runtime has no DecompressionStream (Vercel's edge runtime). Unpack elsewhere and pass the bytes, or set a global of that name. */
  "engine/no-decompression": UnsupportedError;
  /** This engine has no WebAssembly SIMD. Use Node 16.4, Chrome 91, Firefox 89, Safari 16.4 or later. */
  "engine/no-simd": UnsupportedError;
  /** There is no WebAssembly module where it was looked for. Have it copied there, call `init()` with its address, or import `lanewise/inline`. */
  "engine/not-found": LanewiseError;
  /** What was read is no WebAssembly: often a server's page instead of a file that is not there. As for `engine/not-found`. */
  "engine/not-wasm": LanewiseError;
  /** The WebAssembly module is of another version. Build again, or use the one of this package. */
  "engine/stale-build": LanewiseError;

  // ── files: reading and writing ────────────────────────────────────────────────────────────────────────────────────

  /** A source of bytes is none of path, URL, Uint8Array, ArrayBuffer, Response and Blob. */
  "files/bad-source": UnsupportedError;
  /** A server answered with another status than 200. Check the address and the right to read it. */
  "files/bad-status": LanewiseError;
  /** The body of a Response has been read already. Pass a fresh one, or `response.clone()`. */
  "files/body-used": LanewiseError;
  /** There is no file system here. In a browser, offer the bytes as a download, and read from an address. */
  "files/no-file-system": UnsupportedError;
  /** A folder or a device stands where a file should be written. Name a file. */
  "files/not-a-file": LanewiseError;
  /** A file can be written to a path or a `file:` URL only. */
  "files/not-a-path": UnsupportedError;
  /** There is no such file, or the server answered 404. Check the path and the working folder. */
  "files/not-found": LanewiseError;
  /** A file from elsewhere names another one outside of its own folder, which is not opened. */
  "files/outside": LanewiseError;
  /** A file or an address could not be read; the message and the error's `cause` say why. */
  "files/read-failed": LanewiseError;
  /** A file is larger than what it belongs to says. */
  "files/too-large": LanewiseError;
  /** A file could not be written, and what stood there is untouched. Check the folder, its permissions and the free space. */
  "files/write-failed": LanewiseError;

  // ── hdf5: files of h5py, which Keras keeps weights in ─────────────────────────────────────────────────────────────

  /** An HDF5 file is shorter than it says, or a part of it lies past its end. Fetch or copy it again. */
  "hdf5/cut-off": ModelFormatError;
  /** An HDF5 file contradicts itself; the message says where. Fetch or save it again. */
  "hdf5/damaged": ModelFormatError;
  /** A dataset has a shape and no numbers: the file was closed before they were written. */
  "hdf5/no-data": ModelFormatError;
  /** A file does not begin as HDF5 does. It is probably of another kind. */
  "hdf5/not-hdf5": ModelFormatError;
  /** An HDF5 file goes in circles, or would take more memory than a file of its size should. It is damaged or hostile. */
  "hdf5/too-much": ModelFormatError;
  /** An HDF5 file uses what h5py does not write by default: newer indexes, other filters. Save it anew with the defaults. */
  "hdf5/unsupported": UnsupportedError;
  /** A dataset or an attribute of HDF5 holds something else than its place asks for, such as whole numbers for weights. */
  "hdf5/wrong-type": ModelFormatError;

  // ── idx: the file format of MNIST ─────────────────────────────────────────────────────────────────────────────────

  /** An IDX file announces no dimension at all. It is damaged or of another kind. */
  "idx/bad-dimensions": DataError;
  /** A gzip file cannot be unpacked: it is damaged or was cut off. Fetch or copy it again. */
  "idx/bad-gzip": DataError;
  /** A file does not begin as an IDX file does. It is probably of another kind. */
  "idx/bad-magic": DataError;
  /** There are not as many images as labels. Do the files belong together? */
  "idx/counts-differ": DataError;
  /** An IDX file is longer or shorter than its head says. Fetch or copy it again. */
  "idx/length-mismatch": DataError;
  /** A folder lacks files of the set; the message names them. */
  "idx/missing-files": DataError;
  /** A file of images holds something else. Were files renamed? */
  "idx/not-images": DataError;
  /** A file of labels holds something else. Were files renamed? */
  "idx/not-labels": DataError;
  /** An IDX file announces more than 2^53 bytes. It is damaged or of another kind. */
  "idx/shape-overflow": DataError;
  /** Training and test images differ in size. Do the files belong together? */
  "idx/shapes-differ": DataError;
  /** A gzip file unpacks to more than `maxBytes`. If that is expected, raise it. */
  "idx/too-large": DataError;
  /** An IDX file ends within its head. Fetch or copy it again. */
  "idx/too-short": DataError;
  /** An IDX file holds values of a type that the format does not know. It is probably of another kind. */
  "idx/unknown-type": DataError;

  // ── keras: networks as Keras describes them ───────────────────────────────────────────────────────────────────────

  /** An option of a layer in the file is of another type than Keras's, or out of its range. The message names both. */
  "keras/bad-config": ModelFormatError;
  /** What a file says of its model is no JSON. It is damaged: save the model again. */
  "keras/bad-json": ModelFormatError;
  /** The network of the file does not hold together: a value that nothing computes, a cycle, shapes that do not fit. */
  "keras/bad-topology": ModelFormatError;
  /** The weights of a layer are not as many, or not of the shapes, that it needs. */
  "keras/bad-weights": ModelFormatError;
  /** A file of HDF5 has weights at most, and not the network. Save the whole model, or fill a network with `loadKerasWeights`. */
  "keras/no-network": ModelFormatError;
  /** A file is neither a `.keras` archive nor of Keras's HDF5. Is it a SavedModel, or another kind of file? */
  "keras/not-keras": ModelFormatError;
  /** A layer, or an option of it, is one that lanewise does not have. The message names both and says what there is. */
  "keras/unsupported-layer": UnsupportedError;
  /** A file says that another Keras than 2 or 3 wrote it, or does not say which. Save the model anew with one of these. */
  "keras/unsupported-version": UnsupportedError;
  /** A file of weights has more or fewer of a class of layers than the model, or of their weights. Write the same network. */
  "keras/wrong-count": ShapeError;
  /** A weight of the file has another shape than its layer takes. The message names both. */
  "keras/wrong-shape": ShapeError;

  // ── layer: what a layer cannot do ─────────────────────────────────────────────────────────────────────────────────

  /** `sharedAxes` of a prelu layer leave out an axis before the last of them. They must be the first ones: `[1]`, `[1, 2]`. */
  "layer/shared-axes": UnsupportedError;

  // ── memory ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The outputs of frozen layers that `cacheFrozen` would keep are larger than the model's `windowBytes` with the data. Raise that, or pass fewer rows. */
  "memory/cache-too-large": OutOfMemoryError;
  /** The model's memory cannot grow as far as needed. Use smaller layers or batches, or keep bytes in a Uint8Array. */
  "memory/cannot-grow": OutOfMemoryError;
  /** There is no memory for another model. Let go of those that are no longer used. */
  "memory/no-instance": OutOfMemoryError;
  /** The shuffle buffer of a stream is larger than the model's `windowBytes`. Take a smaller one, or raise that. */
  "memory/stream-too-large": OutOfMemoryError;

  // ── model: its state, and the file it is saved in ─────────────────────────────────────────────────────────────────

  /** A file's list of layers is missing or damaged, or no network can be built of it. */
  "model/bad-architecture": ModelFormatError;
  /** The state of a callback cannot be taken up: it is of another callback, or damaged. Resume with the callbacks that were saved. */
  "model/bad-callback-state": ModelFormatError;
  /** What `toJSON` of a linear classifier returned is damaged, or is no JSON. The message names the part. */
  "model/bad-classifier": ModelFormatError;
  /** What a file says of optimizer, loss and metrics is damaged or does not go together. */
  "model/bad-compile": ModelFormatError;
  /** A file's training state is damaged, or does not go with its network. */
  "model/bad-training": ModelFormatError;
  /** A file's format version is no whole number from 1. */
  "model/bad-version": ModelFormatError;
  /** A file's weights are missing, or not those that its network has. */
  "model/bad-weights": ModelFormatError;
  /** A change was asked of a model that is being trained or evaluated. Await that first. */
  "model/busy": BusyError;
  /** A file was written by a newer lanewise. Update to read it. */
  "model/newer-version": ModelFormatError;
  /** `foldBatchNorm`, `reuse`, `toTorch` and `torchSource` take a chain of layers, as `sequential` makes it. For part of a graph there is `featureExtractor`. */
  "model/not-a-chain": UnsupportedError;
  /** The model has not been compiled. Call `model.compile({ optimizer, loss })` first. */
  "model/not-compiled": ConfigError;
  /** A safetensors file was not saved by lanewise. */
  "model/not-lanewise": ModelFormatError;
  /** A file has a layer of a class that this lanewise does not know. */
  "model/unknown-layer": UnsupportedError;
  /** A file was compiled with a loss that this lanewise does not have. Pass it in `customObjects` if it is your own. */
  "model/unknown-loss": UnsupportedError;

  // ── numeric ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The loss fell at no rate of a range test. Try a lower minRate, more steps or a larger batchSize; see whether any weight gets a gradient. */
  "numeric/no-descent": NumericError;
  /** The loss or a gradient was not finite, and the step was not applied. Lower the learning rate, or scale the inputs. */
  "numeric/not-finite": NumericError;

  // ── onnx: networks of other libraries ─────────────────────────────────────────────────────────────────────────────

  /** An attribute of a node is of another type than its op has. The file is damaged. */
  "onnx/bad-attribute": ModelFormatError;
  /** The graph of a file does not hold together: a name without a value, or shapes that do not fit. The message names the node. */
  "onnx/bad-graph": ModelFormatError;
  /** A tensor of a file has not the values that its type and shape take. */
  "onnx/bad-tensor": ModelFormatError;
  /** A tensor lies in a file of its own. Save the model as one file. */
  "onnx/external-data": UnsupportedError;
  /** The file holds no graph of ONNX. It is another kind of file. */
  "onnx/not-onnx": ModelFormatError;
  /** A file is larger than the format allows, or would become so. */
  "onnx/too-large": UnsupportedError;
  /** A layer cannot be written in ops of ONNX, such as one of your own. */
  "onnx/unsupported-layer": UnsupportedError;
  /** A node is of an op, or computes it in a way, that no layer does. The message names both and what is wrong. */
  "onnx/unsupported-op": UnsupportedError;
  /** The file is of an operator set that is too old or too new. Export it with opset_version=17. */
  "onnx/unsupported-version": UnsupportedError;

  // ── program: faults of the library itself ─────────────────────────────────────────────────────────────────────────

  /** A record of a compiled program would read or write where it must not. Please report it. */
  "program/invalid": LanewiseError;
  /** A gradient was asked for that an op does not have. Please report it. */
  "program/no-gradient": LanewiseError;

  // ── protobuf: the file format of ONNX ─────────────────────────────────────────────────────────────────────────────

  /** A field's number or type cannot be. The file is damaged, or of another kind. */
  "protobuf/bad-tag": ModelFormatError;
  /** A number has more than 64 bits. The file is damaged. */
  "protobuf/bad-varint": ModelFormatError;
  /** A field goes on behind the end of what it is in. Was the file cut off? Fetch or copy it again. */
  "protobuf/cut-off": ModelFormatError;
  /** A field stands twice that may stand once. The file is damaged. */
  "protobuf/duplicate-field": ModelFormatError;
  /** A text is not valid UTF-8. The file is damaged. */
  "protobuf/invalid-utf8": ModelFormatError;
  /** The file has more items than are read. */
  "protobuf/too-many": ModelFormatError;
  /** A field is of another type than its message has. The file is damaged, or of another kind. */
  "protobuf/wrong-type": ModelFormatError;

  // ── safetensors: the file format ──────────────────────────────────────────────────────────────────────────────────

  /** An entry of the header is no object of a tensor's fields. The file is damaged. */
  "safetensors/bad-entry": ModelFormatError;
  /** The header does not begin with a brace. It is most likely another kind of file. */
  "safetensors/bad-header-start": ModelFormatError;
  /** Metadata are not strings by name: in a file, or in what was to be written. Use JSON.stringify for other values. */
  "safetensors/bad-metadata": ConfigError | ModelFormatError;
  /** A tensor to be written has a name that is reserved or not valid Unicode. Choose another. */
  "safetensors/bad-name": ConfigError;
  /** A tensor's offsets are not two whole numbers. The file is damaged. */
  "safetensors/bad-offsets": ModelFormatError;
  /** A tensor's shape is no list of sizes: in a file, or in what was to be written. */
  "safetensors/bad-shape": ModelFormatError | ShapeError;
  /** A name stands twice: in a file, or in what was to be written. */
  "safetensors/duplicate-key": ConfigError | ModelFormatError;
  /** The header says that it goes on behind the end of the file. Was it cut off? Fetch or copy it again. */
  "safetensors/header-past-end": ModelFormatError;
  /** The header is longer than any that is read. It is another kind of file, or there are too many tensors to write. */
  "safetensors/header-too-long": ConfigError | ModelFormatError;
  /** There are bytes between two tensors that belong to none. The file is damaged. */
  "safetensors/hole": ModelFormatError;
  /** The header is not valid JSON. The file is damaged. */
  "safetensors/invalid-json": ModelFormatError;
  /** The header is not valid UTF-8. The file is damaged. */
  "safetensors/invalid-utf8": ModelFormatError;
  /** A tensor lacks its type, shape or place. The file is damaged. */
  "safetensors/missing-field": ModelFormatError;
  /** A tensor goes on behind the end of the file. Was it cut off? Fetch or copy it again. */
  "safetensors/offsets-past-end": ModelFormatError;
  /** Two tensors share bytes. The file is damaged or hostile. */
  "safetensors/overlap": ModelFormatError;
  /** A tensor ends before it begins. The file is damaged. */
  "safetensors/reversed-offsets": ModelFormatError;
  /** A shape takes more than 2^53 bytes: in a file, or in what was to be written. */
  "safetensors/shape-overflow": ModelFormatError | ShapeError;
  /** A tensor has not as many bytes as its shape takes: in a file, or in what was to be written. */
  "safetensors/size-mismatch": ModelFormatError | ShapeError;
  /** There are more entries than are read. Split the file. */
  "safetensors/too-many-entries": ConfigError | ModelFormatError;
  /** The file is shorter than any safetensors file. Fetch or copy it again. */
  "safetensors/too-short": ModelFormatError;
  /** The file goes on behind its last tensor. Cut the rest off, or write it again. */
  "safetensors/trailing-data": ModelFormatError;
  /** A tensor is of a type that is not known: in a file, or in what was to be written. */
  "safetensors/unknown-dtype": ConfigError | ModelFormatError;
  /** A tensor has a field beside its type, shape and place. */
  "safetensors/unknown-field": ModelFormatError;

  // ── search: a search, as it goes on ─────────────────────────────────────────────────────────────────────────────────

  /** No trial of a search stayed finite. Search lower learning rates, and scale the inputs. */
  "search/all-diverged": NumericError;
  /** A search's state or checkpoint is damaged, or was not written by search. */
  "search/bad-state": ModelFormatError;
  /** `maxMs` passed before any trial of the search was done. Give it more time. */
  "search/no-trial": ConfigError;
  /** A search's state is of another search. Pass the same data and options, or start without the state. */
  "search/other-search": ConfigError;

  // ── shape: sizes that do not fit together ─────────────────────────────────────────────────────────────────────────

  /** `axis` of concatenate is no axis of its inputs. */
  "shape/bad-axis": ShapeError;
  /** A shape is no size, and no list of sizes of at least 1 either. Write 784, or [28, 28, 1]. */
  "shape/bad-shape": ShapeError;
  /** A layer of your own returns another shape in training than in inference. */
  "shape/custom-layer": ShapeError;
  /** Data given with a shape are not as many as the shape says. */
  "shape/length": ShapeError;
  /** The values that go into one op of a network do not fit together. The message names both. */
  "shape/mismatch": ShapeError;
  /** An initializer that makes matrices was given to a weight that is none. */
  "shape/not-a-matrix": ShapeError;
  /** A reshape does not keep the number of values. */
  "shape/reshape": ShapeError;
  /** A reused layer stands behind another input than the one that it was trained behind: its weights do not fit. */
  "shape/reused-weights": ShapeError;
  /** Data come with a shape whose rows are not those of the model. */
  "shape/row-shape": ShapeError;
  /** Data are no whole number of rows as wide as the model takes them. */
  "shape/row-width": ShapeError;
  /** The rows of x, y and weights differ in number: each needs its target. */
  "shape/rows-differ": ShapeError;
  /** A layer that is applied twice would need weights of another shape the second time. */
  "shape/shared-layer": ShapeError;
  /** Mean or variance of a normalization are not as many as its input has features. */
  "shape/statistics": ShapeError;
  /** An array would take more than 4 GiB, which 32-bit addresses do not reach. */
  "shape/too-large": ShapeError;

  // ── tfjs: models of TensorFlow.js ─────────────────────────────────────────────────────────────────────────────────

  /** The file model.json is no JSON, or lists weights that cannot be: the message says which. It is damaged. */
  "tfjs/bad-json": ModelFormatError;
  /** The weights of a file are not as many bytes as its list of them says, or not of a type that networks have. */
  "tfjs/bad-weights": ModelFormatError;
  /** The file is a graph model: ops of TensorFlow without layers, which cannot be trained on. Convert the Keras model to a layers model. */
  "tfjs/graph-model": UnsupportedError;
  /** A file of weights that model.json names is not among those given. */
  "tfjs/missing-shard": ModelFormatError;
  /** The file holds no layers model of TensorFlow.js. It is another kind of file. */
  "tfjs/not-tfjs": ModelFormatError;
  /** The weights take more bytes than a file may have. */
  "tfjs/too-large": UnsupportedError;
  /** A layer or an activation that TensorFlow.js does not have. The message says what to use instead. */
  "tfjs/unsupported-layer": UnsupportedError;

  // ── threads: workers of a model ───────────────────────────────────────────────────────────────────────────────────

  /** A worker thread of the model died. The weights are those of the last whole step; call again, and new threads are started. */
  "threads/worker-died": LanewiseError;

  // ── torch: networks of PyTorch ────────────────────────────────────────────────────────────────────────────────────

  /** A normalization's epsilon is not PyTorch's default, and the file does not say which was used. Write 1e-5, or pass `checkEpsilon: false`. */
  "torch/epsilon": ConfigError;
  /** `modules` is no list of modules, or names one that the file does not have. The message lists them. */
  "torch/unknown-module": ConfigError;
  /** A file's modules have names and no numbers, which give no order. Pass them in order as `modules`. */
  "torch/unknown-order": ConfigError;
  /** A layer has no counterpart among PyTorch's modules. */
  "torch/unsupported-layer": UnsupportedError;
  /** The file has more or fewer modules with weights than the model has layers with weights. Write the same network, or choose `modules`. */
  "torch/wrong-count": ShapeError;
  /** A tensor of the file is of a type that is no weight's. Convert it to float32. */
  "torch/wrong-dtype": UnsupportedError;
  /** A tensor of the file has another shape than its layer takes. The message names both. */
  "torch/wrong-shape": ShapeError;
  /** A module has other tensors than its layer takes: another kind of module, or a bias too many or too few. */
  "torch/wrong-tensors": ShapeError;

  // ── weights: what is written by name ──────────────────────────────────────────────────────────────────────────────

  /** Weights are missing. Give all of them, or pass `{ strict: false }` to keep those that are not given. */
  "weights/missing": ShapeError;
  /** The model has no weight of this name. The message lists some that it has. */
  "weights/unknown-name": ShapeError;
  /** A weight's data are not as many as its shape says. */
  "weights/wrong-length": ShapeError;
  /** A weight has another shape than the model's. */
  "weights/wrong-shape": ShapeError;

  // ── worker: fit in a worker ───────────────────────────────────────────────────────────────────────────────────────

  /** `module` or `script` of `worker` is no whole address. Write `new URL("./parts.js", import.meta.url)`. */
  "worker/bad-address": ConfigError;
  /** The module given as `worker: { module }` cannot be imported, or exports no `customObjects`. */
  "worker/bad-module": ConfigError;
  /** The worker that trained the model died, or could not be started. The weights are those that it had last sent; call again. */
  "worker/died": LanewiseError;
  /** A layer, loss or metric of your own cannot be posted to a worker. Export it from a module, given as `worker: { module }`. */
  "worker/functions": UnsupportedError;
  /** This JavaScript engine has no workers. Call `fit` without `worker`. */
  "worker/unavailable": UnsupportedError;

  // ── zip: archives ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** A file of an archive does not unpack to the size and checksum that the archive says. Fetch or copy it again. */
  "zip/bad-data": ModelFormatError;
  /** An archive's directory contradicts itself. Fetch or copy it again. */
  "zip/bad-directory": ModelFormatError;
  /** A file of an archive is not where its directory says. Fetch or copy it again. */
  "zip/bad-entry": ModelFormatError;
  /** A file of an archive has a name that is empty, no UTF-8, or leads out of a folder. The archive is hostile. */
  "zip/bad-name": ModelFormatError;
  /** Two files of an archive have one name, so that readers would differ on which is meant. */
  "zip/duplicate-name": ModelFormatError;
  /** An archive has no directory at its end. It was cut off, or is of another kind. */
  "zip/no-directory": ModelFormatError;
  /** Two files of an archive share bytes, as in a bomb. The archive is damaged or hostile. */
  "zip/overlap": ModelFormatError;
  /** An archive unpacks to many times its size. It is damaged or hostile. */
  "zip/too-large": ModelFormatError;
  /** An archive is encrypted, zip64, in several parts, or packed by another method than deflate. Pack it anew as a plain one. */
  "zip/unsupported": UnsupportedError;
}

/** What `LanewiseError.code` may be. */
export type ErrorCode = keyof ErrorCodes;
