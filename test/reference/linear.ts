// Losses of linear classifiers by the row, and the steps of their duals, in f64. Rows are arrays; a row's cost is its weight.

export const inner = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, j) => sum + value * b[j]!, 0);

/** Value, first and second derivative by z. */
export interface Derivatives {
  readonly value: number;
  readonly slope: number;
  readonly curvature: number;
}

export function squaredHinge(z: number, sign: number, cost: number): Derivatives {
  const miss = Math.max(0, 1 - sign * z);
  return { value: cost * miss ** 2, slope: -2 * cost * sign * miss, curvature: miss > 0 ? 2 * cost : 0 };
}

export function logistic(z: number, sign: number, cost: number): Derivatives {
  const right = 1 / (1 + Math.exp(-sign * z));
  const wrong = 1 / (1 + Math.exp(sign * z));
  const value = sign * z > 0 ? Math.log1p(Math.exp(-sign * z)) : Math.log1p(Math.exp(sign * z)) - sign * z;
  return { value: cost * value, slope: -sign * cost * wrong, curvature: cost * right * wrong };
}

/** Of scores z (classes). */
export function softmaxLoss(z: readonly number[], label: number, cost: number) {
  const max = Math.max(...z);
  const terms = z.map((value) => Math.exp(value - max));
  const sum = terms.reduce((a, b) => a + b, 0);
  const p = terms.map((term) => term / sum);
  const slopes = p.map((share, k) => cost * (share - (k === label ? 1 : 0)));
  return { value: cost * (Math.log(sum) + max - z[label]!), slopes, p };
}

/** What is solved, and the solution as it stands: changed in place. */
export interface HingeDual {
  readonly x: readonly (readonly number[])[];
  readonly signs: readonly number[];
  readonly costs: readonly number[];
  readonly alpha: number[];
  readonly w: number[];
}

/** One sweep of dual coordinate descent; `limits` of the sweep before. Which rows stay, and the limits of this one. */
export function hingeSweep(dual: HingeDual, rows: readonly number[], limits: readonly [number, number]) {
  const { x, signs, costs, alpha, w } = dual;
  const [kept, projections]: [number[], number[]] = [[], []];
  for (const row of rows) {
    const gradient = signs[row]! * inner(x[row]!, w) - 1;
    const [atZero, atCost] = [alpha[row] === 0, alpha[row] === costs[row]];
    if ((atZero && gradient > limits[0]) || (atCost && gradient < limits[1])) continue;
    kept.push(row);
    const outward = (atZero && gradient > 0) || (!atZero && atCost && gradient < 0);
    projections.push(outward ? 0 : gradient);
    if (outward) continue;
    const after = Math.min(Math.max(alpha[row]! - gradient / inner(x[row]!, x[row]!), 0), costs[row]!);
    x[row]!.forEach((value, j) => (w[j]! += (after - alpha[row]!) * signs[row]! * value));
    alpha[row] = after;
  }
  return { kept, greatest: Math.max(...projections), least: Math.min(...projections) };
}

/**
 * The alphas of one row of Crammer and Singer's dual that minimize ½ square ‖a − before‖² + gradients · (a − before) with
 * Σ a = 0, a ≤ cost at the label and ≤ 0 elsewhere: by bisection of the level, which the kernel does not do.
 */
export function crammerSingerRow(
  gradients: readonly number[],
  before: readonly number[],
  { square, cost, label }: { square: number; cost: number; label: number },
): number[] {
  const at = (level: number) =>
    gradients.map((gradient, k) => {
      const bound = k === label ? cost : 0;
      return Math.min(bound, (level - (gradient - square * before[k]!)) / square);
    });
  const reach = Math.max(...gradients.map(Math.abs)) + square * (cost + Math.max(...before.map(Math.abs))) + 1;
  let [low, high] = [-reach * gradients.length, reach * gradients.length];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (at(middle).reduce((a, b) => a + b, 0) > 0) high = middle;
    else low = middle;
  }
  return at((low + high) / 2);
}
