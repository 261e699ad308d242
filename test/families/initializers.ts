import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { dense, initializers as factories, type Initializer, sequential } from "../../src/index.js";
import { type InitializerName, INITIALIZERS, resolveInitializer } from "../../src/initializers/table.js";
import { INITIALIZERS as KERAS } from "../golden/keras.js";
import { INITIALIZERS as TWINS } from "../reference/initializers.js";
import { plain } from "./networks.js";
import type { FamilyUnderTest, Figures, Member, Size } from "./suite.js";

/** PyTorch's, of many draws: make_initializers.py. */
interface Golden {
  readonly name: string;
  readonly options: object;
  readonly mean: number;
  readonly stddev: number;
  readonly least: number;
  readonly greatest: number;
}
const golden = JSON.parse(readFileSync(new URL("../golden/initializers.json", import.meta.url), "utf8")) as {
  readonly rows: number;
  readonly columns: number;
  readonly figures: Golden[];
};

const SEED = 3;
const OTHER_SEED = { seed: 2 ** 40 + 5 };

/** Options to try beside the defaults and a seed of its own. */
const OPTIONS: Readonly<Record<string, readonly object[]>> = {
  constant: [{ value: -0.375 }],
  randomNormal: [{ mean: 0.5, stddev: 2 }],
  randomUniform: [{ minval: -0.25, maxval: 0.75 }],
  truncatedNormal: [{ mean: -1, stddev: 0.5 }],
  varianceScaling: ["fanIn", "fanOut", "fanAvg"].flatMap((mode) =>
    ["normal", "truncatedNormal", "uniform"].map((distribution) => ({ scale: 1.5, mode, distribution })),
  ),
  orthogonal: [{ gain: 1.5 }],
  identity: [{ gain: -2 }],
};

const describedBy = ({ name, options }: Member) => resolveInitializer({ ...options, name } as Initializer);

async function kernel(member: Member, { rows, width }: Size): Promise<Float32Array> {
  const layers = [dense(width, { kernelInitializer: describedBy(member) as Initializer, name: "d" })];
  return (await sequential({ inputShape: rows, layers, seed: SEED })).getWeights().get("d/kernel")!.data;
}

function momentsOf(values: Float32Array): { mean: number; stddev: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, stddev: Math.sqrt(values.reduce((sum, w) => sum + (w - mean) ** 2, 0) / values.length) };
}

function figures(name: string): Figures[] {
  const { rows, columns } = golden;
  const ofTorch = golden.figures
    .filter((figure) => figure.name === name)
    .map(({ options, mean, stddev, least, greatest }) => ({
      source: `PyTorch's statistics ${JSON.stringify(options)}`,
      async check() {
        const values = await kernel({ name, options }, { rows, width: columns });
        const found = momentsOf(values);
        // Two samples of n: four standard errors of their difference, that of a mean being σ/√n and that of a deviation
        // at most σ/√2n (of a normal distribution; a flatter one has less).
        const error = 4 * Math.SQRT2 * (stddev / Math.sqrt(values.length));
        expect(Math.abs(found.mean - mean)).toBeLessThanOrEqual(error + 1e-7 * Math.abs(mean));
        expect(Math.abs(found.stddev - stddev)).toBeLessThanOrEqual(error / Math.SQRT2 + 1e-7 * stddev);
        if (!/niform/.test(name + JSON.stringify(options))) return;
        // Both bounds are all but reached.
        expect(Math.abs(Math.min(...values) - least)).toBeLessThan(1e-3 * (greatest - least));
        expect(Math.abs(Math.max(...values) - greatest)).toBeLessThan(1e-3 * (greatest - least));
      },
    }));
  const ofKeras = (KERAS[name] ?? []).map(({ options, stddev }) => ({
    source: `Keras's deviation of (25, 20) ${JSON.stringify(options)}`,
    async check() {
      const found = momentsOf(await kernel({ name, options }, { rows: 25, width: 20 }));
      expect(Math.abs(found.stddev - stddev)).toBeLessThan(0.1);
    },
  }));
  return [...ofTorch, ...ofKeras];
}

export const initializerFamily: FamilyUnderTest = {
  kind: INITIALIZERS.kind,
  names: Object.keys(INITIALIZERS.rows),
  naming: {
    family: INITIALIZERS,
    resolve: (given) => resolveInitializer(given as Initializer),
    module: factories,
    accepts: (given) => typeof given === "function", // of one's own
  },
  files: {
    cases: "src/initializers/table.ts: its options",
    twin: "test/reference/initializers.ts (INITIALIZERS)",
    figures: "test/golden/make_initializers.py, and run it",
  },
  cases(name) {
    const seeded = "seed" in INITIALIZERS.rows[name as InitializerName].options;
    return [{}, ...(OPTIONS[name] ?? []), ...(seeded ? [OTHER_SEED] : [])];
  },
  hasTwin: (name) => name in TWINS,
  differentiable: false,
  figures,

  async follows(member, size) {
    const { rows, width } = size;
    const description = describedBy(member);
    const seed = (description.seed as number | undefined) ?? SEED;
    const draw = { seedLo: seed >>> 0, seedHi: Math.floor(seed / 2 ** 32), op: 0 };
    const expected = TWINS[member.name as InitializerName]([rows, width], draw, description);
    const found = await kernel(member, size);
    const largest = Math.max(...expected.map(Math.abs));
    // Bounds and deviations are rounded to f32, and the result. Orthonormal vectors hang on each other.
    const roundings = member.name === "orthogonal" ? 256 : 3;
    expected.forEach((w, i) => expect(Math.abs(found[i]! - w)).toBeLessThanOrEqual(roundings * 2 ** -24 * largest));
  },

  network: (member, size) => plain(size, {}, { kernelInitializer: describedBy(member) }),
};
