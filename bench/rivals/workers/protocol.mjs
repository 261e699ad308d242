// What every worker in JavaScript has in common: a job is the first argument, as JSON; the result is one line of JSON.

import { readFileSync } from "node:fs";

const SAMPLE_SECONDS = 0.02; // one sample; short enough to fit between two interruptions
const LEAST_SAMPLES = 3;
const TEST_ROWS = 1000; // a batch of the test
/** A step is a few microseconds at least; so many passes in a sample are enough for any. */
const MOST_PASSES = 1 << 16;

/**
 * Does the one job of this process. A trainer has `batch(x, y)`, which brings rows to where it computes, `step(batch)`,
 * `settle()`, and `predict(x, rows)`; or `passes(n)`, which goes through `data` n times by a loop of its own.
 */
export async function serve({ version, makeTrainer, makePredictor, prepare, detect }) {
  const job = JSON.parse(process.argv[2]);
  const kinds = {
    step: async () => timeSteps(await makeTrainer(job, rowsOf(job.train)), job),
    learn: async () => learn(makeTrainer, job),
    predict: async () => timePredictions(await makePredictor(job, weightsOf(job)), job),
    prepare: async () => prepare(job, weightsOf(job)),
    detect: async () => detect(job),
  };
  const result = await kinds[job.kind]();
  // A worker thread or a pending timer must not keep the process.
  process.stdout.write(`${JSON.stringify({ version, ...result })}\n`, () => process.exit(0));
}

/** Rows as floats, and their labels; bytes stay at hand for who takes them as they are. */
function rowsOf({ x, y, bytes, scale }) {
  const file = readFileSync(x);
  const raw = bytes ? new Uint8Array(file) : new Float32Array(Uint8Array.from(file).buffer);
  return { raw, x: bytes ? Float32Array.from(raw, (value) => value * scale) : raw, y: new Uint8Array(readFileSync(y)) };
}

/** [kernel, bias] of each layer, kernels [in, out]. */
function weightsOf({ network, weights }) {
  const flat = new Float32Array(Uint8Array.from(readFileSync(weights)).buffer);
  const widths = [network.inputs, ...network.hidden, network.classes];
  let at = 0;
  const take = (length) => flat.subarray(at, (at += length));
  return widths.slice(1).map((width, i) => [take(widths[i] * width), take(width)]);
}

/** Batches one after the other: all of MNIST at once would be 188 MB. */
function* slices({ x, y }, { batch, inputs }, order) {
  for (let from = 0; from < order.length; from += batch) {
    const rows = order.subarray(from, from + batch);
    const [bx, by] = [new Float32Array(rows.length * inputs), new Uint8Array(rows.length)];
    rows.forEach((row, j) => {
      bx.set(x.subarray(row * inputs, (row + 1) * inputs), j * inputs);
      by[j] = y[row];
    });
    yield { x: bx, y: by };
  }
}

/** Goes through the same batches n times, which are where the trainer computes already. */
function passesOf(trainer, network, data) {
  if (trainer.passes) return (n) => trainer.passes(n);
  const inOrder = Uint32Array.from(data.y, (_, i) => i);
  const batches = [...slices(data, network, inOrder)].map(({ x, y }) => trainer.batch(x, y));
  return async (n) => {
    for (let pass = 0; pass < n; pass++) {
      for (const batch of batches) {
        const pending = trainer.step(batch);
        if (pending) await pending;
      }
    }
    await trainer.settle?.();
  };
}

async function timeSteps(trainer, { network, train, seconds, warmUp }) {
  const data = rowsOf(train);
  const passes = passesOf(trainer, network, data);
  const steps = data.y.length / network.batch;
  return { samples: (await samplesOf(passes, seconds, warmUp)).map((time) => time / steps) };
}

async function timePredictions({ predict }, { network, seconds, warmUp }) {
  const x = testInput(network.batch * network.inputs);
  const calls = async (n) => {
    for (let i = 0; i < n; i++) {
      const pending = predict(x);
      if (pending instanceof Promise) await pending;
    }
  };
  const samples = await samplesOf(calls, seconds, warmUp);
  return { samples, outputs: [...(await predict(x)).slice(0, network.classes)] };
}

/** The same in every language. */
export function testInput(length) {
  return Float32Array.from({ length }, (_, i) => ((i * 7919) % 256) / 255);
}

/** Seconds of one turn, in several samples of turns enough for the clock. */
async function samplesOf(turns, seconds, warmUp) {
  const timed = async (n) => {
    const began = performance.now();
    await turns(n);
    return (performance.now() - began) / 1000;
  };
  let [n, spent] = [1, 0];
  for (let time = 0; spent < warmUp || time < SAMPLE_SECONDS; spent += time) {
    time = await timed(n);
    if (time < SAMPLE_SECONDS && n < MOST_PASSES) n *= 2;
    else if (spent + time >= warmUp) break;
  }
  const samples = [];
  for (let total = 0; total < seconds || samples.length < LEAST_SAMPLES;) {
    const time = await timed(n);
    total += time;
    samples.push(time / n);
    if (total > 3 * seconds) break; // one step may last seconds
  }
  return samples;
}

/** Until the test accuracy is reached at an epoch's end; the clock runs from before the network is made. */
async function learn(makeTrainer, job) {
  const { network, target, limit, seed } = job;
  const [train, test] = [rowsOf(job.train), rowsOf(job.test)];
  const began = performance.now();
  const trainer = await makeTrainer(job, train);
  const order = Uint32Array.from(train.y, (_, i) => i);
  const random = generator(seed);
  let best = 0;
  for (let epochs = 1; ; epochs++) {
    if (trainer.passes) await trainer.passes(1);
    else {
      shuffle(order, random);
      for (const { x, y } of slices(train, network, order)) {
        const batch = trainer.batch(x, y);
        const pending = trainer.step(batch);
        if (pending) await pending;
        trainer.free?.(batch);
        if ((performance.now() - began) / 1000 > limit) return { over: limit, epochs, accuracy: best };
      }
    }
    const accuracy = await accuracyOf(trainer, network, test);
    best = Math.max(best, accuracy);
    const seconds = (performance.now() - began) / 1000;
    if (accuracy >= target) return { samples: [seconds], epochs, accuracy };
    if (seconds > limit) return { over: limit, epochs, accuracy: best };
  }
}

async function accuracyOf(trainer, { inputs, classes }, { raw, x, y }) {
  let right = 0;
  for (let from = 0; from < y.length; from += TEST_ROWS) {
    const labels = y.subarray(from, from + TEST_ROWS);
    const slice = (rows) => rows.subarray(from * inputs, (from + labels.length) * inputs);
    const scores = await trainer.predict(slice(x), labels.length, slice(raw)); // floats, and as they are in the file
    labels.forEach((label, row) => {
      const own = scores.subarray(row * classes, (row + 1) * classes);
      if (own[label] === Math.max(...own)) right++;
    });
  }
  return right / y.length;
}

function shuffle(order, random) {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
}

function generator(seed) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 0x100000000;
}

/** He for rectified units, Glorot for the rest, uniform: for trainers that leave it to their user. */
export function initialWeights({ inputs, hidden, classes, activation }, seed = 1) {
  const random = generator(seed);
  const widths = [inputs, ...hidden, classes];
  return widths.slice(1).map((width, i) => {
    const last = i === hidden.length;
    const bound = Math.sqrt(!last && activation !== "tanh" ? 6 / widths[i] : 6 / (widths[i] + width));
    return Float32Array.from({ length: widths[i] * width }, () => (2 * random() - 1) * bound);
  });
}
