// jax-js: the whole update is one jitted function; awaited every step, as its documentation advises.

import { readFileSync } from "node:fs";
import { blockUntilReady, defaultDevice, grad, init, jit, nn, numpy as np, tree } from "@jax-js/jax";
import { initialWeights, serve } from "./protocol.mjs";

await init("wasm");
defaultDevice("wasm");
const manifest = new URL("../node_modules/@jax-js/jax/package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8"));

const ACTIVATIONS = { relu: nn.relu, tanh: np.tanh, elu: nn.elu };
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/** Logits; takes ownership of x, borrows the parameters. */
function forward(parameters, x, activation) {
  let h = x;
  for (let i = 0; i < parameters.length; i += 2) {
    h = np.matmul(h, parameters[i].ref).add(parameters[i + 1].ref);
    if (i + 2 < parameters.length) h = ACTIVATIONS[activation](h);
  }
  return h;
}

function updates({ activation, batch, learningRate }) {
  const loss = (parameters, x, y) => {
    const value = nn
      .logSoftmax(forward(parameters, x, activation), -1)
      .mul(y)
      .sum()
      .mul(-1 / batch);
    tree.dispose(parameters);
    return value;
  };
  const gradients = (parameters, x, y) => grad(loss)(tree.ref(parameters), x, y);
  return {
    sgd: jit(({ parameters }, x, y) => {
      const g = gradients(parameters, x, y);
      return { parameters: parameters.map((p, i) => p.sub(g[i].mul(learningRate))) };
    }),
    momentum: jit(({ parameters, velocity }, x, y) => {
      const g = gradients(parameters, x, y);
      const next = velocity.map((v, i) => v.mul(0.9).sub(g[i].mul(learningRate)));
      return { parameters: parameters.map((p, i) => p.add(next[i].ref)), velocity: next };
    }),
    adam: jit(({ parameters, first, second, powers }, x, y) => {
      const g = gradients(parameters, x, y);
      const m = first.map((a, i) => a.mul(BETA1).add(g[i].ref.mul(1 - BETA1)));
      const v = second.map((a, i) => a.mul(BETA2).add(np.square(g[i]).mul(1 - BETA2)));
      const [power1, power2] = [powers[0].mul(BETA1), powers[1].mul(BETA2)];
      const next = parameters.map((p, i) => {
        const mean = m[i].ref.div(np.subtract(1, power1.ref));
        const root = np.sqrt(v[i].ref.div(np.subtract(1, power2.ref)));
        return p.sub(mean.div(root.add(EPSILON)).mul(learningRate));
      });
      return { parameters: next, first: m, second: v, powers: [power1, power2] };
    }),
  };
}

function initialState(network, seed) {
  const widths = [network.inputs, ...network.hidden, network.classes];
  const parameters = initialWeights(network, seed).flatMap((kernel, i) => [
    np.array(kernel).reshape([widths[i], widths[i + 1]]),
    np.zeros([widths[i + 1]]),
  ]);
  const zeros = () => parameters.map((p) => np.zeros(p.shape));
  const slots = {
    sgd: () => ({}),
    momentum: () => ({ velocity: zeros() }),
    adam: () => ({ first: zeros(), second: zeros(), powers: [np.array(1), np.array(1)] }),
  };
  return { parameters, ...slots[network.optimizer]() };
}

await serve({
  version,
  makeTrainer({ network, seed }) {
    const update = updates(network)[network.optimizer];
    const logits = jit((parameters, x) => {
      const y = forward(parameters, x, network.activation);
      tree.dispose(parameters);
      return y;
    });
    let state = initialState(network, seed);
    return {
      batch: (x, y) => ({
        x: np.array(x).reshape([y.length, network.inputs]),
        y: nn.oneHot(np.array(Int32Array.from(y)), network.classes),
      }),
      step({ x, y }) {
        state = update(state, x.ref, y.ref);
        return blockUntilReady(state.parameters);
      },
      free: ({ x, y }) => tree.dispose([x, y]),
      predict: (x, rows) =>
        logits(tree.ref(state.parameters), np.array(Float32Array.from(x)).reshape([rows, network.inputs])).data(),
    };
  },
  makePredictor({ network }, weights) {
    const parameters = weights.flatMap(([kernel, bias]) => [
      np.array(Float32Array.from(kernel)).reshape([kernel.length / bias.length, bias.length]),
      np.array(Float32Array.from(bias)),
    ]);
    const probabilities = jit((p, x) => {
      const y = nn.softmax(forward(p, x, network.activation), -1);
      tree.dispose(p);
      return y;
    });
    const shape = [network.batch, network.inputs];
    return { predict: (x) => probabilities(tree.ref(parameters), np.array(x).reshape(shape)).data() };
  },
});
