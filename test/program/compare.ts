import { expect } from "vitest";
import { COMBINE_MAXIMUM, COMBINE_MINIMUM } from "../../assembly/shared/combine.js";
import type { Node, Value } from "../../src/program/graph.js";
import { activations } from "../reference/activations.js";
import type { GraphTwin } from "../reference/graph.js";
import type { Workbench } from "./workbench.js";

/** The unit roundoff of f32. */
const U = 2 ** -24;

/** Sums of at most some twenty terms, functions good to 4 ULP, a few layers deep: of the largest element. */
const F32 = 16 * U;

/** Central differences at this distance err by its square, some 1e-10, and by f64's rounding over it, 1e-11. */
const STEP = 1e-5;
const DIFFERENCES = 1e-8;

/**
 * Holds the gradients of every trainable variable of a differentiated graph to those of the f64 twin, and the twin's to
 * central differences of its loss.
 */
export function expectGradients(bench: Workbench): void {
  const twin = bench.runTwin();
  const { loss, gradients } = bench.run();
  expect(Math.abs(loss - twin.loss), "loss").toBeLessThanOrEqual(F32 * Math.abs(twin.loss));
  for (const { value } of bench.variables) {
    if (!value.needsGradient) continue;
    const expected = twin.get(value.gradient!)!;
    expectClose(`f32 gradient of ${value.name}`, gradients.get(value.name)!, expected, F32);
    expectClose(`f64 gradient of ${value.name}`, expected, differencesOf(bench, value), DIFFERENCES);
  }
}

export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  expect(scale, `${what} is zero`).toBeGreaterThan(0);
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(actual[i]! - value)));
  expect(worst / scale, `${what}: deviation in terms of the largest`).toBeLessThanOrEqual(tolerance);
}

/** (loss(w + h) − loss(w − h)) / 2h for each element of w, neither end beyond a kink. */
function differencesOf(bench: Workbench, value: Value): number[] {
  const nodes = bench.b.nodes.slice(0, bench.forwardNodes);
  const { data } = bench.variables.find((variable) => variable.value === value)!;
  const home = kinkSides(nodes, bench.runTwin(nodes));
  const lossAt = (i: number, moved: number) => {
    const twin = bench.runTwin(nodes, (changed) => changed.set(value, Float64Array.from(data).fill(moved, i, i + 1)));
    expect(kinkSides(nodes, twin), `moving ${value.name}[${i}] crosses a kink`).toBe(home);
    return twin.loss;
  };
  return Array.from(data, (w, i) => (lossAt(i, w + STEP) - lossAt(i, w - STEP)) / (2 * STEP));
}

/** Which side of every kink each element is on: of activations, and of what chooses between values. */
function kinkSides(nodes: readonly Node[], twin: GraphTwin): string {
  return nodes.flatMap((node) => sidesOf(node, twin)).join("");
}

function sidesOf(node: Node, twin: GraphTwin): number[] {
  const values = (name: string) => Array.from(twin.get((node.operands as Record<string, Value>)[name]!)!);
  if (node.op === "activation") {
    const { kinks } = activations.find(({ code }) => code === node.integers.activation)!;
    return values("x").map((value) => kinks.filter((kink) => value > kink).length);
  }
  if (node.op === "combine" || node.op === "combineRows") {
    if (![COMBINE_MAXIMUM, COMBINE_MINIMUM].includes(node.integers.function!)) return [];
    const [a, b] = [values("a"), values("b")];
    return a.map((value, i) => (value >= b[i % b.length]! ? 1 : 0));
  }
  if (node.op !== "rowMax") return [];
  const [x, maxima] = [values("x"), values("maxima")];
  return x.map((value, i) => (value === maxima[Math.floor((i * maxima.length) / x.length)] ? 1 : 0));
}
