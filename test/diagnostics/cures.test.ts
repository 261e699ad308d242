// Cures: what each changes of a network, which come first when they are tried, and that the code told does what was tried.

import { describe, expect, it, test } from "vitest";
import { loadDigits, standardScaler } from "../../src/data/index.js";
import { applyCure, codeOfCure, type Cure, type CureKind, CURES, textOfCure } from "../../src/diagnostics/cures.js";
import type { Setup } from "../../src/diagnostics/setup.js";
import * as lanewise from "../../src/index.js";
import {
  activation,
  adam,
  add,
  batchNorm,
  type CompileOptions,
  constant,
  defineLayer,
  dense,
  dropout,
  input,
  type LayerSpec,
  loadModel,
  model as graph,
  randomNormal,
  sequential,
  sgd,
} from "../../src/index.js";
import { type Architecture, chain } from "../../src/model/architecture.js";
import { resolveCompile } from "../../src/model/compile.js";
import { Core } from "../../src/model/core.js";
import { graphOf, type Symbols } from "../../src/model/graph.js";
import { architectureOf, setupOf, split } from "../../src/model/tryCures.js";
import { Engine } from "../../src/runtime/engine.js";
import { failureOf, noise, stateOf } from "../model/helpers.js";

const { train } = await loadDigits();
const pixels = Float32Array.from(train.x, (value) => value / 16);
const scaled = standardScaler().fit(pixels, { shape: 64 }).transform(pixels) as Float32Array;
const labels = Int32Array.from(train.y);
const few = { x: scaled.subarray(0, 300 * 64), y: labels.subarray(0, 300) };

const CLASSES: CompileOptions = { optimizer: adam(), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] };
const wide = randomNormal({ stddev: 1 });

/** Sigmoids with weights from N(0, 1): nothing gets through. */
const hidden = (i: number, options: lanewise.DenseOptions = {}) =>
  dense(50, { activation: "sigmoid", kernelInitializer: wide, name: `hidden${i + 1}`, ...options });
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const output = () => dense(10, { activation: "softmax", name: "output" });

async function ill(layers: LayerSpec[] = [...times(10, (i) => hidden(i)), output()], compile = CLASSES) {
  const built = await sequential({ inputShape: 64, layers, seed: 1 });
  built.compile(compile);
  return built;
}

// ── What is told does what was tried ────────────────────────────────────────────────────────────────────────────────

/** The code as a program sees it: a list of what stands in it, with the library's names in scope. */
function layersOf(code: string): LayerSpec[] {
  const names = Object.keys(lanewise).filter((name) => /^\w+$/.test(name));

  const pasted = new Function(...names, `return [${code}]`) as (...parts: unknown[]) => LayerSpec[];
  return pasted(...names.map((name) => lanewise[name as keyof typeof lanewise]));
}

test("20 sigmoid layers with N(0, 1) weights: the first cure, pasted as it is told, learns what they do not", async () => {
  const compile: CompileOptions = { ...CLASSES, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) };
  const trainedAlike = async (layers: LayerSpec[]) => {
    const built = await ill(layers, compile);
    await built.fit(scaled, labels, { epochs: 12, batchSize: 32 });
    return (await built.evaluate(scaled, labels)).accuracy!;
  };
  const original = await ill([...times(20, (i) => hidden(i)), output()], compile);
  const report = await original.diagnose(scaled, labels, { tryCures: true });
  const [first] = report.cures!;
  const plain = report.cures!.find(({ cure }) => cure === "as it is")!;
  expect(first!.measure).toBe("held-out accuracy");
  expect(first!.median).toBeGreaterThan(plain.median + 0.5);
  for (const { code, remedy } of report.cures!) expect(remedy.map(codeOfCure).join("; ")).toBe(code);
  for (const { cure, remedies } of report.findings) {
    expect(remedies.length).toBeGreaterThan(0);
    for (const remedy of remedies) expect(cure).toContain(codeOfCure(remedy).replace(/^\/\/ /, ""));
  }

  const pasted = () => layersOf(first!.code);
  expect(pasted().map(({ kind }) => kind.className)).toEqual(["BatchNormalization", "Activation"]);
  const cured = times(20, (i) => [hidden(i, { activation: "linear" }), ...pasted()]).flat();
  expect(await trainedAlike([...times(20, (i) => hidden(i)), output()])).toBeLessThan(0.3);
  expect(await trainedAlike([...cured, output()])).toBeGreaterThanOrEqual(0.95);
}, 60_000);

test.each(Object.keys(CURES) as CureKind[])("%s is worded, and its code is of this library", async (kind) => {
  const cure = { kind, ...CURES[kind].example } as Cure;
  expect(textOfCure(cure)).toMatch(/^[a-z].*[a-z]$/);
  const code = codeOfCure(cure);
  if (code.startsWith("// ")) return;
  const scope = { ...lanewise, standardScaler, x: scaled };
  const names = Object.keys(scope).filter((name) => /^\w+$/.test(name));
  const inside = /^\w+: /.test(code) ? `({ ${code} })` : `[${code}]`;

  const pasted = new Function(...names, `return ${inside}`) as (...parts: unknown[]) => object;
  const made = pasted(...names.map((name) => scope[name as keyof typeof scope]));
  if (Array.isArray(made)) await sequential({ inputShape: 64, layers: [...(made as LayerSpec[]), output()] });
  else if ("learningRate" in made) adam(made as object);
  else if ("clip" in made) resolveCompile(chain([64], [output()]), { ...CLASSES, ...(made as object) });
  else if ("classWeight" in made) await (await ill([output()])).fit(few.x, few.y, made as object);
  else dense(3, made);
});

// ── What each cure changes ──────────────────────────────────────────────────────────────────────────────────────────

/** A model's insides, compiled. */
async function coreOf(architecture: Architecture, compile: CompileOptions = CLASSES): Promise<Core> {
  const core = new Core(await Engine.create(), architecture, { seed: 1, windowBytes: 1e8 });
  core.variables.initialize(1);
  core.compile(resolveCompile(architecture, compile));
  return core;
}

async function setupFor(layers: LayerSpec[], compile?: CompileOptions): Promise<{ setup: Setup; core: Core }> {
  const core = await coreOf(chain([64], layers), compile);
  return { core, setup: setupOf(core, [{ data: few.x, rows: 300, width: 64 }]) };
}

interface Shown {
  readonly name: string;
  readonly className: string;
  readonly activation?: string;
  readonly kernel?: string;
  readonly bias?: string;
}

type Named = { readonly name: string };
/** In the order in which they are applied. */
function shown(setup: Setup, like: Architecture): Shown[] {
  const { layers, applications } = architectureOf(setup, like);
  return applications.map(({ layer }) => {
    const { name, kind, config } = layers[layer]!;
    const { activation: f, kernelInitializer, biasInitializer } = config as Record<string, Named | undefined>;
    return {
      name,
      className: kind.className,
      ...(f && { activation: f.name }),
      ...(kernelInitializer && { kernel: kernelInitializer.name }),
      ...(biasInitializer && biasInitializer.name !== "zeros" && { bias: biasInitializer.name }),
    };
  });
}

async function curedChain(layers: LayerSpec[], cure: Cure): Promise<Shown[] | undefined> {
  const { setup, core } = await setupFor(layers);
  const cured = applyCure(cure, setup);
  return cured && shown(cured, core.architecture);
}

const far = constant({ value: -100 });
const initializer = (options: Partial<Extract<Cure, { kind: "initializer" }>> = {}): Cure => ({
  kind: "initializer",
  initializer: "heNormal",
  layer: "a",
  activation: "relu",
  biases: false,
  ...options,
});

describe("initializer", () => {
  it("draws the layers with that activation, their own or one behind, but none that is frozen", async () => {
    const layers = [
      dense(8, { activation: "relu", kernelInitializer: wide, name: "own" }),
      dense(8, { kernelInitializer: wide, name: "behind" }),
      batchNorm(),
      dropout(0.1),
      activation("relu"),
      dense(8, { activation: "tanh", kernelInitializer: wide, name: "other" }),
      dense(8, { activation: "relu", kernelInitializer: wide, trainable: false, name: "frozen" }),
      dense(10, { activation: "softmax", kernelInitializer: wide, name: "output" }),
    ];
    const kernels = (await curedChain(layers, initializer()))!.filter(({ className }) => className === "Dense");
    expect(Object.fromEntries(kernels.map(({ name, kernel }) => [name, kernel]))).toEqual({
      own: "heNormal",
      behind: "heNormal",
      other: "randomNormal",
      frozen: "randomNormal",
      output: "randomNormal",
    });
  });

  it("leaves biases, unless they are ill", async () => {
    const layers = () => [dense(8, { activation: "relu", biasInitializer: far }), output()];
    expect((await curedChain(layers(), initializer()))![0]!.bias).toBe("constant");
    expect((await curedChain(layers(), initializer({ biases: true })))![0]!.bias).toBeUndefined();
  });

  it("does not go with what is drawn so already", async () => {
    const layers = ["heNormal", "auto"].map((name) => {
      return dense(8, { activation: "relu", kernelInitializer: name as "auto" });
    });
    expect(await curedChain([...layers, output()], initializer())).toBeUndefined();
  });
});

describe("batchNorm", () => {
  it("stands before each activation but the output's, those of frozen layers, and those that have one", async () => {
    const layers = [
      dense(8, { activation: "relu", name: "a" }),
      dense(8, { name: "b" }),
      activation("tanh", { name: "b_norm" }), // the name is taken
      dense(8, { activation: "relu", trainable: false, name: "frozen" }),
      dense(8, { name: "normal" }),
      batchNorm({ name: "there" }),
      activation("elu", { name: "elu" }),
      dense(10, { name: "logits" }),
      activation("softmax", { name: "softmax" }),
    ];
    const found = (await curedChain(layers, { kind: "batchNorm", activation: "relu" }))!;
    expect(found.map(({ name, activation: f }) => `${name}${f ? ` ${f}` : ""}`)).toEqual([
      "a linear",
      "a_norm",
      "a_activation relu",
      "b linear",
      "b_norm_norm",
      "b_norm tanh",
      "frozen relu",
      "normal linear",
      "there",
      "elu elu",
      "logits linear",
      "softmax softmax",
    ]);
  });

  it("does not go with a network that has no hidden activation", async () => {
    expect(await curedChain([dense(8), output()], { kind: "batchNorm", activation: undefined })).toBeUndefined();
  });
});

describe("fewerLayers", () => {
  const without = (...names: string[]): Cure => ({ kind: "fewerLayers", without: names });

  it("takes layers out of the line", async () => {
    const found = await curedChain([...times(4, (i) => hidden(i)), output()], without("hidden2", "hidden4"));
    expect(found!.map(({ name }) => name)).toEqual(["hidden1", "hidden3", "output"]);
  });

  it("takes no frozen one, none that reads an input, and no output", async () => {
    const layers = () => [hidden(0), hidden(1, { trainable: false }), output()];
    for (const name of ["hidden1", "hidden2", "output"]) {
      expect(await curedChain(layers(), without(name)), name).toBeUndefined();
    }
  });
});

describe("the other cures", () => {
  it("exchange the activation wherever it stands, but in outputs and frozen layers", async () => {
    const layers = [
      dense(8, { activation: "relu", name: "a" }),
      dense(8, { name: "b" }),
      activation("relu", { name: "f" }),
      dense(8, { activation: "relu", trainable: false, name: "frozen" }),
      dense(8, { activation: "tanh", name: "c" }),
      dense(10, { activation: "softmax", name: "output" }),
    ];
    const cured = (await curedChain(layers, { kind: "activation", from: "relu", to: "leakyRelu" }))!;
    expect(cured.map(({ activation: f }) => f)).toEqual([
      "leakyRelu",
      "linear",
      "leakyRelu",
      "relu",
      "tanh",
      "softmax",
    ]);
    expect(await curedChain([output()], { kind: "activation", from: "relu", to: "elu" })).toBeUndefined();
  });

  it("scale the inputs by a first layer, bytes by a factor", async () => {
    const scaler: Cure = { kind: "scaler", shapes: [] };
    const [first, second] = (await curedChain([hidden(0), output()], scaler))!;
    expect([first, second]).toMatchObject([{ name: "x_scaling", className: "Normalization" }, { name: "hidden1" }]);
    const rescaling: Cure = { kind: "rescaling", largest: 255 };
    expect(await curedChain([output()], rescaling)).toBeUndefined(); // those are no bytes
    const { setup, core } = await setupFor([output()]);
    const bytes = { ...setup, inputs: [{ ...setup.inputs[0]!, data: new Uint8Array(640) }] };
    expect(shown(applyCure(rescaling, bytes)!, core.architecture).map(({ className }) => className)).toEqual([
      "Rescaling",
      "Dense",
    ]);
  });

  it("name each input's scaler", () => {
    const codes = [[], [[28, 28]], [[32], [16]]].map((shapes) => codeOfCure({ kind: "scaler", shapes }));
    expect(codes).toEqual([
      "standardScaler().fit(x).layer()",
      "standardScaler().fit(x, { shape: [28, 28] }).layer()",
      "standardScaler().fit(x[0], { shape: 32 }).layer(), standardScaler().fit(x[1], { shape: 16 }).layer()",
    ]);
  });

  it("change how the network is trained, and nothing else", async () => {
    const { setup } = await setupFor([hidden(0), output()]);
    const changed = (cure: Cure) => {
      const cured = applyCure(cure, setup) as unknown as Record<string, unknown>;
      return Object.fromEntries(Object.entries(cured).filter(([key, value]) => value !== setup[key as keyof Setup]));
    };
    expect(changed({ kind: "clip", norm: 0.5 })).toEqual({ clip: { name: "clipByGlobalNorm", limit: 0.5 } });
    for (const kind of ["lowerRate", "higherRate"] as const) {
      expect(changed({ kind, rate: 0.02 })).toEqual({ optimizer: { ...adam(), learningRate: 0.02 } });
    }
    expect(changed({ kind: "classWeight", weights: { 1: 9 } })).toEqual({ classWeight: { 1: 9 } });
  });
});

// ── Networks that are no plain chain ────────────────────────────────────────────────────────────────────────────────

const doubled = defineLayer({ className: "Dense2", emit: ({ ops }, x) => ops.mul(x, 2) });

/** Two inputs through one shared layer, a residual, a layer of one's own, a frozen one, two outputs. */
function tangled(): { inputs: Symbols; outputs: Symbols } {
  const [left, right] = [input(32, { name: "left" }), input(32, { name: "right" })];
  const shared = dense(16, { activation: "tanh", kernelInitializer: wide, name: "shared" });
  const sum = add([shared.apply(left), shared.apply(right)]);
  const deeper = dense(16, { activation: "tanh", kernelInitializer: wide, name: "deeper" }).apply(sum);
  const own = doubled({ name: "own" }).apply(add([deeper, sum]));
  const frozen = dense(16, { activation: "tanh", trainable: false, name: "frozen" }).apply(own);
  return {
    inputs: { left, right },
    outputs: {
      digit: dense(10, { activation: "softmax", name: "digit" }).apply(frozen),
      size: dense(1, { activation: "tanh", name: "size" }).apply(frozen),
    },
  };
}

const TWO: CompileOptions = {
  optimizer: sgd(),
  loss: { digit: "sparseCategoricalCrossentropy", size: "meanSquaredError" },
  lossWeights: { digit: 1, size: 0.5 },
};
const halves = (rows: number) => ({
  left: Float32Array.from({ length: rows * 32 }, (_, i) => 40 * scaled[(i >> 5) * 64 + (i % 32)]!),
  right: Float32Array.from({ length: rows * 32 }, (_, i) => 40 * scaled[(i >> 5) * 64 + 32 + (i % 32)]!),
});
const both = (rows: number) => ({
  digit: labels.subarray(0, rows),
  size: Float32Array.from(labels.subarray(0, rows), (label) => label / 10),
});

describe("in a graph", () => {
  const cured = async (cure: Cure) => {
    const { inputs, outputs } = tangled();
    const core = await coreOf(graphOf(inputs, outputs), TWO);
    const { left, right } = halves(20);
    const rows = [left, right].map((data) => ({ data, rows: 20, width: 32 }));
    const setup = applyCure(cure, setupOf(core, rows));
    return setup && architectureOf(setup, core.architecture);
  };

  it("a shared layer stays shared, and each of its places gets a normalization", async () => {
    const { layers, applications, outputs } = (await cured({ kind: "batchNorm", activation: "tanh" }))!;
    const names = applications.map(({ layer }) => layers[layer]!.name);
    expect(names.filter((name) => name === "shared")).toHaveLength(2);
    expect(names.filter((name) => name.startsWith("shared_norm"))).toEqual(["shared_norm", "shared_norm_"]);
    expect(names.filter((name) => name.startsWith("deeper_"))).toEqual(["deeper_norm", "deeper_activation"]);
    expect(names.some((name) => /^(frozen|own|size)_/.test(name))).toBe(false);
    expect(outputs.map(({ name }) => name)).toEqual(["digit", "size"]);
  });

  it("each input gets its scaler", async () => {
    const { layers, inputs } = (await cured({ kind: "scaler", shapes: [] }))!;
    expect(inputs.map(({ name }) => name)).toEqual(["left", "right"]);
    expect(layers.filter(({ kind }) => kind.className === "Normalization").map(({ name }) => name)).toEqual([
      "left_scaling",
      "right_scaling",
    ]);
  });

  it("what does not go with it is left out", async () => {
    expect(await cured({ kind: "fewerLayers", without: ["deeper"] })).toBeUndefined(); // a residual goes around it
    expect(await cured({ kind: "classWeight", weights: { 1: 2 } })).toBeUndefined();
    expect(await cured({ kind: "rescaling", largest: 255 })).toBeUndefined();
  });

  it("cures are tried, and judged by the loss of all outputs", async () => {
    const net = await graph({ ...tangled(), seed: 1 });
    net.compile(TWO);
    const before = stateOf(net as lanewise.Model);
    const { findings, cures } = await net.diagnose(halves(200), both(200), { tryCures: true, cureSteps: 40 });
    expect(findings[0]!.problem).toMatch(/saturation|unscaledInput/);
    expect(cures!.map(({ cure }) => cure)).toContain("as it is");
    expect(cures!.length).toBeGreaterThanOrEqual(4);
    for (const { measure, scores } of cures!) {
      expect(measure).toBe("held-out loss");
      expect(scores.every((score) => score > 0)).toBe(true);
    }
    expect(cures!.map(({ median }) => median)).toEqual(cures!.map(({ median }) => median).sort((a, b) => a - b));
    expect(stateOf(net as lanewise.Model)).toEqual(before);
  });
});

// ── Trying them ─────────────────────────────────────────────────────────────────────────────────────────────────────

const OPTIONS = { tryCures: true, cureSteps: 30 };

describe("tryCures", () => {
  it("gives the same bits again, and leaves the model as it is", async () => {
    const net = await ill();
    await net.fit(few.x, few.y, { epochs: 1 });
    const before = stateOf(net);
    const first = await net.diagnose(few.x, few.y, OPTIONS);
    expect(stateOf(net)).toEqual(before);
    expect((await net.diagnose(few.x, few.y, OPTIONS)).cures).toEqual(first.cures);
    expect(first.cures!.length).toBeGreaterThanOrEqual(3);
    for (const { scores, median } of first.cures!) expect([...scores].sort((a, b) => a - b)[1]).toBe(median);
    const medians = first.cures!.map(({ median }) => median);
    expect(medians).toEqual([...medians].sort((a, b) => b - a));
  });

  it("tells how far it is, stops at its signal, and leaves the model as it is then too", async () => {
    const net = await ill();
    const before = stateOf(net);
    const seen: lanewise.CureProgress[] = [];
    const whole = await net.diagnose(few.x, few.y, { ...OPTIONS, onProgress: (progress) => void seen.push(progress) });
    expect(seen.map(({ training }) => training)).toEqual(times(seen[0]!.trainings, (i) => i + 1));
    expect(seen.slice(0, 3).map(({ score }) => score)).toEqual(
      whole.cures!.find(({ cure }) => cure === "as it is")!.scores,
    );
    const stop = new AbortController();
    const stopped = net.diagnose(few.x, few.y, {
      ...OPTIONS,
      signal: stop.signal,
      onProgress: ({ training }) => void (training === 2 && stop.abort(new Error("enough"))),
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(stateOf(net)).toEqual(before);
  });

  it("tries nothing with a healthy network, and is no part of a report that was not asked for it", async () => {
    const net = await ill([dense(50, { activation: "relu", kernelInitializer: "auto" }), output()]);
    expect((await net.diagnose(few.x, few.y, OPTIONS)).cures).toEqual([]);
    expect((await net.diagnose(few.x, few.y)).cures).toBeUndefined();
  });

  it("refuses what it cannot do before anything is done", async () => {
    const net = await ill();
    const codeOf = async (rows: number, options: object) =>
      (await failureOf(() => net.diagnose(few.x.subarray(0, rows * 64), few.y.subarray(0, rows), options))).code;
    expect(await codeOf(9, { tryCures: true })).toBe("data/too-few-rows");
    expect(await codeOf(300, { tryCures: 3 })).toBe("config/not-a-boolean");
    expect(await codeOf(300, { tryCures: true, cureSteps: 0 })).toBe("config/not-a-positive-integer");
    const { cures } = await net.diagnose(few.x.subarray(0, 640), few.y.subarray(0, 10), { ...OPTIONS, batchSize: 1 });
    expect(cures!.map(({ code }) => code).join()).not.toContain("batchNorm"); // of one row there is no variance
  });

  it("also tries the others at the rate that is told, where the rate is at fault too", async () => {
    const steep = { ...CLASSES, optimizer: adam({ learningRate: 1 }) };
    const layers = times(8, (i) => hidden(i, { activation: "elu" }));
    const { findings, cures } = await (await ill([...layers, output()], steep)).diagnose(few.x, few.y, OPTIONS);
    expect(findings.slice(0, 2).map(({ problem }) => problem)).toEqual(["explodingGradient", "learningRateTooHigh"]);
    const codes = cures!.map(({ code }) => code);
    const rate = codes.find((code) => code.startsWith("learningRate: "))!;
    expect(codes).toContain(`batchNorm({ momentum: 0.9 }), activation("elu"); ${rate}`);
  });

  it("tries them at another rate also where that finding gives way to its cause", async () => {
    const layers = times(10, (i) =>
      hidden(i, { activation: "tanh", kernelInitializer: randomNormal({ stddev: 0.01 }) }),
    );
    const slow = { ...CLASSES, optimizer: adam({ learningRate: 1e-8 }) };
    const net = await ill([...layers, output()], slow);
    const { findings, cures } = await net.diagnose(scaled, labels, { tryCures: true, cureSteps: 150 });
    expect(findings.map(({ problem }) => problem)).toEqual(["vanishingGradient"]);
    expect(cures![0]!.code).toMatch(/^(batchNorm|kernelInitializer|activation).*; learningRate: /);
    expect(cures![0]!.median).toBeGreaterThan(0.3);
    expect(cures!.map(({ code }) => code).some((code) => code.startsWith("learningRate"))).toBe(false);
  });

  it("weighs every class alike where one is nearly all there is", async () => {
    const x = noise(1200 * 4);
    const y = Float32Array.from({ length: 1200 }, (_, i) => (x[i * 4]! > 0.94 ? 1 : 0));
    const net = await sequential({ inputShape: 4, layers: [dense(1, { activation: "sigmoid" })], seed: 1 });
    net.compile({ optimizer: adam({ learningRate: 0.02 }), loss: "binaryCrossentropy" });
    const { findings, cures } = await net.diagnose(x, y, { tryCures: true });
    expect(findings.map(({ problem }) => problem)).toEqual(["labelImbalance"]);
    const [first, second] = cures!;
    expect(first).toMatchObject({ measure: "held-out balanced accuracy", code: expect.stringMatching(/^classWeight/) });
    expect(second).toMatchObject({ cure: "as it is" });
    expect(first!.median).toBeGreaterThan(second!.median + 0.2);
  });

  it("draws no weights anew that training leaves as they are", async () => {
    const eye = Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 65 === 0 ? 10 : 0));
    const layers = [
      dense(64, { kernelInitializer: "zeros", useBias: false, trainable: false, name: "frozen" }),
      ...times(3, (i) => hidden(i, { activation: "tanh", kernelInitializer: randomNormal({ stddev: 3 }) })),
      output(),
    ];
    const net = await ill(layers);
    net.setWeights(new Map([["frozen/kernel", { data: eye, shape: [64, 64] }]]), { strict: false });
    const { findings, cures } = await net.diagnose(scaled, labels, { tryCures: true });
    expect(findings[0]!.problem).toBe("saturation");
    expect(cures!.find(({ cure }) => cure === "as it is")!.median).toBeGreaterThan(0.3); // zeros would get a tenth
  });

  it("knows the statistics of a scaler that came from a file", async () => {
    const x = pixels.map((value) => value * 1000);
    const scaler = standardScaler().fit(x, { shape: 64 });
    const net = await ill([scaler.layer(), ...times(5, (i) => hidden(i)), output()]);
    const tried = await net.diagnose(x, labels, OPTIONS);
    expect(tried.cures!.length).toBeGreaterThan(1);
    expect((await (await loadModel(net.toBytes())).diagnose(x, labels, OPTIONS)).cures).toEqual(tried.cures);
  });

  it("trains at the rate that the model has now", async () => {
    const [set, compiled] = [
      await ill(),
      await ill(undefined, { ...CLASSES, optimizer: adam({ learningRate: 0.02 }) }),
    ];
    set.learningRate = 0.02;
    const tried = await set.diagnose(few.x, few.y, OPTIONS);
    expect(tried.cures).toEqual((await compiled.diagnose(few.x, few.y, OPTIONS)).cures);
    expect(tried.cures).not.toEqual((await (await ill()).diagnose(few.x, few.y, OPTIONS)).cures);
  });

  it("holds out a fifth, every class its share, and leaves no batch of one row", async () => {
    const core = await coreOf(chain([1], [output()]));
    const y = Float32Array.from({ length: 101 }, (_, i) => (i < 10 ? 1 : i < 20 ? 2 : 0));
    const rows = (data: Float32Array) => ({ data, rows: 101, width: 1 });
    const samples = [rows(Float32Array.from(y, (_, i) => i)), rows(y)];
    const { train: kept, held } = split(core, samples, 16);
    const count = (part: typeof held, label: number) => part[1]!.data.filter((value: number) => value === label).length;
    expect([0, 1, 2].map((label) => count(held, label))).toEqual([17, 2, 2]); // of 21: 20 would leave 81 = 5 × 16 + 1
    const rest = [...kept[0]!.data, ...held[0]!.data].sort((a, b) => a - b);
    expect(rest).toEqual(times(101, (i) => i));
    for (const [x, labels] of [kept, held]) expect([...x!.data].map((row) => y[row])).toEqual([...labels!.data]);
  });

  it("leaves out what cannot be drawn again: by a function that a file has lost", async () => {
    const own = () => noise(64 * 50).map((value) => value * 10);
    const layers = [
      dense(50, { activation: "sigmoid", kernelInitializer: own as lanewise.CustomInitializer, name: "a" }),
      output(),
    ];
    const net = await ill(layers);
    expect((await net.diagnose(few.x, few.y, OPTIONS)).cures!.map(({ cure }) => cure)).toContain("as it is");
    const loaded = await loadModel(net.toBytes());
    const { cures } = await loaded.diagnose(few.x, few.y, OPTIONS);
    expect(cures!.map(({ code }) => code)).toEqual(['kernelInitializer: "glorotUniform"']);
  });
});
