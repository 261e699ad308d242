// A drawn digit as the data set has them: a bitmap of 32 × 32, the ink centred and scaled to fill it, counted in blocks of
// 4 × 4. So each of the 8 × 8 pixels is a number from 0 to 16 (E. Alpaydin, C. Kaynak 1998).

/** A line of the pen, in any unit. */
export type Point = readonly [x: number, y: number];
export type Stroke = readonly Point[];

const SIZE = 32;
/** Its digits are narrower than they are high. */
const MOST_WIDE = 26;
const BLOCK = 4;
/** Cells with ink, of any of its digits: a short one is written with a thicker pen. */
const INK = 312;
/** Half the width of the pen, from the thinnest to the thickest. */
const PENS = Array.from({ length: 17 }, (_, i) => 1.5 + i / 4);

/** 64 numbers from 0 to 16, row by row. */
export function pixelsOf(strokes: readonly Stroke[]): Uint8Array {
  const pixels = new Uint8Array((SIZE / BLOCK) ** 2);
  bitmapOf(strokes).forEach((ink, i) => {
    const [row, column] = [Math.floor(i / SIZE / BLOCK), Math.floor((i % SIZE) / BLOCK)];
    pixels[row * (SIZE / BLOCK) + column]! += ink;
  });
  return pixels;
}

/** 1 where there is ink. */
function bitmapOf(strokes: readonly Stroke[]): Uint8Array {
  let bitmap: Uint8Array = new Uint8Array(SIZE * SIZE);
  if (strokes.length === 0) return bitmap;
  for (const pen of PENS) {
    bitmap = drawnWith(strokes, pen);
    if (bitmap.reduce((sum, ink) => sum + ink, 0) >= INK) break;
  }
  return bitmap;
}

/** What is drawn, in the middle, as large as fits. */
function drawnWith(strokes: readonly Stroke[], pen: number): Uint8Array {
  const bitmap = new Uint8Array(SIZE * SIZE);
  const points = strokes.flat();
  const [left, right] = ends(points.map(([x]) => x));
  const [top, bottom] = ends(points.map(([, y]) => y));
  const scale = Math.min((MOST_WIDE - 2 * pen) / (right - left), (SIZE - 2 * pen) / (bottom - top));
  const place = ([x, y]: Point): Point => [
    SIZE / 2 + (x - (left + right) / 2) * (Number.isFinite(scale) ? scale : 0),
    SIZE / 2 + (y - (top + bottom) / 2) * (Number.isFinite(scale) ? scale : 0),
  ];
  for (const stroke of strokes) {
    const placed = stroke.map(place);
    placed.forEach((point, i) => draw(bitmap, placed[Math.max(0, i - 1)]!, point, pen));
  }
  return bitmap;
}

function ends(values: readonly number[]): [least: number, greatest: number] {
  return [Math.min(...values), Math.max(...values)];
}

/** Every cell whose centre is within the pen's reach of the line. */
function draw(bitmap: Uint8Array, [ax, ay]: Point, [bx, by]: Point, pen: number): void {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const cells = (a: number, b: number) => [
    Math.max(0, Math.floor(Math.min(a, b) - pen)),
    Math.min(SIZE - 1, Math.ceil(Math.max(a, b) + pen)),
  ];
  const [left, right] = cells(ax, bx) as [number, number];
  const [top, bottom] = cells(ay, by) as [number, number];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [x, y] = [column + 0.5 - ax, row + 0.5 - ay];
      const along = length > 0 ? Math.min(1, Math.max(0, (x * dx + y * dy) / length)) : 0;
      const [ex, ey] = [x - along * dx, y - along * dy];
      if (ex * ex + ey * ey <= pen * pen) bitmap[row * SIZE + column] = 1;
    }
  }
}
