import { OPS, type DimOf, type OperandOf, type OpName, opRow } from "./ops.js";
import { formatShape, type Shape, sizeOf } from "../shape.js";

/** A size of an op: fixed, or that many for each row of the batch. */
export interface Dim {
  readonly size: number;
  readonly perRow: boolean;
}

export const fixed = (size: number): Dim => ({ size, perRow: false });
export const perRow = (size: number): Dim => ({ size, perRow: true });

/** Where a value lives: planned with the program, or at an address of its own for as long as the model lives. */
export type Storage = { readonly kind: "arena" } | { readonly kind: "fixed"; readonly address: number };

/** An array that ops read and write: (B, …shape) where it has a row for each sample, else (…shape). */
export interface Value {
  readonly id: number;
  readonly name: string;
  readonly shape: Shape;
  readonly perRow: boolean;
  readonly storage: Storage;
  readonly needsGradient: boolean;
  /** Where the gradient of a variable goes. */
  readonly gradient?: Value;
  /** The value whose bytes these are, under another shape. */
  readonly root?: Value;
}

/** One record to be: an op on values. Phases come one after the other. */
export interface Node<K extends OpName = OpName> {
  readonly op: K;
  readonly dims: Readonly<Record<DimOf<K>, Dim>>;
  readonly operands: Readonly<Partial<Record<OperandOf<K>, Value>>>;
  readonly numbers: Readonly<Record<string, number>>;
  readonly integers: Readonly<Record<string, number>>;
  /** What the listing calls it: "elu". */
  readonly note?: string;
}

/** The node's dims at `capacity` rows. */
export function sizesOf(node: Node, capacity: number): Record<string, number> {
  const dims = Object.entries(node.dims as Record<string, Dim>);
  return Object.fromEntries(dims.map(([name, { size, perRow }]) => [name, size * (perRow ? capacity : 1)]));
}

export function rootOf(value: Value): Value {
  return value.root ?? value;
}

/** Elements of the value for one row, or of the whole value where it has no rows. */
export function widthOf(value: Value): number {
  return sizeOf(value.shape);
}

export function formatValue(value: Value): string {
  return `${value.name} ${formatShape(value.shape, value.perRow)}`;
}

/** The node's values with the way it uses each, in the order of its pointers. */
export function usesOf(node: Node): { operand: string; value: Value; access: "read" | "write" | "update" }[] {
  const uses = [];
  for (const [operand, row] of Object.entries(opRow(node.op).operands)) {
    const value = (node.operands as Record<string, Value | undefined>)[operand];
    if (value) uses.push({ operand, value, access: accessOf(node, operand, row.access) });
  }
  return uses;
}

/** A sum that does not accumulate reads nothing of what stood there. */
function accessOf(node: Node, operand: string, access: "read" | "write" | "update") {
  const accumulates = "accumulate" in OPS[node.op].integers;
  return access === "update" && accumulates && !node.integers.accumulate && operand in node.operands ? "write" : access;
}
