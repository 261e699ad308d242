import { describe, expect, test } from "vitest";
import { philox4x32, PhiloxStream, type Counter, type Key } from "../../src/data/philox.js";

/** The generator written down again in BigInt, straight from the paper. */
function reference(counter: Counter, key: Key): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const mask = 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

describe("philox4x32", () => {
  // Random123, kat_vectors.
  test.each<[Counter, Key, number[]]>([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("known answer %#", (counter, key, expected) => {
    expect(philox4x32(counter, key)).toEqual(expected);
  });

  test("agrees with the reference on words of all kinds", () => {
    const words = [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
    for (const a of words) {
      for (const b of words) {
        const counter: Counter = [a, b, b, a];
        expect(philox4x32(counter, [b, a])).toEqual(reference(counter, [b, a]));
      }
    }
  });
});

describe("PhiloxStream", () => {
  test("the words of counters 0, 1, …; the stream is the last word, the seed's two halves the key", () => {
    const seed = 5 * 2 ** 32 + 7;
    const stream = new PhiloxStream(seed, 3);
    const words = Array.from({ length: 8 }, () => stream.next());
    expect(words).toEqual([...reference([0, 0, 0, 3], [7, 5]), ...reference([1, 0, 0, 3], [7, 5])]);
  });

  test("below(n) is in range, reaches all values about equally often, and draws the incomplete run again", () => {
    const stream = new PhiloxStream(1, 0);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[stream.below(6)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);

    // For 2^31 + 1 almost every second word is thrown away.
    const bound = 2 ** 31 + 1;
    const words = new PhiloxStream(2, 0);
    const kept = Array.from({ length: 40 }, () => words.next()).filter((word) => word < bound);
    const drawn = new PhiloxStream(2, 0);
    expect(kept.length).toBeLessThan(32);
    expect(kept.map(() => drawn.below(bound))).toEqual(kept);
    expect(drawn.below(1)).toBe(0);
  });
});
