// What every optimizer promises beside what every member of a family does (families.test.ts). Most of it runs the
// optimizer's own record through the executor, so that a new row of the table is tested by itself.

import { describe, expect, it } from "vitest";
import * as L from "../../assembly/shared/layout.js";
import { readSafetensors } from "../../src/formats/safetensors.js";
import { dense, loadModel, type Model, sequential } from "../../src/index.js";
import {
  emitOptimizer,
  hyperOf,
  type OptimizerDescription,
  type OptimizerName,
  OPTIMIZERS,
  resolveOptimizer,
  slotsOf,
} from "../../src/optimizers/index.js";
import { GraphBuilder } from "../../src/program/builder.js";
import { Program } from "../../src/program/program.js";
import { Run } from "../../src/program/run.js";
import { Engine } from "../../src/runtime/engine.js";
import { normal } from "../reference/initializers.js";
import { type Segment, step as twinStep } from "../reference/optimizers.js";
import { describeOptimizer, optimizerCases, optionsOfFigures } from "./optimizers.js";

const EPSILON32 = 2 ** -24; // the largest relative error of one rounding
const NAMES = Object.keys(OPTIMIZERS.rows) as OptimizerName[];
const CASES = NAMES.flatMap((name) =>
  optimizerCases(name)
    .filter((options) => !("weightDecay" in options)) // see the last of them
    .map((options) => ({ name, options, title: `${name} ${JSON.stringify(options)}` })),
);

function random(n: number, op: number, stddev: number): Float32Array {
  return Float32Array.from(normal(n, { seedLo: 11, seedHi: 13, op }, 0, stddev));
}

/** An optimizer's record on regions of `size` elements each, 4 bytes off a vector's boundary, in a memory of 0xAA. */
class Bed {
  readonly params: number;
  readonly grads: number;
  readonly slots: ReadonlyMap<string, number>;
  readonly #engine: Engine;
  readonly #run: Run;

  static async create(description: OptimizerDescription, segments: readonly Segment[], size: number): Promise<Bed> {
    return new Bed(await Engine.create(), description, segments, size);
  }

  constructor(engine: Engine, description: OptimizerDescription, segments: readonly Segment[], size: number) {
    this.#engine = engine;
    const region = () => {
      const bytes = 4 + (size + 8) * 4;
      const address = engine.heap.allocate(bytes, "a region");
      engine.u8(address, bytes).fill(0xaa);
      return address + 4;
    };
    this.params = region();
    this.grads = region();
    this.slots = new Map(Object.keys(slotsOf(description)).map((name) => [name, region()]));
    const table = engine.heap.allocate(segments.length * L.SEGMENT_BYTES, "segments");
    segments.forEach(({ offset, length, rateScale, decay }, i) => {
      const at = table + i * L.SEGMENT_BYTES;
      engine.view.setUint32(at + L.SEGMENT_OFFSET, offset, true);
      engine.view.setUint32(at + L.SEGMENT_LENGTH, length, true);
      engine.view.setFloat32(at + L.SEGMENT_RATE_SCALE, rateScale, true);
      engine.view.setFloat32(at + L.SEGMENT_DECAY, decay, true);
      for (const address of [this.params, this.grads, ...this.slots.values()])
        this.f32(address, offset, length).fill(0);
      for (const [name, initial] of Object.entries(slotsOf(description)))
        this.f32(this.slots.get(name)!, offset, length).fill(initial);
    });

    const b = new GraphBuilder();
    const value = (name: string, address: number) => b.value({ name, shape: [size], perRow: false, address });
    emitOptimizer(b, description, {
      segments: b.value({ name: "segments", shape: [segments.length, 4], perRow: false, address: table }),
      parameters: value("parameters", this.params),
      gradients: value("gradients", this.grads),
      slots: Object.fromEntries([...this.slots].map(([name, address]) => [name, value(name, address)])),
    });
    const all = { name: "memory", address: 1024, bytes: engine.exports.memory.buffer.byteLength, writable: true };
    const program = new Program(engine, b.nodes, [all]);
    program.ensure(1);
    this.#run = new Run(engine);
    this.#run.bind(program);
    this.#run.step = 0;
    this.#run.hyper(hyperOf(description));
  }

  f32(region: number, offset: number, length: number): Float32Array {
    return this.#engine.f32(region + offset * 4, length);
  }

  bits(region: number, offset: number, length: number): Uint32Array {
    return this.#engine.u32(region + offset * 4, length).slice();
  }

  step(): void {
    this.#run.begin({ totalRows: 1, batchRows: 1 });
    this.#run.order({ address: 0, shuffle: false, epoch: 0, seed: 0 });
    this.#run.window();
    this.#run.slice(Infinity, 1);
  }

  set stepsDone(steps: number) {
    this.#run.step = steps;
  }
}

/** Segments of 0 to 70 elements at every remainder of 4, with gaps of one to three elements and different settings. */
const segments: Segment[] = [];
let size = 1;
for (let length = 0; length <= 70; length++) {
  const rateScale = [1, 0.5, 0, 3][length % 4]!;
  segments.push({ offset: size, length, rateScale, decay: [0, 0.25, 0.125][length % 3]! });
  size += length + 1 + (length % 3);
}
const inside = new Uint8Array(size);
for (const { offset, length } of segments) inside.fill(1, offset, offset + length);
const onlySegment = (length: number): Segment[] => [{ offset: 0, length, rateScale: 1, decay: 0 }];

describe.each(CASES)("$title", (chosen) => {
  const description = describeOptimizer(chosen);

  it("follows its twin over twelve steps, and touches nothing between the segments", async () => {
    const STEPS = 12;
    const bed = await Bed.create(description, segments, size);
    const start = random(size, 1, 1);
    const params = Float64Array.from(start);
    const slots = Array.from({ length: size }, () => ({ ...slotsOf(description) }));
    const write = (region: number, values: Float32Array) =>
      inside.forEach((isInside, i) => isInside && (bed.f32(region, i, 1)[0] = values[i]!));
    write(bed.params, start);
    for (let t = 1; t <= STEPS; t++) {
      const g = random(size, 100 + t, 2);
      write(bed.grads, g);
      bed.step();
      twinStep(chosen.name, description, segments, params, g, slots, t);
      const kept = bed.f32(bed.grads, 0, size).filter((_, i) => inside[i]);
      expect(kept).toEqual(g.filter((_, i) => inside[i]));
    }

    const expected = new Map<number, ArrayLike<number>>([[bed.params, params]]);
    for (const [name, region] of bed.slots)
      expected.set(
        region,
        slots.map((slot) => (slot as Record<string, number>)[name]!),
      );
    for (const [region, values] of expected) {
      // Each step adds a few roundings of numbers no larger than the region's largest.
      const largest = Array.from(values).reduce((most, x, i) => (inside[i] ? Math.max(most, Math.abs(x)) : most), 0);
      const error = bed
        .f32(region, 0, size)
        .reduce((most, x, i) => (inside[i] ? Math.max(most, Math.abs(x - values[i]!)) : most), 0);
      expect(largest).toBeGreaterThan(0);
      expect(error).toBeLessThan(STEPS * 4 * EPSILON32 * largest);
      expect(bed.bits(region, 0, size).every((word, i) => inside[i] || word === 0xaaaaaaaa)).toBe(true);
      expect(bed.bits(region, -1, 1)[0]).toBe(0xaaaaaaaa);
      expect(bed.bits(region, size, 8).every((word) => word === 0xaaaaaaaa)).toBe(true);
    }
    const moved = bed.f32(bed.params, 0, size).filter((x, i) => inside[i] && x !== start[i]);
    expect(moved.length).toBeGreaterThan(size / 2);
  });

  it("corrects its bias at any step", async () => {
    for (const t of [1, 2, 3, 10, 100, 999, 1000, 65_537]) {
      const bed = await Bed.create(description, onlySegment(1), 1);
      const slot = Object.fromEntries([...bed.slots.keys()].map((name, i) => [name, i === 0 ? 0.5 : 4]));
      for (const [name, region] of bed.slots) bed.f32(region, 0, 1)[0] = slot[name]!;
      bed.f32(bed.grads, 0, 1)[0] = 0.25;
      bed.stepsDone = t - 1;
      bed.step();
      const twin = { ...slot, ...("average" in slot && { squares: slot.v! + slot.average! ** 2 }) };
      if (!("average" in slot) && chosen.name === "rmsprop") Object.assign(twin, { squares: slot.v });
      const params = Float64Array.of(0);
      twinStep(chosen.name, description, onlySegment(1), params, [0.25], [twin], t);
      expect(Math.abs(bed.f32(bed.params, 0, 1)[0]! / params[0]! - 1)).toBeLessThan(16 * EPSILON32);
    }
  });

  it.runIf("epsilon" in description)("adds its epsilon where its formula has it", async () => {
    const large = describeOptimizer({ ...chosen, options: { ...chosen.options, epsilon: 0.25 } });
    const n = 9;
    const bed = await Bed.create(large, onlySegment(n), n);
    const params = new Float64Array(n);
    const slots = Array.from({ length: n }, () => ({ ...slotsOf(large) }));
    for (let t = 1; t <= 3; t++) {
      const g = random(n, 200 + t, 0.5);
      bed.f32(bed.grads, 0, n).set(g);
      bed.step();
      twinStep(chosen.name, large, onlySegment(n), params, g, slots, t);
    }
    const largest = Math.max(...params.map(Math.abs));
    bed
      .f32(bed.params, 0, n)
      .forEach((x, i) => expect(Math.abs(x - params[i]!)).toBeLessThan(64 * EPSILON32 * largest));
  });

  it("begins anew when it is compiled again", async () => {
    const [used, fresh] = [await regression(chosen), await regression(chosen)];
    for (let step = 0; step < 3; step++) used.trainOnBatch(X, Y);
    used.setWeights(fresh.getWeights());
    compileRegression(used, chosen);
    for (let step = 0; step < 2; step++) for (const model of [used, fresh]) model.trainOnBatch(X, Y);
    expect(tensorsOf(used)).toEqual(tensorsOf(fresh));
  });

  it("leaves a segment alone whose rate is zero", async () => {
    const bed = await Bed.create(description, [{ offset: 0, length: 9, rateScale: 0, decay: 0.5 }], 9);
    bed.f32(bed.params, 0, 9).set(random(9, 1, 1));
    bed.f32(bed.grads, 0, 9).set(random(9, 2, 1));
    const before = bed.bits(bed.params, 0, 9);
    bed.step();
    expect(bed.bits(bed.params, 0, 9)).toEqual(before);
  });

  it("gives an element the same bits at any place in a segment", async () => {
    const n = 21;
    const runAt = async (offset: number): Promise<Uint32Array[]> => {
      const segment = { offset: 0, length: n + offset, rateScale: 0.7, decay: 0.01 };
      const bed = await Bed.create(description, [segment], n + offset);
      bed.f32(bed.params, offset, n).set(random(n, 1, 1));
      bed.f32(bed.grads, offset, n).set(random(n, 2, 1));
      for (let step = 1; step <= 5; step++) bed.step();
      return [bed.params, ...bed.slots.values()].map((region) => bed.bits(region, offset, n));
    };
    for (const offset of [1, 2, 3]) expect(await runAt(offset)).toEqual(await runAt(0));
  });

  it("keeps no denormal, however long the gradients are zero", async () => {
    const n = 67;
    const bed = await Bed.create(description, onlySegment(n), n);
    const magnitudes = Float32Array.from({ length: n }, (_, i) => (i % 2 ? -1 : 1) * 10 ** (3 - i / 1.5)); // to 1e-41
    const start = random(n, 1, 1);
    bed.f32(bed.params, 0, n).set(start);
    bed.f32(bed.grads, 0, n).set(magnitudes);
    const isClean = (): boolean =>
      [...bed.slots.values()].every((region) =>
        bed.f32(region, 0, n).every((x) => x === 0 || Math.abs(x) >= Math.fround(1e-30)),
      );
    for (let step = 0; step < 5; step++) bed.step();
    expect(isClean()).toBe(true);
    for (const region of bed.slots.values()) expect(bed.f32(region, 0, n).some((x) => x !== 0)).toBe(true);
    bed.f32(bed.grads, 0, n).fill(0);
    for (let step = 1; step <= 2000; step++) {
      bed.step();
      if (step % 20 === 0) expect(isClean()).toBe(true);
    }
    expect(bed.f32(bed.params, 0, n).every(Number.isFinite)).toBe(true);
    expect(bed.f32(bed.params, 0, n)[0]).not.toBe(start[0]);
  });

  it("never flushes a parameter", async () => {
    const small = Float32Array.of(1e-35, -1e-35, 2 ** -149, -(2 ** -149), 1e-31);
    const bed = await Bed.create(description, onlySegment(5), 5);
    bed.f32(bed.params, 0, 5).set(small);
    bed.step();
    expect(bed.f32(bed.params, 0, 5)).toEqual(small);
  });

  it("finds the least squares", async () => {
    const model = await regression({ ...chosen, options: { ...RATES[chosen.name], ...chosen.options } });
    const { history } = await model.fit(X, Y, { epochs: 1500, batchSize: 24 });
    expect(history.loss!.at(-1)!).toBeLessThan(history.loss![0]! / 1000);
  });

  it("decays weights apart from the step, biases too", async () => {
    const decayed = { learningRate: 0.125, weightDecay: 0.5 };
    const model = await regression({ ...chosen, options: { ...chosen.options, ...decayed } });
    const weights = new Map([...model.getWeights()].map(([name, w]) => [name, { ...w, data: w.data.map(() => 3) }]));
    model.setWeights(weights);
    const zeros = [...weights].map(([name, w]) => [name, { ...w, data: w.data.map(() => 0) }] as const);
    model.applyGradients(new Map(zeros));
    for (const { data } of model.getWeights().values()) expect(data.every((x) => x === 3 * (1 - 0.0625))).toBe(true);
  });
});

/** Weights and slots. */
function tensorsOf(model: Model) {
  return readSafetensors(model.toBytes({ includeOptimizer: true })).tensors;
}

// ── A small convex problem ─────────────────────────────────────────────────────────────────────────────────────────

const X = random(24 * 3, 21, 1);
const Y = Float32Array.from({ length: 24 }, (_, i) => X[i * 3]! - 2 * X[i * 3 + 1]! + 0.5 * X[i * 3 + 2]! + 1);

const RATES: Partial<Record<OptimizerName, object>> = {
  sgd: { learningRate: 0.05 },
  adagrad: { learningRate: 0.5 },
  adadelta: { learningRate: 3 },
  adamW: { learningRate: 0.02, weightDecay: 1e-4 },
  lion: { learningRate: 0.005 },
};

async function regression(chosen: { name: OptimizerName; options: object }): Promise<Model> {
  const model = await sequential({ inputShape: 3, layers: [dense(1)], seed: 5 });
  compileRegression(model, chosen);
  return model;
}

function compileRegression(model: Model, { name, options }: { name: OptimizerName; options: object }): void {
  const optimizer = { learningRate: 0.02, ...options, name } as OptimizerDescription;
  model.compile({ optimizer, loss: "meanSquaredError" });
}

/** Options without figures of others. Averages of the weights are no step: test/model/ema.test.ts. */
const UNSOURCED: Readonly<Record<string, readonly string[]>> = {
  // PyTorch 1.13 has no lion, and Keras's constants are of default betas; decay is Keras's test_weight_decay.
  lion: ["learningRate", "beta1", "beta2", "weightDecay", "ema"],
};

it.each(NAMES)("%s has figures of every option", (name) => {
  const sourced = optionsOfFigures(name);
  const lacking = Object.keys(OPTIMIZERS.rows[name].options).filter((option) => !sourced.has(option));
  const said = UNSOURCED[name] ?? ["ema"];
  expect(lacking, "add figures of these options to test/golden/optimizers.py, and run it").toEqual(said);
});

// ── Options ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Those of Keras 3. */
const ADAM_DEFAULTS = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const DEFAULTS: Readonly<Record<OptimizerName, object>> = {
  sgd: { learningRate: 0.01, momentum: 0, nesterov: false },
  adagrad: { learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7 },
  adadelta: { learningRate: 0.001, rho: 0.95, epsilon: 1e-7 },
  rmsprop: { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false },
  adam: { ...ADAM_DEFAULTS, amsgrad: false },
  adamW: { ...ADAM_DEFAULTS, amsgrad: false, weightDecay: 0.004 },
  nadam: ADAM_DEFAULTS,
  adamax: ADAM_DEFAULTS,
  lion: { learningRate: 0.001, beta1: 0.9, beta2: 0.99 },
};

it.each(NAMES)("%s has Keras's defaults", (name) => {
  expect(resolveOptimizer(name)).toEqual({ ...DEFAULTS[name], name });
});

it.each(NAMES)("%s refuses options out of range", (name) => {
  const refused = (options: object) => () => describeOptimizer({ name, options });
  for (const learningRate of [0, -1, NaN, Infinity, "0.1"]) {
    expect(refused({ learningRate })).toThrow(expect.objectContaining({ code: "config/bad-learning-rate" }));
  }
  for (const weightDecay of [-0.1, NaN, Infinity]) expect(refused({ weightDecay })).toThrow("weightDecay of optimizer");
  expect(refused({ nosuch: 1 })).toThrow(expect.objectContaining({ code: "config/unknown-option" }));
  for (const [option, value] of Object.entries(OPTIMIZERS.rows[name].options)) {
    if (option === "weightDecay" || option === "learningRate") continue;
    expect(refused({ [option]: typeof value === "boolean" ? 1 : -1 })).toThrow(`${option} of optimizer "${name}"`);
  }
});

it("keeps the variance of rmsprop's gradients where their squares cancel", async () => {
  const bed = await Bed.create(describeOptimizer({ name: "rmsprop", options: { centered: true } }), onlySegment(1), 1);
  for (let step = 0; step < 500; step++) {
    bed.f32(bed.grads, 0, 1)[0] = 1000 + (step % 2 ? 0.01 : -0.01);
    bed.step();
  }
  expect(bed.f32(bed.slots.get("v")!, 0, 1)[0]).toBeCloseTo(1e-4, 5);
});

// ── Rates by layer ─────────────────────────────────────────────────────────────────────────────────────────────────

describe("learningRateMultiplier", () => {
  const twoLayers = async (options: object = {}) => {
    const layers = [dense(2, { name: "lower", ...options }), dense(1, { name: "upper" })];
    const model = await sequential({ inputShape: 3, layers, seed: 5 });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    return model;
  };
  const change = (model: Model, act: () => void) => {
    const before = model.getWeights();
    act();
    return new Map(
      [...model.getWeights()].map(([name, { data }]) => [name, data.map((x, i) => x - before.get(name)!.data[i]!)]),
    );
  };

  it("scales the steps of its layer alone, from the next step on", async () => {
    const [plain, scaled] = [await twoLayers(), await twoLayers()];
    for (const model of [plain, scaled]) model.trainOnBatch(X, Y);
    scaled.getLayer("lower").learningRateMultiplier = 0.25;
    const whole = change(plain, () => plain.trainOnBatch(X, Y));
    const quarter = change(scaled, () => scaled.trainOnBatch(X, Y));
    expect(quarter.get("upper/kernel")).toEqual(whole.get("upper/kernel"));
    quarter.get("lower/kernel")!.forEach((x, i) => expect(x).toBeCloseTo(whole.get("lower/kernel")![i]! / 4, 7));
    scaled.getLayer("lower").learningRateMultiplier = 0;
    const none = change(scaled, () => scaled.trainOnBatch(X, Y));
    expect(none.get("lower/kernel")!.every((x) => x === 0)).toBe(true);
    expect(none.get("upper/kernel")!.every((x) => x !== 0)).toBe(true);
  });

  it("is an option of the layer, and saved with the model", async () => {
    const model = await twoLayers({ learningRateMultiplier: 0.5 });
    expect(model.layers.map((layer) => layer.learningRateMultiplier)).toEqual([0.5, 1]);
    model.getLayer("upper").learningRateMultiplier = 2;
    const loaded = await loadModel(model.toBytes());
    expect(loaded.layers.map((layer) => layer.learningRateMultiplier)).toEqual([0.5, 2]);
  });

  it("is 0 or more, and finite", async () => {
    const layer = (await twoLayers()).getLayer("lower");
    for (const multiplier of [-1, NaN, Infinity]) {
      expect(() => (layer.learningRateMultiplier = multiplier)).toThrow("learningRateMultiplier");
    }
    expect(layer.learningRateMultiplier).toBe(1);
  });
});
