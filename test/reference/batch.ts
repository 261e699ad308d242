import { philox } from "./philox.js";

/** A random order of 0 … n − 1, and how many numbers had to be drawn again to keep it unbiased. */
export function permutation(
  n: number,
  seedLo: number,
  seedHi: number,
  epoch: number,
  stream: number,
): { order: number[]; redraws: number } {
  const order: number[] = [];
  let redraws = 0;
  let block: number[] = [];
  for (let i = 0; i < n; i++) {
    if (i % 4 === 0) block = philox([i / 4, 0, epoch, stream], [seedLo, seedHi]);
    const size = BigInt(i + 1);
    const accepted = 2n ** 32n - (2n ** 32n % size); // a multiple of size
    // Lemire: the product's high word is the result, its low word tells the surplus draws.
    let product = BigInt(block[i % 4]!) * size;
    for (let attempt = 1; (product & 0xffffffffn) < 2n ** 32n - accepted; attempt++) {
      product = BigInt(philox([i, attempt, epoch, stream], [seedLo, seedHi])[0]!) * size;
      redraws++;
    }
    const j = Number(product >> 32n);
    order.push(i);
    [order[i], order[j]] = [order[j]!, i];
  }
  return { order, redraws };
}

/** out (rows, width) = src[order[first + r]] · scale + offset; with scale 1 and offset 0 a copy, that of −0 too. */
export function gather(
  rows: number,
  width: number,
  src: ArrayLike<number>,
  order: ArrayLike<number> | null,
  first: number,
  scale: number,
  offset: number,
): number[] {
  const copy = scale === 1 && offset === 0;
  const out: number[] = [];
  for (let r = 0; r < rows; r++) {
    const row = order ? order[first + r]! : first + r;
    for (const x of Array.from(src).slice(row * width, (row + 1) * width)) out.push(copy ? x : x * scale + offset);
  }
  return out;
}
