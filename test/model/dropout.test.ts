import { describe, expect, test } from "vitest";
import {
  activation,
  alphaDropout,
  dense,
  dropout,
  gaussianNoise,
  type LayerSpec,
  type Model,
  sequential,
  sgd,
} from "../../src/index.js";
import * as twin from "../reference/dropout.js";
import { failureOf, noise } from "./helpers.js";

const WIDTH = 7;
const ROWS = 9;
const x = noise(ROWS * WIDTH, 4);
const zeros = new Float32Array(ROWS * WIDTH);

/** x, a kernel of ones on the diagonal, then `layer`: the loss's gradient by the kernel shows the mask. */
async function masked(layer: LayerSpec, { seed = 5, learningRate = 1e-30 } = {}): Promise<Model> {
  const model = await sequential({
    inputShape: WIDTH,
    layers: [dense(WIDTH, { name: "d", useBias: false }), layer],
    seed,
  });
  model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
  const data = Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => (i % (WIDTH + 1) === 0 ? 1 : 0));
  model.setWeights(new Map([["d/kernel", { data, shape: [WIDTH, WIDTH] }]]));
  return model;
}

const kernelGradient = (model: Model) => [...model.gradients(x, zeros).get("d/kernel")!.data];

/** Loss and the kernel's gradient of mean y², with y = f(x) and dx = back(dy). */
function expected(y: readonly number[], back: (dy: number[]) => number[]) {
  const loss = y.reduce((sum, value) => sum + value * value, 0) / y.length;
  const dx = back(y.map((value) => (2 * value) / y.length));
  const gradient = Array.from({ length: WIDTH * WIDTH }, (_, at) => {
    const [i, j] = [Math.floor(at / WIDTH), at % WIDTH];
    return Array.from({ length: ROWS }, (_, r) => x[r * WIDTH + i]! * dx[r * WIDTH + j]!).reduce((a, b) => a + b, 0);
  });
  return { loss, gradient };
}

const CASES: Record<
  string,
  { layer: (seed?: number) => LayerSpec; twin: (draw: twin.Draw) => ReturnType<typeof expected> }
> = {
  dropout: {
    layer: (seed) => dropout(0.4, seed === undefined ? {} : { seed }),
    twin: (draw) => expected(twin.dropout(x, 0.4, draw), (dy) => twin.dropout(dy, 0.4, draw)),
  },
  alphaDropout: {
    layer: (seed) => alphaDropout(0.3, seed === undefined ? {} : { seed }),
    twin: (draw) => expected(twin.alphaDropout(x, 0.3, draw), (dy) => twin.alphaDropoutBackward(dy, 0.3, draw)),
  },
  gaussianNoise: {
    layer: (seed) => gaussianNoise(0.5, seed === undefined ? {} : { seed }),
    twin: (draw) => expected(twin.gaussianNoise(x, 0.5, draw), (dy) => dy),
  },
};

describe.each(Object.entries(CASES))("%s", (name, { layer, twin: twinOf }) => {
  test("loss and gradient are the twin's at each step: back goes through the mask of forward", async () => {
    for (const own of [undefined, 0, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1]) {
      const model = await masked(layer(own));
      for (let step = 0; step < 3; step++) {
        const { loss, gradient } = twinOf({ layer: 1, step, seed: own ?? 5 });
        kernelGradient(model).forEach((g, i) => expect(g).toBeCloseTo(gradient[i]!, 5));
        expect(model.trainOnBatch(x, zeros).loss).toBeCloseTo(loss, 5);
      }
    }
  });

  test("gradients() uses the mask of the step that comes next, and steps differ", async () => {
    const model = await masked(layer());
    const first = kernelGradient(model);
    expect(kernelGradient(model)).toEqual(first);
    const before = model.gradients(x, zeros);
    const stepping = await masked(layer(), { learningRate: 1 });
    const start = [...stepping.getWeights().get("d/kernel")!.data];
    stepping.trainOnBatch(x, zeros);
    const moved = stepping
      .getWeights()
      .get("d/kernel")!
      .data.map((w, i) => start[i]! - w);
    moved.forEach((change, i) => expect(change).toBeCloseTo(before.get("d/kernel")!.data[i]!, 6));
    model.trainOnBatch(x, zeros);
    expect(kernelGradient(model)).not.toEqual(first);
  });

  test("inference has no record of it", async () => {
    const model = await masked(layer());
    expect(model.program()).not.toContain(name);
    expect(model.program({ training: true })).toContain(name);
    model.predict(x).data.forEach((value, i) => expect(value).toBe(x[i]));
    const { loss } = await model.evaluate(x, zeros);
    expect(loss).toBeCloseTo(x.reduce((sum, value) => sum + value * value, 0) / x.length, 6);
  });

  test("the same seed gives the same bits, another seed others; a layer's own seed counts alone", async () => {
    const trained = async (own?: number, seed?: number) => {
      const model = await masked(layer(own), { learningRate: 0.1, ...(seed !== undefined && { seed }) });
      await model.fit(x, zeros, { epochs: 3, batchSize: 4, shuffle: false });
      return [...model.getWeights().get("d/kernel")!.data];
    };
    expect(await trained()).toEqual(await trained());
    expect(await trained(undefined, 6)).not.toEqual(await trained());
    expect(await trained(9, 6)).toEqual(await trained(9, 5));
    expect(await trained(9)).not.toEqual(await trained(8));
  });

  test("a larger capacity moves no mask", async () => {
    const [small, large] = [await masked(layer()), await masked(layer())];
    large.gradients(noise(100 * WIDTH), new Float32Array(100 * WIDTH)); // room for 100 rows
    expect(kernelGradient(large)).toEqual(kernelGradient(small));
  });

  test("two layers of one model draw different numbers", async () => {
    const layers = [dense(WIDTH, { name: "d", useBias: false }), layer(), layer()];
    const model = await sequential({ inputShape: WIDTH, layers, seed: 5 });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const ones = new Float32Array(ROWS * WIDTH).fill(1);
    expect(model.gradients(ones, zeros).size).toBe(1);
    expect(model.program({ training: true })).toMatch(new RegExp(`${name} .*layer 1[^]*${name} .*layer 2`));
  });

  test("a strength of 0 is no record at all", async () => {
    const model = await masked(name === "gaussianNoise" ? gaussianNoise(0) : dropout(0));
    expect(model.program({ training: true })).not.toMatch(/dropout|noise/i);
  });
});

test("the mean is kept, and alphaDropout keeps the variance of standard normal values", async () => {
  const n = 40000;
  const outputs = (values: readonly number[]) => {
    const mean = values.reduce((a, b) => a + b, 0) / n;
    return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / n };
  };
  const ones = new Float32Array(n).fill(1);
  const model = await sequential({
    inputShape: n,
    layers: [dropout(0.2), dense(1, { useBias: false, kernelInitializer: "ones" })],
    seed: 2,
  });
  model.compile({ optimizer: sgd({ learningRate: 1e-30 }), loss: "meanSquaredError" });
  const { loss } = model.trainOnBatch(ones, [0]); // the sum of the outputs, squared
  expect(Math.abs(Math.sqrt(loss!) / n - 1)).toBeLessThan(4 * Math.sqrt(0.25 / n));

  const draw = { layer: 0, step: 0, seed: 1 };
  const standard = twin.gaussianNoise(new Float64Array(n), 1, draw);
  const { mean, variance } = outputs(twin.alphaDropout(standard, 0.3, draw));
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(n));
  expect(Math.abs(variance - 1)).toBeLessThan(0.03);
});

test("dropout stands between hidden layers of a classifier that learns", async () => {
  const layers = [
    dense(16, { activation: "relu" }),
    dropout(0.25),
    dense(8),
    activation("tanh"),
    alphaDropout(0.1),
    dense(1),
  ];
  const model = await sequential({ inputShape: WIDTH, layers, seed: 3 });
  model.compile({ optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }), loss: "meanSquaredError" });
  const many = noise(200 * WIDTH, 8);
  const y = Float32Array.from({ length: 200 }, (_, i) => many[i * WIDTH]! - many[i * WIDTH + 1]!);
  const before = (await model.evaluate(many, y)).loss!;
  await model.fit(many, y, { epochs: 30, batchSize: 20 });
  expect((await model.evaluate(many, y)).loss!).toBeLessThan(before / 4);
});

describe("refuses", () => {
  test.each([1, -0.1, NaN, Infinity, 1 - 1e-12, "0.5", undefined])("a rate of %s", async (rate) => {
    for (const factory of [dropout, alphaDropout]) {
      expect((await failureOf(() => factory(rate as number))).code).toBe("config/bad-rate");
    }
  });

  test.each([-1, NaN, Infinity, "1", undefined])("a deviation of %s", async (stddev) => {
    expect((await failureOf(() => gaussianNoise(stddev as number))).code).toBe("config/bad-stddev");
  });

  test("a seed that is none, and unknown options", async () => {
    for (const factory of [dropout, alphaDropout, gaussianNoise]) {
      expect((await failureOf(() => factory(0.5, { seed: -1 }))).code).toBe("config/bad-seed");
      expect((await failureOf(() => factory(0.5, { sed: 1 } as object))).code).toBe("config/unknown-option");
    }
  });
});
