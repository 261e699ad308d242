import { finiteNumber, positiveNumber, seedValue } from "../check.js";
import { ConfigError } from "../errors.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import { type Shape, sizeOf } from "../shape.js";

/** How many values feed one unit, and how many units one value feeds: what variance scaling divides by. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** How a variable can be filled; `stddev` is that of the normal before any truncation. */
export type Fill =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "normal"; readonly mean: number; readonly stddev: number }
  | { readonly kind: "truncatedNormal"; readonly mean: number; readonly stddev: number }
  | { readonly kind: "orthogonal" | "identity"; readonly gain: number };

/**
 * An initializer of one's own: the values of a variable of this shape, in row-major order. `seed` is another whole number for
 * every variable and every seed of the model.
 */
export type CustomInitializer = (shape: readonly number[], context: Fans & { readonly seed: number }) => Float32Array;

interface InitializerRow extends FamilyRow {
  readonly fill: (options: Record<string, number>, fans: Fans, given: Readonly<Record<string, unknown>>) => Fill;
}

export type Mode = "fanIn" | "fanOut" | "fanAvg";
export type Distribution = "normal" | "truncatedNormal" | "uniform";

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

const GLOROT = "Glorot, Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html";
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
  orthogonal: {
    options: { gain: 1, ...seeded },
    formula: "gain · Q, Q of orthonormal columns (rows, where it is wider than high)",
    paper: "Saxe, McClelland, Ganguli 2013, arXiv:1312.6120",
    fill: ({ gain }) => ({ kind: "orthogonal", gain: gain! }),
  },
  identity: {
    options: { gain: 1 },
    formula: "gain · I",
    fill: ({ gain }) => ({ kind: "identity", gain: gain! }),
  },
  auto: {
    options: seeded,
    formula: "heNormal, lecunNormal or glorotUniform, by the activation of the layer",
    fill: (_, fans) => scaled(1, "fanAvg", "uniform", fans), // where no activation follows: Glorot
  },
} as const satisfies Record<string, InitializerRow>;

/** Every initializer: one row each. */
export const INITIALIZERS: Family<Record<keyof typeof rows, InitializerRow>> = { kind: "initializer", rows };

export type InitializerName = keyof typeof rows;
/** A function stands under the name "custom"; JSON drops it, and what comes back from a file has the name alone. */
export type CustomDescription = Readonly<{ name: "custom"; draw?: CustomInitializer; seed?: never }>;
export type InitializerDescription = Description<InitializerName> | CustomDescription;
/**
 * What an initializer option takes: a name, what a factory returns, or a function of one's own. A saved model holds the
 * weights that the function made, never the function: loaded, it is complete, and only drawing such weights anew is refused.
 */
export type Initializer = InitializerName | Description<InitializerName> | CustomInitializer;

/** A complete description; options out of range are refused. */
export function resolveInitializer(given: Initializer | InitializerDescription): InitializerDescription {
  if (typeof given === "function") return Object.freeze({ name: "custom", draw: given });
  if (isCustom(given)) return given;
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

function isCustom(given: unknown): given is CustomDescription {
  return typeof given === "object" && given !== null && (given as CustomDescription).name === "custom";
}

/** The initializer itself, or what "auto" stands for: `fitting`, with its seed. */
export function concrete(description: InitializerDescription, fitting: InitializerName): InitializerDescription {
  if (description.name !== "auto") return description;
  const { seed } = description;
  return describe(INITIALIZERS, fitting, { seed });
}

/** What to fill a variable of these fans with. */
export function fillOf(description: Description<InitializerName>, fans: Fans): Fill {
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
