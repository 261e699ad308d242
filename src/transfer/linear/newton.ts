// Minimizes what has a gradient and a curvature, by Newton's method with truncated conjugate gradients and a line search:
// Dembo and Steihaug, "Truncated-Newton algorithms for large-scale unconstrained optimization" (1983); for these losses Lin,
// Weng and Keerthi, "Trust region Newton method for logistic regression" (JMLR 9, 2008).

import { addScaled, conjugateGradients, dot, largest, scaledSquare } from "./vectors.js";

/** A convex function of a vector of `size`. */
export interface Objective {
  readonly size: number;
  /** The value at w; the gradient is written. */
  evaluate(w: Float64Array, gradient: Float64Array): Promise<number>;
  /** The Hessian's product with v, at the point last evaluated; need not be exact. */
  curvature(v: Float64Array, product: Float64Array): Promise<void>;
  /** About the Hessian's diagonal there, above 0: what conjugate gradients are scaled by. */
  diagonal(diagonal: Float64Array): void;
}

export interface Minimum {
  readonly w: Float64Array;
  readonly iterations: number;
  /** Whether the gradient fell below the tolerance. */
  readonly converged: boolean;
}

export interface Limits {
  /** For the largest component of the gradient. */
  readonly tolerance: number;
  readonly maxIterations: number;
}

const MOST_PRODUCTS = 200; // of conjugate gradients an iteration
const COARSEST = 0.5; // what share of the gradient a step may leave …
const FINEST = 1e-4; // … and may be asked to: products in 32 bits have little more
const ARMIJO = 1e-4;
const MOST_HALVINGS = 40;

interface Point {
  readonly w: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

export async function minimize(objective: Objective, { tolerance, maxIterations }: Limits): Promise<Minimum> {
  const w = new Float64Array(objective.size);
  let point = await evaluate(objective, w);
  let [iterations, first] = [0, 0];
  while (iterations < maxIterations && !(largest(point.gradient) <= tolerance)) {
    const diagonal = new Float64Array(objective.size);
    objective.diagonal(diagonal);
    const norm = Math.sqrt(scaledSquare(point.gradient, diagonal));
    first ||= norm;
    const share = Math.max(FINEST, Math.min(COARSEST, Math.sqrt(norm / first)));
    const step = await conjugateGradients(
      point.gradient.map((value) => -value),
      diagonal,
      { share: share * share, products: MOST_PRODUCTS },
      (v, product) => objective.curvature(v, product),
    );
    const next = await lineSearch(objective, point, step);
    iterations++;
    if (next === undefined) break;
    const stalled = next.value >= point.value && largest(next.gradient) >= largest(point.gradient);
    if (stalled) break; // rounding is all that is left
    point = next;
  }
  return { w: point.w, iterations, converged: largest(point.gradient) <= tolerance };
}

async function evaluate(objective: Objective, w: Float64Array): Promise<Point> {
  const gradient = new Float64Array(objective.size);
  return { w, value: await objective.evaluate(w, gradient), gradient };
}

/** The first of the whole step, its half, … that lowers the value in proportion to its length. */
async function lineSearch(objective: Objective, from: Point, step: Float64Array): Promise<Point | undefined> {
  const slope = dot(from.gradient, step);
  if (!(slope < 0)) return undefined;
  const rounding = 4 * Number.EPSILON * Math.abs(from.value);
  for (let halvings = 0, length = 1; halvings < MOST_HALVINGS; halvings++, length /= 2) {
    const w = from.w.slice();
    addScaled(w, length, step);
    const point = await evaluate(objective, w);
    if (point.value <= from.value + ARMIJO * length * slope + rounding) return point;
  }
  return undefined;
}
