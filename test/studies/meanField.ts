// What the theory of wide random networks says of a chain of dense layers: Poole, Lahiri, Raghu, Sohl-Dickstein, Ganguli
// 2016, NIPS (arXiv:1606.05340); Schoenholz, Gilmer, Ganguli, Sohl-Dickstein 2017, ICLR (arXiv:1611.01232).

/** E f(z), z standard normal: trapezoids, whose error is far below f32 for functions as these. */
export function expectation(f: (z: number) => number): number {
  const h = 1 / 64;
  let sum = 0;
  for (let z = -9; z <= 9; z += h) sum += f(z) * Math.exp((-z * z) / 2);
  return (sum * h) / Math.sqrt(2 * Math.PI);
}

export interface Prediction {
  /** Of the layer's activations, over its units. */
  readonly mean: number;
  readonly stddev: number;
  /**
   * The standard error of ln E[y²], one row of `width` units being seen: what each layer's own n units add to it, carried
   * on by the slope of the map from one layer's ln q to the next one's.
   */
  readonly error: number;
  /** By how much the gradient's norm has shrunk or grown from here to the first layer. */
  readonly gradient: number;
}

/**
 * Weights of variance `scale` / n, no bias, inputs of second moment 1: a unit's input is normal with variance q, its output
 * f of it, and the next q is `scale` · E f². Going back the square of the gradient's norm takes a factor `scale` · E f′².
 */
export function meanField(
  f: (x: number) => number,
  { scale, depth, width }: { scale: number; depth: number; width: number },
): Prediction[] {
  const second = (q: number) => expectation((z) => f(Math.sqrt(q) * z) ** 2);
  let [q, variance, gradient] = [scale, 2 / width, 1];
  const predictions: Prediction[] = [];
  for (let layer = 0; layer < depth; layer++) {
    const [root, h] = [Math.sqrt(q), 1e-4];
    const moment = second(q);
    const mean = expectation((z) => f(root * z));
    if (!Number.isFinite(moment)) break;
    const fourth = expectation((z) => f(root * z) ** 4);
    const slope = (Math.log(second(q * (1 + h))) - Math.log(second(q * (1 - h)))) / (2 * h);
    variance = slope ** 2 * variance + (fourth / moment ** 2 - 1) / width;
    predictions.push({ mean, stddev: Math.sqrt(moment - mean ** 2), error: Math.sqrt(variance), gradient });
    gradient *= Math.sqrt(scale * expectation((z) => ((f(root * z + h) - f(root * z - h)) / (2 * h)) ** 2));
    q = scale * moment;
    if (!(q > 1e-36 && q < 1e36)) break;
  }
  return predictions;
}
