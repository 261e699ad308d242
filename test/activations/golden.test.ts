// Every activation against PyTorch, through the kernels: figures of double precision, made by make_activations.py.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ActivationName, ACTIVATIONS, elementwise, resolveActivation } from "../../src/activations/table.js";
import { kernels } from "../kernels/harness.js";

interface Case {
  readonly options: object;
  readonly y: readonly number[];
  readonly gradient: readonly number[];
}
interface Golden {
  readonly x: readonly number[];
  readonly g: readonly number[];
  readonly elementwise: Readonly<Record<string, readonly Case[]>>;
  readonly rowwise: Readonly<Record<string, Case>>;
}

const golden = JSON.parse(readFileSync(new URL("../golden/activations.json", import.meta.url), "utf8")) as Golden;
const names = Object.keys(ACTIVATIONS.rows) as ActivationName[];

/** 1e-6 beside 1e-6 of it: what sixteen roundings may come to; gradients from y inherit its rounding. */
function expectClose(actual: Float32Array, exact: readonly number[], scale = 1): void {
  exact.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value), `x = ${golden.x[i]}`).toBeLessThanOrEqual(1e-6 * (scale + Math.abs(value)));
  });
}

describe.each(names.filter((name) => elementwise(resolveActivation(name))))("%s", (name) => {
  it("has figures with its defaults", () => {
    expect(golden.elementwise[name]?.[0]?.options).toEqual({});
  });

  it.each(golden.elementwise[name] ?? [])("is PyTorch's: $options", ({ options, y, gradient }) => {
    const { code, alpha, savesInput } = elementwise(resolveActivation({ name, ...options }))!;
    const { call, f32, reserve, readF32 } = kernels();
    const n = golden.x.length;
    const [x, ones, out, dx] = [f32(golden.x), f32(golden.x.map(() => 1)), reserve(n * 4), reserve(n * 4)];
    call.activationForward!(code, n, x, out, alpha);
    call.activationBackward!(code, n, ones, savesInput ? x : out, dx, alpha);
    expectClose(readF32(out, n), y);
    expectClose(readF32(dx, n), gradient);
  });
});

describe.each(names.filter((name) => !elementwise(resolveActivation(name))))("%s", (name) => {
  it("is PyTorch's over a row", () => {
    const { y, gradient } = golden.rowwise[name]!;
    const { call, f32, reserve, readF32 } = kernels();
    const n = golden.x.length;
    const [x, g, out, dx] = [f32(golden.x), f32(golden.g), reserve(n * 4), reserve(n * 4)];
    call[name]!(1, n, x, out);
    call[`${name}Backward`]!(1, n, g, out, dx);
    expectClose(readF32(out, n), y);
    expectClose(readF32(dx, n), gradient);
  });
});
