import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { loadDigits } from "../../src/data/index.js";

const digits = await loadDigits();

function counts(labels: Uint8Array): number[] {
  const all = new Array<number>(10).fill(0);
  for (const label of labels) all[label]!++;
  return all;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("loadDigits", () => {
  test("1,797 images of 8×8, every class as often as published", () => {
    expect(digits.x.length).toBe(1797 * 64);
    expect(digits.shape).toEqual([8, 8]);
    expect(digits.classes).toBe(10);
    expect(counts(digits.y)).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    expect(Math.max(...digits.x)).toBe(16);
  });

  test("the first row as published, and the checksum of all", () => {
    expect([...digits.x.subarray(0, 16)]).toEqual([0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]);
    expect([...digits.y.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(sha256(digits.x)).toBe("8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3");
    expect(sha256(digits.y)).toBe("8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0");
  });

  test("says what is missing where nothing can be unpacked", async () => {
    vi.stubGlobal("DecompressionStream", undefined);
    await expect(loadDigits()).rejects.toMatchObject({ name: "UnsupportedError", code: "engine/no-decompression" });
    vi.unstubAllGlobals();
  });

  test("a stratified split, the same whenever it is made", async () => {
    expect(digits.test.y.length).toBe(359);
    expect(digits.train.x.length).toBe(1438 * 64);
    const inTest = counts(digits.test.y);
    counts(digits.y).forEach((count, label) => expect(Math.abs(inTest[label]! - count * (359 / 1797))).toBeLessThan(1));
    expect(sha256(digits.test.x)).toBe("475ccab6634e512ba5bf69d49cf428e049ce234109f9a11313a765afa1d4dfba");
    const again = await loadDigits({ testFraction: 0.2, seed: 0 });
    expect(sha256(again.train.x)).toBe(sha256(digits.train.x));
    expect(again.test.y).toEqual(digits.test.y);
    const other = await loadDigits({ testFraction: 0.5, seed: 1 });
    expect(other.test.y.length).toBe(899);
    expect(sha256(other.x)).toBe(sha256(digits.x));
  });

  test("the nearest neighbour in the training part is right for at least 97 of 100 test images", () => {
    const { train, test } = digits;
    let right = 0;
    test.y.forEach((label, i) => {
      let nearest = -1;
      let least = Infinity;
      for (let j = 0; j < train.y.length; j++) {
        let distance = 0;
        for (let p = 0; p < 64; p++) distance += (test.x[64 * i + p]! - train.x[64 * j + p]!) ** 2;
        if (distance < least) [least, nearest] = [distance, j];
      }
      if (train.y[nearest] === label) right++;
    });
    expect(right / test.y.length).toBeGreaterThanOrEqual(0.97);
  });

  test("wrong options are refused", async () => {
    await expect(loadDigits({ testFraction: 2 })).rejects.toMatchObject({ code: "data/bad-fraction" });
    await expect(loadDigits({ seed: -1 })).rejects.toMatchObject({ code: "data/bad-seed" });
  });
});
