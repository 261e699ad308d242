// Which records several threads share, and how: by rows, columns or elements of what they write, never by what they sum over,
// so that each number is made as one thread makes it.

import * as L from "../../assembly/shared/layout.js";
import { type Node, sizesOf } from "./graph.js";
import { operandBytes, opRow, type Sizes } from "./ops.js";

/** When it pays. */
const WORTH = {
  /** A part that costs less is not worth the wait for the others: some 4 µs of work, and the threads meet in 0.5. */
  leastCost: 200_000,
  /** Of a program's cost; with less of it to share, waking others would cost more than they bring. */
  leastShare: 0.5,
};

/** One record's, as it stands in memory. */
export interface Split {
  readonly parts: number;
  /** Dim 0 is cut at multiples of this; 0: the kernel cuts by itself. */
  readonly unit: number;
  /** Rows of the batch from which on it pays. */
  readonly leastRows: number;
  /** Bytes from one of dim 0 to the next, by operand. */
  readonly strides: readonly number[];
}

const WHOLE: Split = { parts: 1, unit: 0, leastRows: 0, strides: [] };

/** For each record; undefined where one thread is as fast. */
export function splitsOf(
  nodes: readonly Node[],
  capacity: number,
  threads: number,
  { leastCost, leastShare } = WORTH,
): readonly Split[] | undefined {
  if (threads === 1) return undefined;
  const costs = nodes.map((node) => opRow(node.op).cost(sizesOf(node, capacity)));
  const splits = nodes.map((node, i) => splitOf(node, { cost: costs[i]!, capacity, threads, leastCost }));
  const sum = (of: readonly number[]) => of.reduce((total, cost) => total + cost, 0);
  const shared = sum(costs.filter((_, i) => splits[i]!.parts > 1));
  return shared > 0 && shared >= leastShare * sum(costs) ? splits : undefined;
}

interface Circumstances {
  readonly cost: number;
  readonly capacity: number;
  readonly threads: number;
  readonly leastCost: number;
}

function splitOf(node: Node, { cost, capacity, threads, leastCost }: Circumstances): Split {
  const { split } = opRow(node.op);
  const parts = Math.min(threads, Math.floor(cost / leastCost));
  if (split === undefined || parts < 2) return WHOLE;
  const growing = Object.values(node.dims).some(({ perRow }) => perRow);
  const leastRows = growing ? Math.ceil((2 * leastCost * capacity) / cost) : 0;
  if (split === "byKernel") return { parts, unit: 0, leastRows, strides: [] };
  return { parts, unit: split, leastRows, strides: stridesOf(node, sizesOf(node, capacity)) };
}

/** An operand grows by its stride with each of dim 0. */
function stridesOf({ op, operands }: Node, sizes: Sizes): number[] {
  const row = opRow(op);
  const grown = { ...sizes, [row.dims[0]!]: sizes[row.dims[0]!]! + 1 };
  return Object.entries(row.operands).map(([name, operand]) => {
    const isThere = (operands as Record<string, unknown>)[name] !== undefined;
    return isThere ? operandBytes(operand, grown) - operandBytes(operand, sizes) : 0;
  });
}

export function encodeSplits(view: DataView, address: number, splits: readonly Split[]): void {
  splits.forEach(({ parts, unit, leastRows, strides }, i) => {
    const at = address + i * L.SPLIT_BYTES;
    for (let offset = 0; offset < L.SPLIT_BYTES; offset += 4) view.setUint32(at + offset, 0, true);
    view.setUint32(at + L.SPLIT_PARTS, parts, true);
    view.setUint32(at + L.SPLIT_UNIT, unit, true);
    view.setUint32(at + L.SPLIT_LEAST_ROWS, leastRows, true);
    strides.forEach((stride, k) => view.setUint32(at + L.SPLIT_STRIDE0 + k * 4, stride, true));
  });
}
