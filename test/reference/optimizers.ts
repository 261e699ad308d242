export interface Segment {
  readonly offset: number;
  readonly length: number;
  readonly rateScale: number;
  readonly decay: number;
}

/** Elements of all segments, with their segment's rate. */
function* elements(
  segments: readonly Segment[],
  learningRate: number,
): Generator<{ i: number; rate: number; kept: number }> {
  for (const { offset, length, rateScale, decay } of segments) {
    const rate = learningRate * rateScale;
    for (let i = offset; i < offset + length; i++) yield { i, rate, kept: 1 - rate * decay };
  }
}

export function sgd(
  segments: readonly Segment[],
  params: Float64Array,
  grads: ArrayLike<number>,
  velocity: Float64Array | null,
  learningRate: number,
  momentum: number,
  nesterov: boolean,
): void {
  for (const { i, rate, kept } of elements(segments, learningRate)) {
    const push = -rate * grads[i]!;
    let step = push;
    if (velocity) {
      velocity[i] = momentum * velocity[i]! + push;
      step = nesterov ? momentum * velocity[i]! + push : velocity[i]!;
    }
    params[i] = kept * params[i]! + step;
  }
}

export function adam(
  segments: readonly Segment[],
  params: Float64Array,
  grads: ArrayLike<number>,
  m: Float64Array,
  v: Float64Array,
  learningRate: number,
  beta1: number,
  beta2: number,
  epsilon: number,
  t: number,
): void {
  for (const { i, rate, kept } of elements(segments, learningRate)) {
    const g = grads[i]!;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    const mHat = m[i]! / (1 - beta1 ** t);
    const vHat = v[i]! / (1 - beta2 ** t);
    params[i] = kept * params[i]! - (rate * mHat) / (Math.sqrt(vHat) + epsilon);
  }
}
