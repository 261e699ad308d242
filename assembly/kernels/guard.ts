// Is every number finite? Asked of the loss and the gradients before a step is applied.

/** 1 if no value of x (n) f32 is infinite or NaN, else 0. */
export function allFinite(n: i32, x: usize): i32 {
  // As integers, magnitudes sort like the numbers they stand for, then infinity, then every NaN: the largest decides.
  const magnitude = i32x4.splat(0x7fffffff);
  let largest0 = i32x4.splat(0);
  let largest1 = largest0;
  let left = n;
  if (left >= 8) {
    do {
      // tested at the bottom, so that V8 keeps the mask in a register
      largest0 = i32x4.max_s(largest0, v128.and(v128.load(x), magnitude));
      largest1 = i32x4.max_s(largest1, v128.and(v128.load(x, 16), magnitude));
      x += 32;
      left -= 8;
    } while (left >= 8);
  }
  for (; left > 0; left--) {
    largest0 = i32x4.max_s(largest0, v128.and(v128.load32_splat(x), magnitude));
    x += 4;
  }
  const infinity = i32x4.splat(0x7f800000);
  return i32(!v128.any_true(i32x4.ge_s(i32x4.max_s(largest0, largest1), infinity)));
}
