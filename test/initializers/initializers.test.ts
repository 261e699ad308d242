import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIVATIONS, type ActivationName } from "../../src/activations/table.js";
import {
  auto,
  type CustomInitializer,
  dense,
  glorotUniform,
  heNormal,
  identity,
  type Initializer,
  initializers,
  lecunNormal,
  loadModel,
  orthogonal,
  prelu,
  randomNormal,
  sequential,
} from "../../src/index.js";
import { normalCdf } from "../reference/initializers.js";

/** The kernel (rows, columns) that a dense layer gets. */
async function kernel(initializer: Initializer, rows: number, columns: number, seed = 1): Promise<Float32Array> {
  const layers = [dense(columns, { kernelInitializer: initializer, name: "d" })];
  return (await sequential({ inputShape: rows, layers, seed })).getWeights().get("d/kernel")!.data;
}

/** The greatest deviation of WᵀW (of WWᵀ where W is wider than high) from gain² · I, in f64. */
function deviation(w: Float32Array, rows: number, columns: number, gain: number): number {
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const at = (vector: number, k: number) => w[rows < columns ? vector * columns + k : k * columns + vector]!;
  let worst = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let k = 0; k < length; k++) product += at(i, k) * at(j, k);
      worst = Math.max(worst, Math.abs(product - (i === j ? gain * gain : 0)));
    }
  }
  return worst;
}

describe("orthogonal", () => {
  it("has orthonormal columns or rows to 1e-5, of any shape and gain", async () => {
    const size = fc.integer({ min: 1, max: 40 });
    const gain = fc.integer({ min: -20, max: 20 }).map((g) => g / 8);
    await fc.assert(
      fc.asyncProperty(size, size, gain, fc.nat(), async (rows, columns, gain, seed) => {
        const w = await kernel(orthogonal({ gain }), rows, columns, seed);
        expect(deviation(w, rows, columns, gain)).toBeLessThan(1e-5);
      }),
    );
    expect(deviation(await kernel(orthogonal(), 300, 300), 300, 300, 1)).toBeLessThan(1e-5);
  });

  it("is uniform over the orthogonal matrices: in two dimensions the angle of the first column is uniform", async () => {
    const n = 2000;
    const layers = Array.from({ length: n }, () => dense(2, { kernelInitializer: orthogonal(), useBias: false }));
    const weights = [...(await sequential({ inputShape: 2, layers, seed: 9 })).getWeights().values()];
    const angles = weights
      .map(({ data }) => Math.atan2(data[2]!, data[0]!) / (2 * Math.PI) + 0.5)
      .sort((a, b) => a - b);
    const distance = Math.max(...angles.map((u, i) => Math.abs(u - (i + 0.5) / n)));
    expect(Math.sqrt(n) * distance).toBeLessThan(1.95); // Kolmogorov and Smirnov: 999 of 1,000 pass
    // Reflections are as likely as rotations: within four standard errors.
    const rotations = weights.filter(({ data: [a, b, c, d] }) => a! * d! - b! * c! > 0).length;
    expect(Math.abs(rotations - n / 2)).toBeLessThan(4 * Math.sqrt(n / 4));
  });

  it("goes in the direction of its normal numbers: R's diagonal is positive, as in Keras", async () => {
    const normal = await kernel(randomNormal({ stddev: 1, seed: 4 }), 7, 1);
    const norm = Math.sqrt(normal.reduce((sum, v) => sum + v * v, 0));
    const q = await kernel(orthogonal({ seed: 4 }), 7, 1);
    q.forEach((value, i) => expect(value).toBeCloseTo(normal[i]! / norm, 6));
  });

  it("takes two axes", async () => {
    await expect(sequential({ inputShape: 3, layers: [prelu({ alphaInitializer: orthogonal() })] })).rejects.toThrow(
      expect.objectContaining({ code: "shape/not-a-matrix" }),
    );
  });
});

describe("identity", () => {
  it.each([
    { rows: 3, columns: 3, exact: [2, 0, 0, 0, 2, 0, 0, 0, 2] },
    { rows: 2, columns: 3, exact: [2, 0, 0, 0, 2, 0] },
    { rows: 3, columns: 2, exact: [2, 0, 0, 2, 0, 0] },
  ])("$rows × $columns", async ({ rows, columns, exact }) => {
    expect([...(await kernel(identity({ gain: 2 }), rows, columns))]).toEqual(exact);
  });

  it("takes a matrix", async () => {
    await expect(
      sequential({ inputShape: [2, 3, 4], layers: [prelu({ alphaInitializer: "identity" })] }),
    ).rejects.toThrow(expect.objectContaining({ code: "shape/not-a-matrix" }));
  });
});

describe("auto", () => {
  const names = Object.keys(ACTIVATIONS.rows) as ActivationName[];
  const standing = { heNormal: heNormal(), lecunNormal: lecunNormal(), glorotUniform: glorotUniform() };

  it.each(names)("draws what the row of %s says", async (name) => {
    const weights = async (kernelInitializer: Initializer) => {
      const layers = [dense(30, { activation: name, kernelInitializer, name: "d" })];
      return (await sequential({ inputShape: 20, layers, seed: 2 })).getWeights().get("d/kernel")!.data;
    };
    expect(await weights("auto")).toEqual(await weights(standing[ACTIVATIONS.rows[name].initializer]));
    expect(await weights(auto({ seed: 8 }))).not.toEqual(await weights("auto"));
  });

  it("is He for relu, LeCun for selu, Glorot for tanh and where there is no activation", async () => {
    const of = (name: ActivationName) => ACTIVATIONS.rows[name].initializer;
    expect([of("relu"), of("selu"), of("tanh"), of("linear")]).toEqual([
      ...["heNormal", "lecunNormal", "glorotUniform", "glorotUniform"],
    ]);
    const alpha = async (alphaInitializer: Initializer) =>
      [
        ...(await sequential({ inputShape: 9, layers: [prelu({ alphaInitializer })], seed: 2 })).getWeights().values(),
      ][0];
    expect(await alpha("auto")).toEqual(await alpha("glorotUniform"));
  });

  it("stays what it is in a file", async () => {
    const model = await sequential({ inputShape: 2, layers: [dense(3, { kernelInitializer: auto({ seed: 5 }) })] });
    const loaded = await loadModel(model.toBytes());
    expect(loaded.layers[0]!.config).toEqual(model.layers[0]!.config);
    expect(loaded.layers[0]!.config).toMatchObject({ kernelInitializer: { name: "auto", seed: 5 } });
  });
});

describe("a function", () => {
  const counted: CustomInitializer = (shape, { fanIn, fanOut }) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + fanIn / fanOut);

  it("gets shape and fans, and fills the variable", async () => {
    expect([...(await kernel(counted, 3, 2))]).toEqual([1.5, 2.5, 3.5, 4.5, 5.5, 6.5]);
  });

  it("gets a seed of its own for every variable and every model's seed, the same again for the same", async () => {
    const seeds = async (seed: number) => {
      const given: number[] = [];
      const note: CustomInitializer = ([a = 1, b = 1], context) => {
        given.push(context.seed);
        return new Float32Array(a * b);
      };
      const layers = [0, 1, 2].map(() => dense(2, { kernelInitializer: note, biasInitializer: note }));
      await sequential({ inputShape: 2, layers, seed });
      return given;
    };
    const [first, again, other] = [await seeds(1), await seeds(1), await seeds(2 ** 33)];
    expect(again).toEqual(first);
    expect(new Set([...first, ...other]).size).toBe(12);
    expect(first.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
  });

  it("is not in the file, but what it made is: the loaded model is complete and trains on", async () => {
    const model = await sequential({ inputShape: 3, layers: [dense(2, { kernelInitializer: counted, name: "d" })] });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const loaded = await loadModel(model.toBytes({ includeOptimizer: true }));
    expect(loaded.getWeights()).toEqual(model.getWeights());
    expect(loaded.layers[0]!.config).toMatchObject({ kernelInitializer: { name: "custom" } });
    loaded.trainOnBatch([[1, 2, 3]], [[1, 2]]);
    expect(loaded.getWeights()).not.toEqual(model.getWeights());
    expect((await loadModel(loaded.toBytes())).getWeights()).toEqual(loaded.getWeights());
  });

  it("that a file has lost cannot draw anew, and says so", async () => {
    const lost = { name: "custom" } as unknown as Initializer;
    await expect(kernel(lost, 3, 2)).rejects.toThrow(expect.objectContaining({ code: "config/lost-initializer" }));
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["an array", [1, 2, 3, 4, 5, 6]],
    ["too few values", new Float32Array(5)],
    ["NaN", new Float32Array(6).fill(NaN)],
  ])("that returns %s is refused", async (_, values) => {
    const bad = (() => values) as CustomInitializer;
    await expect(kernel(bad, 3, 2)).rejects.toThrow(expect.objectContaining({ code: "config/bad-initializer" }));
  });
});

describe("seeds", () => {
  it.each(["orthogonal", "auto"] as const)("%s: the model's seed, unless it has its own", async (name) => {
    const own = initializers[name]({ seed: 6 });
    expect(await kernel(name, 5, 4, 1)).toEqual(await kernel(name, 5, 4, 1));
    expect(await kernel(name, 5, 4, 1)).not.toEqual(await kernel(name, 5, 4, 2));
    expect(await kernel(own, 5, 4, 1)).toEqual(await kernel(own, 5, 4, 2));
  });

  it("auto's He has He's distribution", async () => {
    const layers = [dense(100, { activation: "relu", kernelInitializer: "auto", name: "d" })];
    const { data } = (await sequential({ inputShape: 100, layers, seed: 3 })).getWeights().get("d/kernel")!;
    const stddev = Math.sqrt(2 / 100) / 0.8796256610342398;
    const inside = normalCdf(2) - normalCdf(-2);
    const distance = Math.max(
      ...[...data]
        .sort((a, b) => a - b)
        .map((v, i) => Math.abs((normalCdf(v / stddev) - normalCdf(-2)) / inside - (i + 0.5) / data.length)),
    );
    expect(Math.sqrt(data.length) * distance).toBeLessThan(1.95);
  });
});

it("gains that are not finite are refused", () => {
  for (const gain of [NaN, Infinity, "1", null]) {
    for (const name of ["orthogonal", "identity"] as const) {
      const given = { name, gain } as unknown as Initializer;
      expect(() => dense(2, { kernelInitializer: given })).toThrow(
        expect.objectContaining({ code: "config/not-finite" }),
      );
    }
  }
});
