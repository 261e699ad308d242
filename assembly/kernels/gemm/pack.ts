// Packing: a block of an operand is copied into panels that a tile walks from end to end.
//
//   A panel of width w (4 rows of the left operand, 8 columns of the right) holds, for k = 0, 1, …, its w elements
//   side by side. A panel is as long as k rounded up to 4; what it holds beyond the matrix is never stored in c.

// panels (⌈count / width⌉, k, width) from x (k, count), pitch bytes from row to row: elements of a step lie side by side.
// Four rows at a time, along all panels: what a read brings into the cache is used before it leaves.
export function packAlong(wide: bool, count: i32, k: i32, x: usize, pitch: usize, panels: usize): void {
  const panelBytes = (<usize>((k + 3) & ~3)) << (wide ? 5 : 4);
  for (; k > 0; k -= 4) {
    if (wide) copyWide(k, count, x, pitch, panels, panelBytes);
    else copyNarrow(k, count, x, pitch, panels, panelBytes);
    x += pitch << 2;
    panels += wide ? 128 : 64;
  }
}

// x (rows, count), of which up to four rows, into panels 8 wide; a row that is not there copies the one before it again
function copyWide(rows: i32, count: i32, x: usize, pitch: usize, panel: usize, panelBytes: usize): void {
  let x1 = rows > 1 ? x + pitch : x;
  let x2 = rows > 2 ? x1 + pitch : x1;
  let x3 = rows > 3 ? x2 + pitch : x2;
  do {
    v128.store(panel, v128.load(x));
    v128.store(panel, v128.load(x, 16), 16);
    v128.store(panel, v128.load(x1), 32);
    v128.store(panel, v128.load(x1, 16), 48);
    v128.store(panel, v128.load(x2), 64);
    v128.store(panel, v128.load(x2, 16), 80);
    v128.store(panel, v128.load(x3), 96);
    v128.store(panel, v128.load(x3, 16), 112);
    x += 32;
    x1 += 32;
    x2 += 32;
    x3 += 32;
    panel += panelBytes;
    count -= 8;
  } while (count > 0);
}

// x (rows, count), of which up to four rows, into panels 4 wide; a row that is not there copies the one before it again
function copyNarrow(rows: i32, count: i32, x: usize, pitch: usize, panel: usize, panelBytes: usize): void {
  let x1 = rows > 1 ? x + pitch : x;
  let x2 = rows > 2 ? x1 + pitch : x1;
  let x3 = rows > 3 ? x2 + pitch : x2;
  do {
    v128.store(panel, v128.load(x));
    v128.store(panel, v128.load(x1), 16);
    v128.store(panel, v128.load(x2), 32);
    v128.store(panel, v128.load(x3), 48);
    x += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
    panel += panelBytes;
    count -= 4;
  } while (count > 0);
}

// panels (⌈count / width⌉, k, width) from x (count, k), pitch bytes from row to row: transposed four rows at a time
export function packAcross(wide: bool, count: i32, k: i32, x: usize, pitch: usize, panels: usize): void {
  const panelBytes = (<usize>((k + 3) & ~3)) << (wide ? 5 : 4);
  for (; count > 0; count -= wide ? 8 : 4) {
    transpose(min(count, 4), k, x, pitch, panels, wide ? 32 : 16);
    x += pitch << 2;
    if (wide) {
      if (count > 4) transpose(min(count - 4, 4), k, x, pitch, panels + 16, 32);
      x += pitch << 2;
    }
    panels += panelBytes;
  }
}

// panel (k rounded up to 4, 4), step bytes from k to k, from x (rows ≤ 4, k)
function transpose(rows: i32, k: i32, x: usize, pitch: usize, panel: usize, step: usize): void {
  // A row that is not there reads the one before it again.
  let x1 = rows > 1 ? x + pitch : x;
  let x2 = rows > 2 ? x1 + pitch : x1;
  let x3 = rows > 3 ? x2 + pitch : x2;
  const step3 = step * 3;
  for (; k > 0; k -= 4) {
    const r0 = v128.load(x);
    const r1 = v128.load(x1);
    const r2 = v128.load(x2);
    const r3 = v128.load(x3);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(panel, v128.shuffle<u64>(low01, low23, 0, 2));
    v128.store(panel + step, v128.shuffle<u64>(low01, low23, 1, 3));
    v128.store(panel + (step << 1), v128.shuffle<u64>(high01, high23, 0, 2));
    v128.store(panel + step3, v128.shuffle<u64>(high01, high23, 1, 3));
    x += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
    panel += step << 2;
  }
}
