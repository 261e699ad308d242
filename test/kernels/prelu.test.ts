import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prelu, preluAlphaBackward, preluBackward } from "../reference/prelu.js";
import { ulpsOff } from "../reference/math.js";
import { kernels } from "./harness.js";

const POISON = new Float32Array(new Uint8Array(4).fill(0xaa).buffer)[0]!;

/** Calls with every address 4 bytes off alignment, and sees that nothing beside `length` values is written. */
function run(kernel: string, length: number, rows: number, width: number, operands: number[][], ...rest: number[]) {
  const { call, f32, reserve, readF32 } = kernels();
  const addresses = operands.map((values) => f32(values, 4));
  const out = reserve((length + 2) * 4) + 4;
  call[kernel]!(rows, width, ...addresses, out, ...rest);
  const written = readF32(out - 4, length + 2);
  expect([written[0], written[length + 1]]).toEqual([POISON, POISON]);
  return { out: written.slice(1, -1), call, addresses, readF32 };
}

const cases = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 21 })).chain(([rows, width]) => {
  const values = (length: number) =>
    fc.array(
      fc.integer({ min: -4000, max: 4000 }).map((v) => v / 1024),
      { minLength: length, maxLength: length },
    );
  return fc.record({
    rows: fc.constant(rows),
    width: fc.constant(width),
    x: values(rows * width),
    dy: values(rows * width),
    alpha: values(width),
  });
});

function expectRounded(actual: Float32Array, exact: number[]): void {
  exact.forEach((value, i) => expect(ulpsOff(actual[i]!, value)).toBeLessThanOrEqual(0.5));
}

describe("prelu", () => {
  it("forward and backward are the twin's, rounded; in place too", () => {
    fc.assert(
      fc.property(cases, ({ rows, width, x, dy, alpha }) => {
        const forward = run("prelu", x.length, rows, width, [x, alpha]);
        expectRounded(forward.out, prelu(x, alpha));
        forward.call.prelu!(rows, width, forward.addresses[0]!, forward.addresses[1]!, forward.addresses[0]!);
        expect(forward.readF32(forward.addresses[0]!, x.length)).toEqual(forward.out);

        const backward = run("preluBackward", x.length, rows, width, [dy, x, alpha]);
        expectRounded(backward.out, preluBackward(dy, x, alpha));
        const [dyAt, xAt, alphaAt] = backward.addresses;
        backward.call.preluBackward!(rows, width, dyAt!, xAt!, alphaAt!, dyAt!);
        expect(backward.readF32(dyAt!, x.length)).toEqual(backward.out);
      }),
    );
  });

  it("the gradient of alpha is the twin's, and adds on where it is asked to", () => {
    fc.assert(
      fc.property(cases, ({ rows, width, x, dy }) => {
        const exact = preluAlphaBackward(dy, x, width);
        const tolerance = rows * 16 * 2 ** -23; // each product and sum is below 16 · rows
        const { out } = run("preluAlphaBackward", width, rows, width, [dy, x], 0);
        out.forEach((value, j) => expect(Math.abs(value - exact[j]!)).toBeLessThanOrEqual(tolerance));

        const { call, f32, readF32 } = kernels();
        const sums = f32(exact.map(() => 2));
        call.preluAlphaBackward!(rows, width, f32(dy), f32(x), sums, 1);
        readF32(sums, width).forEach((value, j) =>
          expect(Math.abs(value - 2 - exact[j]!)).toBeLessThanOrEqual(tolerance + 2 ** -22),
        );
      }),
    );
  });

  it("NaN comes out as NaN; gradients too small to matter are flushed", () => {
    for (const width of [1, 3]) {
      const x = [NaN, 1, -1];
      const alpha = [0.5, 0.5, 0.5].slice(0, width);
      expect([...run("prelu", 3, 3 / width, width, [x, alpha]).out]).toEqual([NaN, 1, -0.5]);
      const tiny = [1e-35, 1e-35, 1e-35];
      expect([...run("preluBackward", 3, 3 / width, width, [tiny, [1, -1, 0], alpha]).out]).toEqual([0, 0, 0]);
      expect([...run("preluAlphaBackward", width, 3 / width, width, [tiny, [-1, -1, -1]], 0).out]).toEqual(
        alpha.map(() => 0),
      );
    }
  });
});
