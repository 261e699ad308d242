import { knownOptions, positiveInteger, show } from "../check.js";
import { ConfigError } from "../errors.js";

export interface FunnelOptions {
  /** How many values go in: the width that the funnel narrows from. */
  input: number;
  /** How many come out, such as the number of classes; at most `input`. */
  output: number;
  /** How many hidden layers lie between, up to 1000. */
  hiddenLayers: number;
  /** How wide the first of them is (default: one step narrower than `input`); it may be wider than `input`. */
  first?: number;
}

const OPTIONS = { input: true, output: true, hiddenLayers: true, first: true };
const MOST_LAYERS = 1000;

/** Units that a product's kernels compute at once, and from which width on the rounding to them hardly shows (6 %). */
const LANES = 4;
const ROUNDED_FROM = 32;

/**
 * Widths of hidden layers that narrow from the input towards the output, each by the same factor: with w₀ the input and w₍ₙ₊₁₎
 * the output, wᵢ is the whole number nearest to w₀ · (w₍ₙ₊₁₎ / w₀)^(i / (n + 1)). With `first`, the layers behind it narrow from
 * it instead. From 32 units on a width is rounded to a multiple of 4, so that no lane of the kernels' vectors runs empty.
 * No width is above the one before it or below the output. Computed in whole numbers: the same widths on every engine.
 *
 * Why narrowing: what the many inputs hold that the few outputs need fits into ever fewer, ever more abstract features, as
 * in Hinton and Salakhutdinov's 784-1000-500-250-30 (2006, Science 313), and each layer costs a like factor less than the one
 * before. It is a good default, no law: on some tasks equal widths do as well or better (Larochelle, Bengio, Louradour,
 * Lamblin 2009, JMLR 10). Why depth rather than width: a deep network folds its input over and over, so that the linear regions
 * of a ReLU network grow exponentially with depth and only polynomially with width (Montúfar, Pascanu, Cho, Bengio 2014,
 * arXiv:1402.1869), and there are functions that a few more layers compute and a shallow network needs exponentially many
 * units for (Telgarsky 2016, arXiv:1602.04485).
 *
 * @returns hiddenLayers widths, from the input on
 * @throws ConfigError `config/not-a-positive-integer`, `config/out-of-range`; `config/not-narrowing` where the output is wider
 *   than what it narrows from
 * @example
 * funnel({ input: 784, output: 10, hiddenLayers: 3 }); // [264, 88, 30]
 * const layers = funnel({ input: 784, output: 10, hiddenLayers: 3 }).map((units) => dense(units, { activation: "elu" }));
 */
export function funnel(options: FunnelOptions): number[] {
  const given = knownOptions<FunnelOptions>(options, "funnel()", OPTIONS);
  const input = positiveInteger(given.input, "input of funnel");
  const output = positiveInteger(given.output, "output of funnel");
  const count = positiveInteger(given.hiddenLayers, "hiddenLayers of funnel");
  if (count > MOST_LAYERS) {
    throw new ConfigError(
      "config/out-of-range",
      `hiddenLayers of funnel must be at most ${MOST_LAYERS}; got ${show(count)}.`,
    );
  }
  if (given.first === undefined) return between("input", input, output, count);
  const first = positiveInteger(given.first, "first of funnel");
  return [first, ...between("first", first, output, count - 1)];
}

/** `count` widths between two that are not among them. */
function between(name: string, from: number, to: number, count: number): number[] {
  if (to > from) {
    throw new ConfigError(
      "config/not-narrowing",
      `A funnel narrows, and its output of ${to} is wider than its ${name} of ${from}. ` +
        `Give the widest layer as first, at least ${to}, or list the widths yourself.`,
    );
  }
  const widths: number[] = [];
  for (let i = 1; i <= count; i++) {
    const width = inLanes(nearestBetween(BigInt(from), BigInt(to), BigInt(i), BigInt(count + 1)));
    widths.push(Math.max(to, Math.min(width, widths.at(-1) ?? from)));
  }
  return widths;
}

function inLanes(width: number): number {
  return width < ROUNDED_FROM ? width : LANES * Math.round(width / LANES);
}

/**
 * The whole number nearest to the geometric mean from^((n − i) / n) · to^(i / n), from ≥ to: the largest w with
 * w − ½ ≤ ⁿ√power, that is (2w − 1)ⁿ ≤ 2ⁿ · power, by bisection.
 */
function nearestBetween(from: bigint, to: bigint, i: bigint, n: bigint): number {
  const power = 2n ** n * from ** (n - i) * to ** i;
  let [low, high] = [to, from];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if ((2n * middle - 1n) ** n <= power) low = middle;
    else high = middle - 1n;
  }
  return Number(low);
}
