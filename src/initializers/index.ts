import { finiteNumber, positiveNumber, seedValue } from "../check.js";
import { ConfigError } from "../errors.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import { type Shape, sizeOf } from "../shape.js";

/** How many values feed one unit, and how many units one value feeds: what variance scaling divides by. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Fills of a variable that the kernels know; `stddev` is that of the normal before any truncation. */
export type Fill =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "normal"; readonly mean: number; readonly stddev: number }
  | { readonly kind: "truncatedNormal"; readonly mean: number; readonly stddev: number };

interface InitializerRow extends FamilyRow {
  readonly fill: (options: Record<string, number>, fans: Fans, given: Readonly<Record<string, unknown>>) => Fill;
}

type Mode = "fanIn" | "fanOut" | "fanAvg";
type Distribution = "normal" | "truncatedNormal" | "uniform";

/** The standard deviation of a standard normal that is cut at ±2: what truncation takes away is given back. */
const TRUNCATED_STDDEV = 0.8796256610342398;

/** Variance scale / fan, drawn from `distribution`: the shape that Glorot, He and LeCun share. */
function scaled(scale: number, mode: Mode, distribution: Distribution, fans: Fans): Fill {
  const fan = { fanIn: fans.fanIn, fanOut: fans.fanOut, fanAvg: (fans.fanIn + fans.fanOut) / 2 }[mode];
  const stddev = Math.sqrt(scale / Math.max(1, fan));
  if (distribution === "uniform") {
    const limit = Math.sqrt((3 * scale) / Math.max(1, fan));
    return { kind: "uniform", low: -limit, high: limit };
  }
  if (distribution === "normal") return { kind: "normal", mean: 0, stddev };
  return { kind: "truncatedNormal", mean: 0, stddev: stddev / TRUNCATED_STDDEV };
}

const GLOROT = "Glorot, Bengio 2010, AISTATS";
const HE = "He, Zhang, Ren, Sun 2015, arXiv:1502.01852";
const LECUN = "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp";
const seeded = { seed: undefined };

const rows = {
  zeros: { options: {}, formula: "0", fill: () => ({ kind: "constant", value: 0 }) },
  ones: { options: {}, formula: "1", fill: () => ({ kind: "constant", value: 1 }) },
  constant: { options: { value: 0 }, formula: "value", fill: ({ value }) => ({ kind: "constant", value: value! }) },
  randomNormal: {
    options: { mean: 0, stddev: 0.05, ...seeded },
    formula: "N(mean, stddev²)",
    fill: ({ mean, stddev }) => ({ kind: "normal", mean: mean!, stddev: stddev! }),
  },
  randomUniform: {
    options: { minval: -0.05, maxval: 0.05, ...seeded },
    formula: "U[minval, maxval)",
    fill: ({ minval, maxval }) => ({ kind: "uniform", low: minval!, high: maxval! }),
  },
  truncatedNormal: {
    options: { mean: 0, stddev: 0.05, ...seeded },
    formula: "N(mean, stddev²), cut at ±2 stddev",
    fill: ({ mean, stddev }) => ({ kind: "truncatedNormal", mean: mean!, stddev: stddev! }),
  },
  varianceScaling: {
    options: { scale: 1, mode: "fanIn", distribution: "truncatedNormal", ...seeded },
    formula: "variance scale / fan",
    fill: ({ scale }, fans, { mode, distribution }) => scaled(scale!, mode as Mode, distribution as Distribution, fans),
  },
  glorotUniform: {
    options: seeded,
    formula: "U[−l, l), l = √(6 / (fanIn + fanOut))",
    paper: GLOROT,
    fill: (_, fans) => scaled(1, "fanAvg", "uniform", fans),
  },
  glorotNormal: {
    options: seeded,
    formula: "truncated N(0, 2 / (fanIn + fanOut))",
    paper: GLOROT,
    fill: (_, fans) => scaled(1, "fanAvg", "truncatedNormal", fans),
  },
  heUniform: {
    options: seeded,
    formula: "U[−l, l), l = √(6 / fanIn)",
    paper: HE,
    fill: (_, fans) => scaled(2, "fanIn", "uniform", fans),
  },
  heNormal: {
    options: seeded,
    formula: "truncated N(0, 2 / fanIn)",
    paper: HE,
    fill: (_, fans) => scaled(2, "fanIn", "truncatedNormal", fans),
  },
  lecunUniform: {
    options: seeded,
    formula: "U[−l, l), l = √(3 / fanIn)",
    paper: LECUN,
    fill: (_, fans) => scaled(1, "fanIn", "uniform", fans),
  },
  lecunNormal: {
    options: seeded,
    formula: "truncated N(0, 1 / fanIn)",
    paper: LECUN,
    fill: (_, fans) => scaled(1, "fanIn", "truncatedNormal", fans),
  },
} as const satisfies Record<string, InitializerRow>;

/** Every initializer: one row each. */
export const INITIALIZERS: Family<Record<keyof typeof rows, InitializerRow>> = { kind: "initializer", rows };

export type InitializerName = keyof typeof rows;
export type InitializerDescription = Description<InitializerName>;
/** What an initializer option takes: a name, or what a factory returns. */
export type Initializer = InitializerName | InitializerDescription;

/** A complete description; options out of range are refused. */
export function resolveInitializer(given: Initializer): InitializerDescription {
  const description = resolve(INITIALIZERS, given);
  for (const [option, value] of Object.entries(description)) {
    const what = `${option} of initializer "${description.name}"`;
    if (option === "seed") seedValue(value, what);
    else if (option === "stddev" || option === "scale") positiveNumber(value, what);
    else if (option === "mode") oneOf(value, ["fanIn", "fanOut", "fanAvg"], what);
    else if (option === "distribution") oneOf(value, ["normal", "truncatedNormal", "uniform"], what);
    else if (option !== "name") finiteNumber(value, what);
  }
  const { minval, maxval } = description as { minval?: number; maxval?: number };
  if (minval !== undefined && maxval !== undefined && !(minval < maxval)) {
    throw new ConfigError(
      "config/out-of-range",
      `minval must be below maxval; got minval ${minval}, maxval ${maxval}.`,
    );
  }
  return description;
}

/** What to fill a variable of these fans with. */
export function fillOf(description: InitializerDescription, fans: Fans): Fill {
  return INITIALIZERS.rows[description.name].fill(description as unknown as Record<string, number>, fans, description);
}

/** Fans of a kernel [...receptive field, in, out]; of a vector, its length for both. */
export function fansOf(shape: Shape): Fans {
  if (shape.length < 2) return { fanIn: sizeOf(shape), fanOut: sizeOf(shape) };
  const field = sizeOf(shape.slice(0, -2));
  return { fanIn: field * shape.at(-2)!, fanOut: field * shape.at(-1)! };
}

function oneOf(value: unknown, allowed: readonly string[], what: string): void {
  if (!allowed.includes(value as string)) {
    throw new ConfigError("config/out-of-range", `${what} must be one of ${allowed.join(", ")}; got ${String(value)}.`);
  }
}

interface Seeded {
  /** Draws from this seed rather than the model's; two variables still never share their numbers. */
  seed?: number;
}

export const zeros = () => describe(INITIALIZERS, "zeros");
export const ones = () => describe(INITIALIZERS, "ones");
export const constant = (options: { value?: number } = {}) => describe(INITIALIZERS, "constant", options);
/** Normal with the given mean and standard deviation (default 0 and 0.05). */
export const randomNormal = (options: Seeded & { mean?: number; stddev?: number } = {}) =>
  describe(INITIALIZERS, "randomNormal", options);
/** Uniform in [minval, maxval) (default −0.05 and 0.05). */
export const randomUniform = (options: Seeded & { minval?: number; maxval?: number } = {}) =>
  describe(INITIALIZERS, "randomUniform", options);
/** Normal, cut at two standard deviations as in Keras; `stddev` is that before the cut. */
export const truncatedNormal = (options: Seeded & { mean?: number; stddev?: number } = {}) =>
  describe(INITIALIZERS, "truncatedNormal", options);
/** Variance `scale / fan`: what Glorot (1, fanAvg), He (2, fanIn) and LeCun (1, fanIn) are cases of. */
export const varianceScaling = (options: Seeded & { scale?: number; mode?: Mode; distribution?: Distribution } = {}) =>
  describe(INITIALIZERS, "varianceScaling", options);
export const glorotUniform = (options: Seeded = {}) => describe(INITIALIZERS, "glorotUniform", options);
export const glorotNormal = (options: Seeded = {}) => describe(INITIALIZERS, "glorotNormal", options);
export const heUniform = (options: Seeded = {}) => describe(INITIALIZERS, "heUniform", options);
export const heNormal = (options: Seeded = {}) => describe(INITIALIZERS, "heNormal", options);
export const lecunUniform = (options: Seeded = {}) => describe(INITIALIZERS, "lecunUniform", options);
export const lecunNormal = (options: Seeded = {}) => describe(INITIALIZERS, "lecunNormal", options);
