// Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). The core has the same
// generator in WebAssembly; this one lets data be split without loading it.

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** The golden ratio and √3 - 1, as 32-bit fractions. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

export type Counter = readonly [number, number, number, number];
export type Key = readonly [number, number];

/** The four 32-bit words that Philox4x32-10 assigns to a counter and a key. */
export function philox4x32(counter: Counter, key: Key): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The upper 32 bits of the 64-bit product of two unsigned words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // Every sum stays below 2^32: (2^16 - 1)^2 + 2^16 - 1 does.
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (carry >>> 16);
}

/** Draws integers one after the other: the words of counters 0, 1, 2, … of one seed, stream and step. */
export class PhiloxStream {
  private readonly key: Key;
  private readonly stream: number;
  private readonly step: number;
  private block = 0;
  private words: readonly number[] = [];
  private used = 0;

  /**
   * @param seed an integer from 0 to 2^53 - 1
   * @param stream what the numbers are for, 0 … 2^32 - 1: two streams of one seed share no number
   * @param step when they are drawn, such as the epoch: nor do two steps
   */
  constructor(seed: number, stream: number, step = 0) {
    this.key = [seed >>> 0, Math.floor(seed / 2 ** 32)];
    this.stream = stream;
    this.step = step;
  }

  /** A word from 0 to 2^32 - 1. */
  next(): number {
    if (this.used === this.words.length) {
      this.words = philox4x32([this.block++, 0, this.step, this.stream], this.key);
      this.used = 0;
    }
    return this.words[this.used++]!;
  }

  /** An integer from 0 to `bound` - 1, each equally likely: words of the last, incomplete run of `bound` are drawn again. */
  below(bound: number): number {
    const complete = 2 ** 32 - (2 ** 32 % bound);
    let word = this.next();
    while (word >= complete) word = this.next();
    return word % bound;
  }
}
