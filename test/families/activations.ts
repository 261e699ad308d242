import { readFileSync } from "node:fs";
import { expect } from "vitest";
import * as activations from "../../src/activations/index.js";
import { type ActivationName, ACTIVATIONS, elementwise, resolveActivation } from "../../src/activations/table.js";
import { activation, dense, sequential } from "../../src/index.js";
import { kernels } from "../kernels/harness.js";
import { noise } from "../model/helpers.js";
import { activations as twins } from "../reference/activations.js";
import { logSoftmax, rowsOf, softmax } from "../reference/softmax.js";
import { affine, between } from "./networks.js";
import type { FamilyUnderTest, Figures, Member } from "./suite.js";

/** PyTorch's, in double precision: make_activations.py. */
const golden = JSON.parse(readFileSync(new URL("../golden/activations.json", import.meta.url), "utf8")) as {
  readonly x: readonly number[];
  readonly g: readonly number[];
  readonly elementwise: Readonly<Record<string, readonly Case[]>>;
  readonly rowwise: Readonly<Record<string, Case>>;
};
interface Case {
  readonly options: object;
  readonly y: readonly number[];
  readonly gradient: readonly number[];
}

const ROWWISE: Readonly<Record<string, (row: readonly number[]) => number[]>> = { softmax, logSoftmax };

const describedBy = ({ name, options }: Member) => resolveActivation({ name: name as ActivationName, ...options });

/** By its name and the switches that are turned: "gelu, approximate". The code is what is tried. */
function twinOf({ name, options }: Member) {
  const turned = Object.entries(options).filter(([, value]) => value === true);
  const full = [name, ...turned.map(([option]) => option)].join(", ");
  const twin = twins.find((candidate) => candidate.name === full);
  return twin ?? expect.fail(`add the f64 twin of activation "${full}" to test/reference/activations.ts`);
}

/** f over rows of `width` in f64, and where its slope jumps. */
export function activated(member: Member, x: readonly number[], width: number): { y: number[]; kinks: number[] } {
  const rowwise = ROWWISE[member.name];
  if (rowwise) return { y: rowsOf(x, width).flatMap(rowwise), kinks: [] };
  const { parameter } = ACTIVATIONS.rows[member.name as ActivationName];
  const alpha = parameter === undefined ? 0 : (describedBy(member)[parameter] as number);
  const twin = twinOf(member);
  return {
    y: x.map((value) => twin.forward(value, alpha)),
    kinks: twin.kinks.flatMap((kink) => x.map((value) => value - kink)),
  };
}

/** 1e-6 beside 1e-6 of it: what sixteen roundings may come to; gradients from y inherit its rounding. */
export function expectClose(actual: ArrayLike<number>, exact: readonly number[]): void {
  expect(actual.length).toBe(exact.length);
  exact.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value), `element ${i}`).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(value)));
  });
}

function checkElementwise(name: string, { options, y, gradient }: Case): void {
  const { code, alpha, savesInput } = elementwise(describedBy({ name, options }))!;
  const { call, f32, reserve, readF32 } = kernels();
  const n = golden.x.length;
  const [x, ones, out, dx] = [f32(golden.x), f32(golden.x.map(() => 1)), reserve(n * 4), reserve(n * 4)];
  call.activationForward!(code, n, x, out, alpha);
  call.activationBackward!(code, n, ones, savesInput ? x : out, dx, alpha);
  expectClose(readF32(out, n), y);
  expectClose(readF32(dx, n), gradient);
}

function checkRowwise(name: string, { y, gradient }: Case): void {
  const { call, f32, reserve, readF32 } = kernels();
  const n = golden.x.length;
  const [x, g, out, dx] = [f32(golden.x), f32(golden.g), reserve(n * 4), reserve(n * 4)];
  call[name]!(1, n, x, out);
  call[`${name}Backward`]!(1, n, g, out, dx);
  expectClose(readF32(out, n), y);
  expectClose(readF32(dx, n), gradient);
}

function figures(name: string): Figures[] {
  const { elementwise: each, rowwise } = golden;
  const row = rowwise[name];
  return [
    ...(each[name] ?? []).map((figure) => ({
      source: `PyTorch ${JSON.stringify(figure.options)}`,
      check: () => checkElementwise(name, figure),
    })),
    ...(row ? [{ source: "PyTorch over a row", check: () => checkRowwise(name, row) }] : []),
  ];
}

export const activationFamily: FamilyUnderTest = {
  kind: ACTIVATIONS.kind,
  names: Object.keys(ACTIVATIONS.rows),
  naming: {
    family: ACTIVATIONS,
    resolve: (given) => resolveActivation(given as ActivationName),
    module: activations,
  },
  files: {
    cases: "src/activations/index.ts: its options",
    twin: "test/reference/activations.ts",
    figures: "test/golden/make_activations.py, and run it",
  },

  /** Defaults; then every switch turned, and its parameter as its twin wants it tried. */
  cases(name) {
    const { options, parameter } = ACTIVATIONS.rows[name as ActivationName];
    const { alphas = [] } = twins.find((twin) => twin.name === name) ?? {};
    const switches = Object.entries(options).filter(([, value]) => typeof value === "boolean");
    return [
      {},
      ...switches.map(([option, value]) => ({ [option]: !value })),
      ...(parameter ? alphas.map((alpha) => ({ [parameter]: alpha })) : []),
    ];
  },
  differentiable: true,
  hasTwin: (name) => name in ROWWISE || twins.some((twin) => twin.name === name),
  figures,

  async follows(member, { rows, width }) {
    const model = await sequential({ inputShape: width, layers: [activation(describedBy(member))] });
    const x = noise(rows * width, 3).map((value) => value * 8);
    expectClose(model.predict(x).data, activated(member, Array.from(x), width).y);
  },

  /** Once within a product's last pass, and once by itself. */
  network(member, size) {
    const described = describedBy(member);
    const part = {
      layers: [dense(size.width, { name: "middle" }), activation(described)],
      twin(z: number[], weights: Readonly<Record<string, readonly number[]>>) {
        const fused = activated(member, z, size.width);
        const middle = affine(fused.y, weights["middle/kernel"]!, size.width, weights["middle/bias"]);
        const alone = activated(member, middle, size.width);
        return { y: alone.y, kinks: [...fused.kinks, ...alone.kinks] };
      },
    };
    return between(part, size, {}, { activation: described });
  },
};
