// Networks that are ill in a known way, and networks that are well: every ill is named, and no other.

import { describe, expect, it, test } from "vitest";
import { loadDigits, standardScaler } from "../../src/data/index.js";
import type { Finding, Problem } from "../../src/diagnostics/report.js";
import {
  activation,
  type Activation,
  adam,
  add,
  batchNorm,
  type CompileOptions,
  constant,
  dense,
  dropout,
  gaussianNoise,
  glorotUniform,
  heNormal,
  type Initializer,
  input,
  layerNorm,
  type LayerSpec,
  lecunNormal,
  model as graph,
  type Model,
  randomNormal,
  rescaling,
  rmsprop,
  sequential,
  sgd,
  varianceScaling,
} from "../../src/index.js";
import { failureOf, noise, stateOf } from "../model/helpers.js";

const train = await loadDigits();
/** 0 … 16, a row each of 64 pixels. */
const raw = train.x.subarray(0, 512 * 64);
const pixels = Float32Array.from(raw, (value) => value / 16);
const scaled = standardScaler().fit(pixels, { shape: 64 }).transform(pixels) as Float32Array;
const labels = Int32Array.from(train.y.subarray(0, 512));

interface Deep {
  readonly depth: number;
  readonly width?: number;
  readonly activation: Activation;
  readonly kernelInitializer?: Initializer;
  readonly between?: () => LayerSpec[];
}

/** depth × width, then ten classes. */
function deep({ depth, width = 50, activation: f, kernelInitializer = "auto", between }: Deep): LayerSpec[] {
  const hidden = Array.from({ length: depth }, (_, i) =>
    between
      ? [dense(width, { kernelInitializer, useBias: false, name: `hidden${i + 1}` }), ...between(), activation(f)]
      : [dense(width, { activation: f, kernelInitializer, name: `hidden${i + 1}` })],
  );
  return [...hidden.flat(), dense(10, { activation: "softmax", name: "output" })];
}

const CLASSES: CompileOptions = { optimizer: adam(), loss: "sparseCategoricalCrossentropy" };

async function network(layers: LayerSpec[], compile: Partial<CompileOptions> = {}, seed = 1): Promise<Model> {
  const built = await sequential({ inputShape: 64, layers, seed });
  built.compile({ ...CLASSES, ...compile });
  return built;
}

interface Case {
  readonly make: () => Promise<Model>;
  readonly x?: Float32Array | Uint8Array;
  readonly y?: Int32Array | Float32Array;
  readonly batchSize?: number;
}

const findings = async ({ make, x = scaled, y = labels, batchSize = 32 }: Case): Promise<readonly Finding[]> =>
  (await (await make()).diagnose(x, y, { batchSize })).findings;

// ── Ill ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Ill extends Case {
  /** One of these is named first. */
  readonly problem: readonly Problem[];
  readonly layer?: string;
}

const wide = (factor: number) => randomNormal({ stddev: factor });
const ILL: Readonly<Record<string, Ill>> = {
  "a deep sigmoid network with N(0, 1) weights": {
    make: () => network(deep({ depth: 10, activation: "sigmoid", kernelInitializer: wide(1) })),
    problem: ["saturation", "vanishingGradient"],
    layer: "hidden1",
  },
  "twenty sigmoid layers with N(0, 1) weights, on pixels of 0 … 1": {
    make: () =>
      network(deep({ depth: 20, activation: "sigmoid", kernelInitializer: wide(1) }), {
        optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
      }),
    x: pixels,
    problem: ["vanishingGradient", "saturation"],
    layer: "hidden1",
  },
  "a deep sigmoid network with Glorot": {
    make: () =>
      network(deep({ depth: 15, activation: "sigmoid", kernelInitializer: glorotUniform() }), { optimizer: sgd() }),
    problem: ["vanishingGradient"],
    layer: "hidden1",
  },
  "a deep tanh network with tiny weights": {
    make: () => network(deep({ depth: 12, activation: "tanh", kernelInitializer: wide(0.01) })),
    problem: ["vanishingGradient"],
    layer: "hidden1",
  },
  "30 ReLU layers with a quarter of He's variance": {
    make: () =>
      network(
        deep({ depth: 30, activation: "relu", kernelInitializer: varianceScaling({ scale: 0.5, mode: "fanIn" }) }),
        {
          optimizer: sgd(),
        },
      ),
    problem: ["vanishingGradient"],
    layer: "hidden1",
  },
  "40 linear layers that shrink": {
    make: () => network(deep({ depth: 40, activation: "linear", kernelInitializer: wide(0.05) }), { optimizer: sgd() }),
    problem: ["vanishingGradient"],
  },
  "ReLU with weights ten times He's": {
    make: () =>
      network(
        deep({ depth: 8, activation: "relu", kernelInitializer: varianceScaling({ scale: 200, mode: "fanIn" }) }),
      ),
    problem: ["explodingGradient"],
  },
  "a linear chain that grows": {
    make: () => network(deep({ depth: 12, activation: "linear", kernelInitializer: wide(1) }), { optimizer: sgd() }),
    problem: ["explodingGradient", "nonFinite"],
  },
  "ELU with N(0, 1) weights": {
    make: () => network(deep({ depth: 10, activation: "elu", kernelInitializer: wide(1) })),
    problem: ["explodingGradient"],
  },
  "all ReLU units dead by their biases": {
    make: () =>
      network([
        dense(50, { activation: "relu", biasInitializer: constant({ value: -100 }), name: "hidden1" }),
        dense(10, { activation: "softmax" }),
      ]),
    problem: ["deadUnits"],
    layer: "hidden1",
  },
  "the second layer dead": {
    make: () =>
      network([
        dense(50, { activation: "relu", kernelInitializer: heNormal(), name: "hidden1" }),
        dense(50, { activation: "relu", biasInitializer: constant({ value: -50 }), name: "hidden2" }),
        dense(10, { activation: "softmax" }),
      ]),
    problem: ["deadUnits"],
    layer: "hidden2",
  },
  "tanh that is saturated": {
    make: () => network(deep({ depth: 3, activation: "tanh", kernelInitializer: wide(3) }), { optimizer: sgd() }),
    problem: ["saturation"],
    layer: "hidden1",
  },
  "hardSigmoid pushed flat by its biases": {
    make: () =>
      network([
        dense(50, { activation: "hardSigmoid", biasInitializer: constant({ value: 20 }), name: "hidden1" }),
        dense(10, { activation: "softmax" }),
      ]),
    problem: ["saturation", "deadUnits"],
    layer: "hidden1",
  },
  "pixels from 0 to 255, as they are": {
    make: () => network(deep({ depth: 2, activation: "relu" })),
    x: Uint8Array.from(pixels, (value) => Math.round(value * 255)),
    problem: ["unscaledInput"],
  },
  "inputs of N(10⁴, 1)": {
    make: () => network(deep({ depth: 2, activation: "relu" })),
    x: scaled.map((value) => value + 1e4),
    problem: ["unscaledInput", "learningRateTooHigh", "explodingGradient"],
  },
  "inputs of a hundred-thousandth": {
    make: () => network(deep({ depth: 2, activation: "tanh" })),
    x: scaled.map((value) => value * 1e-5),
    problem: ["unscaledInput"],
  },
  "a column that is 7 everywhere": {
    make: () => network(deep({ depth: 2, activation: "relu" })),
    x: scaled.map((value, i) => (i % 64 === 20 ? 7 : value)),
    problem: ["constantFeature"],
  },
  "199 of 200 rows of one class": {
    make: () => network(deep({ depth: 2, activation: "relu" })),
    y: labels.map((_, i) => (i % 200 === 0 ? 1 : 0)),
    problem: ["labelImbalance"],
  },
  "SGD at 1000": {
    make: () => network(deep({ depth: 2, activation: "relu" }), { optimizer: sgd({ learningRate: 1000 }) }),
    problem: ["learningRateTooHigh"],
  },
  "Adam at 10": {
    make: () => network(deep({ depth: 3, activation: "relu" }), { optimizer: adam({ learningRate: 10 }) }),
    problem: ["learningRateTooHigh"],
  },
  "Adam at 1": {
    make: () => network(deep({ depth: 3, activation: "relu" }), { optimizer: adam({ learningRate: 1 }) }),
    problem: ["learningRateTooHigh"],
  },
  "SGD at 1, which diverges after a while": {
    make: () => network(deep({ depth: 3, activation: "relu" }), { optimizer: sgd({ learningRate: 1 }) }),
    problem: ["learningRateTooHigh"],
  },
  "SGD at a billionth": {
    make: () => network(deep({ depth: 2, activation: "relu" }), { optimizer: sgd({ learningRate: 1e-9 }) }),
    problem: ["learningRateTooLow"],
  },
  "Adam at a ten-billionth": {
    make: () => network(deep({ depth: 2, activation: "tanh" }), { optimizer: adam({ learningRate: 1e-10 }) }),
    problem: ["learningRateTooLow"],
  },
  "an activation that overflows": {
    make: () =>
      network([
        dense(50, { activation: "exponential", kernelInitializer: wide(20), name: "hidden1" }),
        dense(10, { activation: "softmax" }),
      ]),
    problem: ["nonFinite"],
    layer: "hidden1",
  },
};

describe("ill networks", () => {
  test.each(Object.entries(ILL))("%s", async (_, ill) => {
    const found = await findings(ill);
    expect(ill.problem, JSON.stringify(found, null, 1)).toContain(found[0]?.problem);
    if (ill.layer !== undefined) expect(found.map(({ layer }) => layer)).toContain(ill.layer);
    for (const { evidence, cure } of found) {
      expect(evidence).toMatch(/\d|NaN|Infinity/);
      expect(cure.length).toBeGreaterThan(20);
    }
  });
});

// ── Well ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const trainedFor = async (made: Promise<Model>, epochs: number): Promise<Model> => {
  const built = await made;
  await built.fit(scaled, labels, { epochs, batchSize: 32 });
  return built;
};

const WELL: Readonly<Record<string, Case>> = {
  "two ReLU layers": { make: () => network(deep({ depth: 2, activation: "relu" })) },
  "raw pixels from 0 to 16": { make: () => network(deep({ depth: 2, activation: "relu" })), x: Float32Array.from(raw) },
  "bytes that are rescaled": {
    make: () => network([rescaling({ scale: 1 / 255 }), ...deep({ depth: 2, activation: "relu" })]),
    x: Uint8Array.from(pixels, (value) => Math.round(value * 255)),
  },
  "bytes that are normalized first": {
    make: () => network([batchNorm(), ...deep({ depth: 2, activation: "relu" })]),
    x: Uint8Array.from(pixels, (value) => Math.round(value * 255)),
  },
  "logistic regression": {
    make: () => network([dense(10, { activation: "softmax" })], { optimizer: sgd({ learningRate: 0.1 }) }),
  },
  "20 ReLU layers with He": { make: () => network(deep({ depth: 20, width: 100, activation: "relu" })) },
  "30 ReLU layers with He, SGD": {
    make: () =>
      network(deep({ depth: 30, width: 100, activation: "relu", kernelInitializer: heNormal() }), {
        optimizer: sgd({ momentum: 0.9 }),
      }),
  },
  "100 SELU layers with LeCun": {
    make: () =>
      network(deep({ depth: 100, width: 64, activation: "selu", kernelInitializer: lecunNormal() }), {
        optimizer: sgd(),
      }),
  },
  "10 tanh layers with Glorot": { make: () => network(deep({ depth: 10, activation: "tanh" })) },
  "20 ELU layers": { make: () => network(deep({ depth: 20, width: 100, activation: "elu" })) },
  "five GELU layers": { make: () => network(deep({ depth: 5, activation: "gelu" })) },
  "five SiLU layers": { make: () => network(deep({ depth: 5, activation: "silu" })) },
  "six leaky ReLU layers": { make: () => network(deep({ depth: 6, activation: "leakyRelu" })) },
  "two sigmoid layers with Glorot": { make: () => network(deep({ depth: 2, activation: "sigmoid" })) },
  "three sigmoid layers with Glorot, Adam": { make: () => network(deep({ depth: 3, activation: "sigmoid" })) },
  "ten sigmoid layers with batchNorm": {
    make: () => network(deep({ depth: 10, width: 100, activation: "sigmoid", between: () => [batchNorm()] })),
  },
  "20 ReLU layers with batchNorm": {
    make: () => network(deep({ depth: 20, width: 64, activation: "relu", between: () => [batchNorm()] })),
  },
  "20 tanh layers with layerNorm": {
    make: () => network(deep({ depth: 20, width: 64, activation: "tanh", between: () => [layerNorm()] })),
  },
  "dropout and noise": {
    make: () =>
      network([
        gaussianNoise(0.1),
        ...deep({ depth: 3, width: 100, activation: "relu", between: () => [dropout(0.3)] }),
      ]),
  },
  "RMSprop, batches of 256": {
    make: () => network(deep({ depth: 3, activation: "relu" }), { optimizer: rmsprop() }),
    batchSize: 256,
  },
  "batches of four": { make: () => network(deep({ depth: 3, activation: "relu" })), batchSize: 4 },
  "trained for 5 epochs": { make: () => trainedFor(network(deep({ depth: 3, activation: "relu" })), 5) },
  "trained until nothing is left to learn": {
    make: () => trainedFor(network(deep({ depth: 3, activation: "relu" })), 80),
  },
  "tanh, trained until nothing is left to learn": {
    make: () => trainedFor(network(deep({ depth: 3, activation: "tanh" })), 80),
  },
  "15 residual blocks": {
    async make() {
      const x = input(64);
      let h = dense(64, { activation: "relu", kernelInitializer: heNormal() }).apply(x);
      for (let i = 0; i < 15; i++) {
        h = add([
          h,
          dense(64, { kernelInitializer: varianceScaling({ scale: 0.1, mode: "fanIn" }) }).apply(
            activation("relu").apply(layerNorm().apply(h)),
          ),
        ]);
      }
      const net = await graph({ inputs: x, outputs: dense(10, { activation: "softmax" }).apply(h), seed: 1 });
      net.compile(CLASSES);
      return net;
    },
  },
  "a regression": {
    make: () => network([dense(40, { activation: "tanh" }), dense(1)], { loss: "meanSquaredError" }),
    y: Float32Array.from(labels, (label) => label / 4.5 - 1),
  },
};

describe("healthy networks", () => {
  test.each(Object.entries(WELL))("%s", async (_, well) => {
    expect(await findings(well)).toEqual([]);
  });
});

// ── What it leaves as it was ────────────────────────────────────────────────────────────────────────────────────────

describe("diagnose", () => {
  it("changes nothing, and gives the same again", async () => {
    const net = await trainedFor(network(deep({ depth: 2, activation: "relu" })), 1);
    const before = stateOf(net);
    const first = await net.diagnose(scaled, labels);
    expect(stateOf(net)).toEqual(before);
    expect(await net.diagnose(scaled, labels)).toEqual(first);
    expect(first.layers.map(({ name }) => name)).toEqual(["hidden1", "hidden2", "output"]);
    for (const layer of first.layers) {
      expect(layer.gradientNorm).toBeGreaterThan(0);
      expect(layer.weightNorm).toBeGreaterThan(0);
      expect(layer.updateRatio).toBeGreaterThan(0);
    }
  });

  it("refuses what fit refuses, and goes by its signal", async () => {
    const net = await network(deep({ depth: 2, activation: "relu" }));
    const before = stateOf(net);
    const codeOf = async (action: () => unknown) => (await failureOf(action)).code;
    expect(await codeOf(() => net.diagnose(scaled, labels, { batchsize: 3 } as object))).toBe("config/unknown-option");
    expect(await codeOf(() => net.diagnose(scaled.subarray(1), labels))).toBe("shape/row-width");
    expect(await codeOf(() => net.diagnose(scaled, labels, { trialSteps: 0 }))).toBe("config/not-a-positive-integer");
    const plain = await sequential({ inputShape: 64, layers: [dense(10)] });
    expect(await codeOf(() => plain.diagnose(scaled, labels))).toBe("model/not-compiled");
    await expect(net.diagnose(scaled, labels, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
    expect(stateOf(net)).toEqual(before);
  });

  it("while the model is trained, looks at it as it is", async () => {
    const net = await network(deep({ depth: 2, activation: "relu" }));
    const plain = await network(deep({ depth: 2, activation: "relu" }));
    const training = net.fit(scaled, labels, { epochs: 3 });
    const report = await net.diagnose(scaled, labels);
    await training;
    await plain.fit(scaled, labels, { epochs: 3 });
    expect(report.findings).toEqual([]);
    expect(stateOf(net)).toEqual(stateOf(plain));
  });

  it("looks at a sample where there are many rows", async () => {
    const net = await network(deep({ depth: 1, activation: "relu" }));
    const x = noise(5000 * 64);
    const report = await net.diagnose(
      x,
      Int32Array.from({ length: 5000 }, (_, i) => i % 10),
      { sampleRows: 300 },
    );
    expect(report.subject).toContain("300 rows");
  });
});
