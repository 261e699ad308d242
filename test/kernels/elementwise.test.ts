import { describe, expect, it } from "vitest";
import * as twins from "../reference/elementwise.js";
import { rowsOf } from "../reference/softmax.js";
import { kernels } from "./harness.js";

const POISON = new Float32Array(new Uint8Array(4).fill(0xaa).buffer)[0]!;
const { fround } = Math;
const values = (n: number, seed: number): number[] =>
  Array.from({ length: n }, (_, i) => fround(Math.sin(i * 1.3 + seed) * 10 ** ((i % 7) - 3)));
const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 64, 67];

describe.each(SIZES)("%i elements", (n) => {
  it("add", () => {
    const { call, f32, reserve, readF32 } = kernels();
    const [a, b] = [values(n, 1), values(n, 2)];
    const [pa, pb] = [f32(a, 4), f32(b, 8)];
    const c = reserve((n + 2) * 4) + 4;
    const expected = twins.add(a, b);
    call.add!(n, pa, pb, c);
    expect([...readF32(c - 4, n + 2)]).toEqual([POISON, ...expected, POISON]);
    call.add!(n, pa, pb, pa);
    expect([...readF32(pa, n + 1)]).toEqual([...expected, POISON]);
    call.add!(n, c, pb, pb);
    expect([...readF32(pb, n + 1)]).toEqual([...twins.add(expected, b), POISON]);
  });

  it("affine", () => {
    const { call, f32, reserve, readF32 } = kernels();
    const x = values(n, 3);
    const px = f32(x, 12);
    const y = reserve((n + 2) * 4) + 4;
    const expected = twins.affine(x, fround(1 / 255), fround(-0.3));
    call.affine!(n, px, y, 1 / 255, -0.3);
    expect([...readF32(y - 4, n + 2)]).toEqual([POISON, ...expected, POISON]);
    call.affine!(n, px, px, 1 / 255, -0.3);
    expect([...readF32(px, n + 1)]).toEqual([...expected, POISON]);
  });

  it.each([0, 1, 2, 33])("columnSum of %i rows", (rows) => {
    const { call, f32, readF32 } = kernels();
    const x = values(rows * n, 4);
    const start = values(n, 5);
    const px = f32(x, 4);
    const sums = f32(start, 8);
    const matrix = n === 0 ? [] : rowsOf(x, n);
    call.columnSum!(rows, n, px, sums, 1);
    expect([...readF32(sums, n + 1)]).toEqual([...twins.columnSum(matrix, start), POISON]);
    call.columnSum!(rows, n, px, sums, 0);
    expect([...readF32(sums, n + 1)]).toEqual([
      ...twins.columnSum(
        matrix,
        start.map(() => 0),
      ),
      POISON,
    ]);
  });
});

it("infinities and NaN go where arithmetic sends them", () => {
  const { call, f32, reserve, readF32 } = kernels();
  const c = reserve(12);
  call.add!(3, f32([Infinity, Infinity, NaN]), f32([1, -Infinity, 1]), c);
  expect([...readF32(c, 3)]).toEqual([Infinity, NaN, NaN]);
});
