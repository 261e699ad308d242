// Stores that end where the data ends: a vector load may run over the end of a buffer, a store never may.

/** Stores the first `count` lanes of x; 4 or more store all of it. */
// @ts-ignore: decorator
@inline
export function storeLanes(out: usize, x: v128, count: i32): void {
  if (count >= 4) {
    v128.store(out, x);
  } else if (count == 3) {
    v128.store64_lane(out, x, 0);
    v128.store32_lane(out, x, 2, 8);
  } else if (count == 2) {
    v128.store64_lane(out, x, 0);
  } else {
    v128.store32_lane(out, x, 0);
  }
}
