// What this machine can do through 128-bit SIMD, to measure the kernels by. A module of its own, never shipped.

// Six chains of multiplications and six of additions, all independent, in registers alone: enough to hide a latency of
// three cycles in two units of each kind. State (14 vectors): factor, term, 6 products, 6 sums.
// 48 operations of 4 lanes a turn.
export function peak(turns: i32, state: usize): void {
  const x = v128.load(state);
  const y = v128.load(state, 16);
  let p0 = v128.load(state, 32);
  let p1 = v128.load(state, 48);
  let p2 = v128.load(state, 64);
  let p3 = v128.load(state, 80);
  let p4 = v128.load(state, 96);
  let p5 = v128.load(state, 112);
  let s0 = v128.load(state, 128);
  let s1 = v128.load(state, 144);
  let s2 = v128.load(state, 160);
  let s3 = v128.load(state, 176);
  let s4 = v128.load(state, 192);
  let s5 = v128.load(state, 208);
  for (; turns > 0; turns--) {
    p0 = f32x4.mul(p0, x);
    s0 = f32x4.add(s0, y);
    p1 = f32x4.mul(p1, x);
    s1 = f32x4.add(s1, y);
    p2 = f32x4.mul(p2, x);
    s2 = f32x4.add(s2, y);
    p3 = f32x4.mul(p3, x);
    s3 = f32x4.add(s3, y);
    p4 = f32x4.mul(p4, x);
    s4 = f32x4.add(s4, y);
    p5 = f32x4.mul(p5, x);
    s5 = f32x4.add(s5, y);

    p0 = f32x4.mul(p0, x);
    s0 = f32x4.add(s0, y);
    p1 = f32x4.mul(p1, x);
    s1 = f32x4.add(s1, y);
    p2 = f32x4.mul(p2, x);
    s2 = f32x4.add(s2, y);
    p3 = f32x4.mul(p3, x);
    s3 = f32x4.add(s3, y);
    p4 = f32x4.mul(p4, x);
    s4 = f32x4.add(s4, y);
    p5 = f32x4.mul(p5, x);
    s5 = f32x4.add(s5, y);

    p0 = f32x4.mul(p0, x);
    s0 = f32x4.add(s0, y);
    p1 = f32x4.mul(p1, x);
    s1 = f32x4.add(s1, y);
    p2 = f32x4.mul(p2, x);
    s2 = f32x4.add(s2, y);
    p3 = f32x4.mul(p3, x);
    s3 = f32x4.add(s3, y);
    p4 = f32x4.mul(p4, x);
    s4 = f32x4.add(s4, y);
    p5 = f32x4.mul(p5, x);
    s5 = f32x4.add(s5, y);

    p0 = f32x4.mul(p0, x);
    s0 = f32x4.add(s0, y);
    p1 = f32x4.mul(p1, x);
    s1 = f32x4.add(s1, y);
    p2 = f32x4.mul(p2, x);
    s2 = f32x4.add(s2, y);
    p3 = f32x4.mul(p3, x);
    s3 = f32x4.add(s3, y);
    p4 = f32x4.mul(p4, x);
    s4 = f32x4.add(s4, y);
    p5 = f32x4.mul(p5, x);
    s5 = f32x4.add(s5, y);
  }
  v128.store(state, p0, 32);
  v128.store(state, p1, 48);
  v128.store(state, p2, 64);
  v128.store(state, p3, 80);
  v128.store(state, p4, 96);
  v128.store(state, p5, 112);
  v128.store(state, s0, 128);
  v128.store(state, s1, 144);
  v128.store(state, s2, 160);
  v128.store(state, s3, 176);
  v128.store(state, s4, 192);
  v128.store(state, s5, 208);
}

// to (n) = from (n), n a multiple of 16 elements
export function copy(n: i32, from: usize, to: usize): void {
  for (; n > 0; n -= 16) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    from += 64;
    to += 64;
  }
}
