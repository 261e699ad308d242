/**
 * from · (to / from)^share: a point between two positive numbers, `share` (0 … 1) of the way on a logarithmic scale.
 *
 * Square roots and products alone, which every engine rounds alike: r^(1/2 + 1/8 + …) is √r · √√√r · …, one factor for each
 * binary digit of the share. At most 53 of them: a relative error below 1e-14.
 */
export function between(from: number, to: number, share: number): number {
  if (share >= 1) return to;
  let root = to / from;
  let power = 1;
  for (let digits = share; digits > 0;) {
    root = Math.sqrt(root);
    digits *= 2;
    if (digits < 1) continue;
    power *= root;
    digits -= 1;
  }
  return from * power;
}
