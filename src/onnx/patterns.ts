// Activations that ONNX of some version has no op for: exporters write them out, and here they are found again.

import { gelu, hardSilu, mish, silu, softsign } from "../activations/index.js";
import type { ActivationDescription } from "../activations/table.js";
import { Constant, Term } from "./term.js";

/** "x" is one and the same value everywhere; a number is a constant, within 1e-5; else an op and its operands. */
type Pattern = "x" | number | readonly [op: string, first: Pattern, second?: Pattern];

const ROOT_HALF = 0.7071067811865476;
const ROOT_TWO = 1.4142135623730951;
const ROOT_TWO_BY_PI = 0.7978845608028654;

const phi = (scaled: Pattern): Pattern => ["Add", ["Erf", scaled], 1]; // 2 Φ(x)
const tanhPhi: Pattern = [
  "Add",
  ["Tanh", ["Mul", ["Add", "x", ["Mul", ["Mul", ["Mul", "x", "x"], "x"], 0.044715]], ROOT_TWO_BY_PI]],
  1,
];

/** Twice x·Φ(x), then half of it, or half of x before. */
const halved = (phi: Pattern): Pattern[] => [
  ["Mul", ["Mul", "x", phi], 0.5],
  ["Mul", ["Mul", "x", 0.5], phi],
  ["Mul", "x", ["Mul", phi, 0.5]],
];

const PATTERNS: readonly (readonly [Pattern, ActivationDescription])[] = [
  [["Mul", "x", ["Sigmoid", "x"]], silu()],
  [["Mul", "x", ["Tanh", ["Softplus", "x"]]], mish()],
  [["Mul", "x", ["HardSigmoid", "x"]], hardSilu()],
  [["Div", "x", ["Add", ["Abs", "x"], 1]], softsign()],
  ...[phi(["Div", "x", ROOT_TWO]), phi(["Mul", "x", ROOT_HALF])].flatMap((phi) =>
    halved(phi).map((pattern) => [pattern, gelu()] as const),
  ),
  ...halved(tanhPhi).map((pattern) => [pattern, gelu({ approximate: true })] as const),
];

/** The activation that `term` is the last step of, and what it is applied to. */
export function patternOf(term: Term): { x: Term; activation: ActivationDescription } | undefined {
  for (const [pattern, activation] of PATTERNS) {
    const x = match(pattern, term, undefined);
    if (x) return { x, activation };
  }
  return undefined;
}

/** The value that "x" stands for where the pattern fits, given what it stands for elsewhere in it. No pattern is of constants alone. */
function match(pattern: Pattern, term: Term | Constant | undefined, x: Term | undefined): Term | undefined {
  if (!(term instanceof Term)) return undefined;
  if (pattern === "x") return x === undefined || x === term ? term : undefined;
  if (typeof pattern === "number" || pattern[0] !== term.op || pattern.length - 1 !== term.operands.length) {
    return undefined;
  }
  if (term.op === "HardSigmoid" && !isOurHardSigmoid(term)) return undefined;
  const [, first, second] = pattern;
  const [a, b] = term.operands;
  if (second === undefined) return match(first, a, x);
  const swapped = term.op === "Div" ? undefined : matchBoth([first, b], [second, a], x);
  return matchBoth([first, a], [second, b], x) ?? swapped;
}

type Pair = readonly [Pattern, Term | Constant | undefined];

/** A number binds nothing, so the other one is looked at for x. */
function matchBoth(first: Pair, second: Pair, x: Term | undefined): Term | undefined {
  if (typeof first[0] === "number") return isNumber(first[1], first[0]) ? match(...second, x) : undefined;
  if (typeof second[0] === "number") return isNumber(second[1], second[0]) ? match(...first, x) : undefined;
  const found = match(...first, x);
  return found && match(...second, found);
}

function isNumber(operand: Pair[1], expected: number): boolean {
  if (!(operand instanceof Constant) || operand.size !== 1 || operand.shape.length > 1) return false;
  return Math.abs(operand.floats()[0]! - expected) <= 1e-5 * expected;
}

/** min(max(x + 3, 0), 6) / 6 */
export function isOurHardSigmoid(term: Term): boolean {
  return Math.abs(term.float("alpha", 0.2) - 1 / 6) < 1e-6 && term.float("beta", 0.5) === 0.5;
}
