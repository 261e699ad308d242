import { describe, expect, it } from "vitest";
import { ACTIVATION_COUNT } from "../../assembly/shared/activations.js";
import { type ActivationName, ACTIVATIONS, elementwise, resolveActivation } from "../../src/activations/table.js";
import { activations, type Activation } from "../reference/activations.js";
import { ulpsOff } from "../reference/math.js";
import { kernels } from "./harness.js";

const POISON = new Float32Array(new Uint8Array(4).fill(0xaa).buffer)[0]!; // what the harness fills memory with
const { fround } = Math;

/** Numbers of all magnitudes and both signs, and the ends; those where the twin is defined. */
function inputs({ from = -Infinity }: Activation): number[] {
  const magnitudes = Array.from({ length: 900 }, (_, i) => 2 ** (i / 9 - 90) * (1 + ((i * 7919) % 1000) / 1000));
  const ordinary = Array.from({ length: 1501 }, (_, i) => (i - 750) * 0.0271828);
  return [...magnitudes, ...magnitudes.map((x) => -x), ...ordinary, 0, -0, 1e30, -1e30, Infinity, -Infinity]
    .map(fround)
    .filter((x) => x >= from);
}

function forward(code: number, x: number[], alpha: number): Float32Array {
  const { call, f32, reserve, readF32 } = kernels();
  const y = reserve(x.length * 4);
  call.activationForward!(code, x.length, f32(x), y, alpha);
  return readF32(y, x.length);
}

function backward(code: number, dy: ArrayLike<number>, saved: ArrayLike<number>, alpha: number): Float32Array {
  const { call, f32, reserve, readF32 } = kernels();
  const dx = reserve(dy.length * 4);
  call.activationBackward!(code, dy.length, f32(dy), f32(saved), dx, alpha);
  return readF32(dx, dy.length);
}

it("the twins cover every code", () => {
  expect(activations.map(({ code }) => code)).toEqual(Array.from({ length: ACTIVATION_COUNT }, (_, i) => i));
});

it.each(Object.keys(ACTIVATIONS.rows) as ActivationName[])("the table's row %s says what its twin says", (name) => {
  const kernels = elementwise(resolveActivation(name));
  if (!kernels) return expect(typeof ACTIVATIONS.rows[name].op).toBe("string");
  const twin = activations[kernels.code]!;
  expect([twin.name, twin.saves === "input", twin.alphas !== undefined]).toEqual([
    name,
    kernels.savesInput,
    ACTIVATIONS.rows[name].parameter !== undefined,
  ]);
});

describe.each(activations)("$name", (twin: Activation) => {
  const { alphas = [1], error = { forward: 0, derivative: 0 } } = twin;

  it.each(alphas)("forward is within 4 ULP of the twin (alpha %f)", (alpha) => {
    const x = inputs(twin);
    const y = forward(twin.code, x, alpha);
    const worst = Math.max(
      ...x.map((value, i) => {
        const exact = twin.forward(value, fround(alpha));
        if (y[i] === 0 && Math.abs(exact) < 2 ** -126) return 0;
        return Math.abs(y[i]! - exact) <= error.forward ? 0 : ulpsOff(y[i]!, exact);
      }),
    );
    expect(worst).toBeLessThanOrEqual(4);
  });

  it.each(alphas)("backward is within 4 ULP of the twin, small gradients flushed (alpha %f)", (alpha) => {
    const saved = twin.saves === "input" ? inputs(twin) : [...forward(twin.code, inputs(twin), alpha)];
    const dy = saved.map((_, i) => fround(((i * 7919) % 2003) / 1000 - 1));
    const dx = backward(twin.code, dy, saved, alpha);
    saved.forEach((value, i) => {
      const exact = dy[i]! * twin.derivative(value, fround(alpha));
      if (Math.abs(dx[i]! - exact) <= error.derivative * Math.abs(dy[i]!)) return;
      // y + alpha cancels in f32 as in f64: y and alpha are given exactly.
      if (Number.isNaN(exact)) expect(dx[i]).toBeNaN();
      else if (Math.abs(exact) < 1e-30) expect(dx[i]! + 0).toBe(0);
      else expect(ulpsOff(dx[i]!, exact), `from ${value}`).toBeLessThanOrEqual(4);
    });
  });

  it("the twin's derivative is the slope of its forward", () => {
    const h = 1e-5;
    for (const alpha of alphas) {
      for (let x = Math.max(-6, (twin.from ?? -Infinity) + 0.3); x <= 6; x += 0.0371) {
        if (twin.kinks.some((kink) => Math.abs(x - kink) < 2 * h)) continue;
        const slope = (twin.forward(x + h, alpha) - twin.forward(x - h, alpha)) / (2 * h);
        const saved = twin.saves === "input" ? x : twin.forward(x, alpha);
        expect(Math.abs(twin.derivative(saved, alpha) - slope)).toBeLessThan(1e-7 * (1 + Math.abs(slope)));
      }
    }
  });

  it("a gradient that is too small to matter comes out as zero, before it is denormal", () => {
    const x = [0.5, 0.5, 0.5, 0.5, 0.5];
    const saved = twin.saves === "input" ? x : [...forward(twin.code, x, 1)];
    const dx = backward(twin.code, [1e-31, -1e-31, 1e-40, 1e-28, -1e-28], saved, 1);
    expect([...dx].map((value) => value !== 0)).toEqual([false, false, false, true, true]);
  });

  it("NaN comes out as NaN, forward and in the gradient", () => {
    const x = twin.from === undefined ? [1, NaN, -1, 0, NaN] : [1, NaN, 2, 0.5, NaN];
    expect([...forward(twin.code, x, 1)].map(Number.isNaN)).toEqual([false, true, false, false, true]);
    expect([...backward(twin.code, x, [0.5, 0.5, 0.5, 0.5, 0.5], 1)].map(Number.isNaN)).toEqual([
      ...[false, true, false, false, true],
    ]);
  });

  it("an element's bits do not depend on its place, on n, on alignment or on working in place; nothing else is written", () => {
    const { call, memory, f32, reserve, readF32, reset } = kernels();
    const all = inputs(twin);
    const values = all.filter((_, i) => i % Math.floor(all.length / 50) === 0);
    const whole = forward(twin.code, values, 0.7);
    const gradients = backward(twin.code, values, whole, 0.7);
    for (let start = 0; start < 9; ++start) {
      for (let n = 0; n <= 21; ++n) {
        reset();
        const part = values.slice(start, start + n);
        const x = f32(part, 4 * (start % 4));
        const y = reserve((n + 2) * 4, 4 * (n % 4)) + 4;
        call.activationForward!(twin.code, n, x, y, 0.7);
        expect(readF32(y - 4, n + 2)).toEqual(Float32Array.of(POISON, ...whole.slice(start, start + n), POISON));
        call.activationBackward!(twin.code, n, x, y, x, 0.7);
        expect(readF32(x, n + 1)).toEqual(Float32Array.of(...gradients.slice(start, start + n), POISON));

        new Float32Array(memory.buffer, x, n).set(part);
        call.activationForward!(twin.code, n, x, x, 0.7);
        expect(readF32(x, n + 1)).toEqual(Float32Array.of(...whole.slice(start, start + n), POISON));
      }
    }
  });
});
