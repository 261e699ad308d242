// The peak of fused multiply-add, for the builds that have it. A module of its own: engines without relaxed SIMD refuse all of it.

// Ten chains, all independent, in registers alone: enough to hide a latency of five cycles in two units. State (12 vectors): factor, term, 10 sums. 40 operations of 4 lanes a turn.
export function fusedPeak(turns: i32, state: usize): void {
  const x = v128.load(state);
  const y = v128.load(state, 16);
  let s0 = v128.load(state, 32);
  let s1 = v128.load(state, 48);
  let s2 = v128.load(state, 64);
  let s3 = v128.load(state, 80);
  let s4 = v128.load(state, 96);
  let s5 = v128.load(state, 112);
  let s6 = v128.load(state, 128);
  let s7 = v128.load(state, 144);
  let s8 = v128.load(state, 160);
  let s9 = v128.load(state, 176);
  for (; turns > 0; turns--) {
    s0 = f32x4.relaxed_madd(x, y, s0);
    s1 = f32x4.relaxed_madd(x, y, s1);
    s2 = f32x4.relaxed_madd(x, y, s2);
    s3 = f32x4.relaxed_madd(x, y, s3);
    s4 = f32x4.relaxed_madd(x, y, s4);
    s5 = f32x4.relaxed_madd(x, y, s5);
    s6 = f32x4.relaxed_madd(x, y, s6);
    s7 = f32x4.relaxed_madd(x, y, s7);
    s8 = f32x4.relaxed_madd(x, y, s8);
    s9 = f32x4.relaxed_madd(x, y, s9);

    s0 = f32x4.relaxed_madd(x, y, s0);
    s1 = f32x4.relaxed_madd(x, y, s1);
    s2 = f32x4.relaxed_madd(x, y, s2);
    s3 = f32x4.relaxed_madd(x, y, s3);
    s4 = f32x4.relaxed_madd(x, y, s4);
    s5 = f32x4.relaxed_madd(x, y, s5);
    s6 = f32x4.relaxed_madd(x, y, s6);
    s7 = f32x4.relaxed_madd(x, y, s7);
    s8 = f32x4.relaxed_madd(x, y, s8);
    s9 = f32x4.relaxed_madd(x, y, s9);

    s0 = f32x4.relaxed_madd(x, y, s0);
    s1 = f32x4.relaxed_madd(x, y, s1);
    s2 = f32x4.relaxed_madd(x, y, s2);
    s3 = f32x4.relaxed_madd(x, y, s3);
    s4 = f32x4.relaxed_madd(x, y, s4);
    s5 = f32x4.relaxed_madd(x, y, s5);
    s6 = f32x4.relaxed_madd(x, y, s6);
    s7 = f32x4.relaxed_madd(x, y, s7);
    s8 = f32x4.relaxed_madd(x, y, s8);
    s9 = f32x4.relaxed_madd(x, y, s9);

    s0 = f32x4.relaxed_madd(x, y, s0);
    s1 = f32x4.relaxed_madd(x, y, s1);
    s2 = f32x4.relaxed_madd(x, y, s2);
    s3 = f32x4.relaxed_madd(x, y, s3);
    s4 = f32x4.relaxed_madd(x, y, s4);
    s5 = f32x4.relaxed_madd(x, y, s5);
    s6 = f32x4.relaxed_madd(x, y, s6);
    s7 = f32x4.relaxed_madd(x, y, s7);
    s8 = f32x4.relaxed_madd(x, y, s8);
    s9 = f32x4.relaxed_madd(x, y, s9);
  }
  v128.store(state, s0, 32);
  v128.store(state, s1, 48);
  v128.store(state, s2, 64);
  v128.store(state, s3, 80);
  v128.store(state, s4, 96);
  v128.store(state, s5, 112);
  v128.store(state, s6, 128);
  v128.store(state, s7, 144);
  v128.store(state, s8, 160);
  v128.store(state, s9, 176);
}
