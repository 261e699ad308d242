// What is done with vectors as long as a row, on the host: little beside a pass over the rows.

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Σ v² / diagonal */
export function scaledSquare(v: Float64Array, diagonal: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < v.length; i++) sum += (v[i]! * v[i]!) / diagonal[i]!;
  return sum;
}

export function addScaled(target: Float64Array, factor: number, v: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * v[i]!;
}

export function largest(v: Float64Array): number {
  let most = 0;
  for (let i = 0; i < v.length; i++) most = Math.max(most, Math.abs(v[i]!));
  return most;
}

/** How far conjugate gradients go. */
export interface ConjugateLimits {
  /** Ends where r · M⁻¹ r is at most this share of what it was. */
  readonly share: number;
  readonly products: number;
}

/**
 * About H⁻¹ r, by conjugate gradients scaled by `diagonal`. `r` becomes what is left of it.
 *
 * @param multiply writes H v, which need not be exact, into its second argument
 */
export async function conjugateGradients(
  r: Float64Array,
  diagonal: Float64Array,
  { share, products }: ConjugateLimits,
  multiply: (v: Float64Array, product: Float64Array) => void | Promise<void>,
): Promise<Float64Array> {
  const step = new Float64Array(r.length);
  const direction = r.map((value, i) => value / diagonal[i]!);
  const product = new Float64Array(r.length);
  let square = dot(r, direction);
  const enough = share * square;
  for (let count = 0; count < products && square > enough; count++) {
    await multiply(direction, product);
    const length = square / dot(direction, product);
    if (!(length > 0 && length < Infinity)) break; // no curvature left within rounding
    addScaled(step, length, direction);
    addScaled(r, -length, product);
    const before = square;
    square = scaledSquare(r, diagonal);
    for (let i = 0; i < step.length; i++) direction[i] = r[i]! / diagonal[i]! + (square / before) * direction[i]!;
  }
  return step.some((value) => value !== 0) ? step : direction;
}
