// TensorFlow.js: a loop of optimizer.minimize over one fused function; see README.md for why not model.fit.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { initialWeights, serve } from "./protocol.mjs";
import { layersModel, start } from "./tfjsBackend.mjs";

const { backend, threads } = JSON.parse(process.argv[2]);
const tf = await start(backend, threads);
const { version } = createRequire(import.meta.url)("@tensorflow/tfjs-core/package.json");

const OPTIMIZERS = {
  sgd: (rate) => tf.train.sgd(rate),
  momentum: (rate) => tf.train.momentum(rate, 0.9),
  adam: (rate) => tf.train.adam(rate),
};
const ACTIVATIONS = { relu: tf.relu, tanh: tf.tanh, elu: tf.elu };
const MOMENTUM = 0.99; // of the running statistics

function parameters(network, seed) {
  const widths = [network.inputs, ...network.hidden, network.classes];
  return initialWeights(network, seed).map((kernel, i) => {
    const hidden = i < network.hidden.length;
    const normalized = network.batchNorm && hidden;
    const full = (value, trainable = true) => tf.variable(tf.fill([widths[i + 1]], value), trainable);
    return {
      kernel: tf.variable(tf.tensor2d(kernel, [widths[i], widths[i + 1]])),
      bias: normalized ? undefined : full(0),
      norm: normalized ? { beta: full(0), gamma: full(1), mean: full(0, false), variance: full(1, false) } : undefined,
      act: hidden ? ACTIVATIONS[network.activation] : undefined,
    };
  });
}

function normalize(h, { beta, gamma, mean, variance }, training) {
  if (!training) return tf.batchNorm(h, mean, variance, beta, gamma, 1e-3);
  const now = tf.moments(h, 0);
  mean.assign(tf.add(tf.mul(mean, MOMENTUM), tf.mul(now.mean, 1 - MOMENTUM)));
  variance.assign(tf.add(tf.mul(variance, MOMENTUM), tf.mul(now.variance, 1 - MOMENTUM)));
  return tf.batchNorm(h, now.mean, now.variance, beta, gamma, 1e-3);
}

function forward(layers, x, training) {
  return layers.reduce((h, { kernel, bias, norm, act }) => {
    const product = bias
      ? tf.fused.matMul({ a: h, b: kernel, bias, activation: act === tf.relu ? "relu" : "linear" })
      : tf.matMul(h, kernel);
    const z = norm ? normalize(product, norm, training) : product;
    return act === undefined || (act === tf.relu && bias) ? z : act(z);
  }, x);
}

/** A model of tfjs-layers with these weights. */
function modelOf({ network }, weights) {
  const model = layersModel(network);
  model.setWeights(
    weights.flatMap(([kernel, bias]) => [
      tf.tensor2d(kernel, [kernel.length / bias.length, bias.length]),
      tf.tensor1d(bias),
    ]),
  );
  return model;
}

await serve({
  version,
  makeTrainer({ network, seed }) {
    const layers = parameters(network, seed);
    const trained = layers.flatMap(({ kernel, bias, norm }) => [kernel, ...(bias ? [bias] : [norm.gamma, norm.beta])]);
    const optimizer = OPTIMIZERS[network.optimizer](network.learningRate);
    return {
      batch: (x, y) => ({
        x: tf.tensor2d(x, [y.length, network.inputs]),
        y: tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(y, "int32"), network.classes), "float32")),
      }),
      step({ x, y }) {
        optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, forward(layers, x, true)), false, trained);
      },
      settle: () => trained[0].data(),
      free: ({ x, y }) => tf.dispose([x, y]),
      predict: (x, rows) => tf.tidy(() => forward(layers, tf.tensor2d(x, [rows, network.inputs]), false)).data(),
    };
  },
  makePredictor(job, weights) {
    const model = modelOf(job, weights);
    const shape = [job.network.batch, job.network.inputs];
    return { predict: (x) => tf.tidy(() => model.predict(tf.tensor2d(x, shape)).dataSync()) };
  },
  /** Saved as TensorFlow.js saves: topology as JSON, weights beside it. */
  async prepare(job, weights) {
    const handler = {
      async save({ modelTopology, weightSpecs, weightData }) {
        writeFileSync(`${job.folder}/tfjs.json`, JSON.stringify({ modelTopology, weightSpecs }));
        writeFileSync(`${job.folder}/tfjs.bin`, new Uint8Array(weightData));
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
      },
    };
    await modelOf(job, weights).save(handler);
    return {};
  },
});
