// Loops over flat arrays. F is a class without fields whose method `at` computes four elements; each F gets a loop of
// its own, with `at` inlined. Two vectors an iteration share the constants that `at` loads (measured on exp: 1.3 → 1.0
// ns/element). The tail runs through the same vector code and stores by lane, so that an element has the same bits
// wherever it stands.

import { storeLanes } from "./lanes";

/** y (n) = F.at(x (n), parameter); y may be x. */
export function map<F>(n: i32, x: usize, y: usize, parameter: f32): void {
  const f = changetype<F>(0);
  const p = f32x4.splat(parameter);
  let rest = n;
  // @ts-ignore: a constant of the build for inference alone, where small comes before fast
  if (!isDefined(FORWARD_ONLY)) {
    for (; rest >= 8; rest -= 8, x += 32, y += 32) {
      const low = f.at(v128.load(x), p);
      const high = f.at(v128.load(x, 16), p);
      v128.store(y, low);
      v128.store(y, high, 16);
    }
  }
  for (; rest > 0; rest -= 4, x += 16, y += 16) {
    storeLanes(y, f.at(v128.load(x), p), rest);
  }
}

/** c (n) = F.at(a (n), b (n), parameter); c may be a or b. */
export function zip<F>(n: i32, a: usize, b: usize, c: usize, parameter: f32): void {
  const f = changetype<F>(0);
  const p = f32x4.splat(parameter);
  let rest = n;
  for (; rest >= 8; rest -= 8, a += 32, b += 32, c += 32) {
    const low = f.at(v128.load(a), v128.load(b), p);
    const high = f.at(v128.load(a, 16), v128.load(b, 16), p);
    v128.store(c, low);
    v128.store(c, high, 16);
  }
  for (; rest > 0; rest -= 4, a += 16, b += 16, c += 16) {
    storeLanes(c, f.at(v128.load(a), v128.load(b), p), rest);
  }
}
