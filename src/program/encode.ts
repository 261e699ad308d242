import * as L from "../../assembly/shared/layout.js";
import { type Dim, type Node, rootOf, sizesOf, type Value } from "./graph.js";
import type { MemoryPlan } from "./memory.js";
import { opRow } from "./ops.js";

const DIM_FLAGS = [L.FLAG_DIM0_ROWS, L.FLAG_DIM1_ROWS, L.FLAG_DIM2_ROWS];

/** Writes the nodes as records at `address`, with the arena at `arena`. */
export function encode(
  view: DataView,
  address: number,
  nodes: readonly Node[],
  plan: MemoryPlan,
  arena: number,
  capacity: number,
): void {
  nodes.forEach((node, i) => encodeRecord(view, address + i * L.RECORD_BYTES, node, capacity, addressIn(plan, arena)));
}

function addressIn(plan: MemoryPlan, arena: number): (value: Value) => number {
  return (value) => {
    const { storage, id } = rootOf(value);
    return storage.kind === "fixed" ? storage.address : arena + plan.offsets.get(id)!;
  };
}

function encodeRecord(
  view: DataView,
  at: number,
  node: Node,
  capacity: number,
  addressOf: (value: Value) => number,
): void {
  const row = opRow(node.op);
  const dims = node.dims as Record<string, Dim>;
  const operands = node.operands as Record<string, Value | undefined>;
  let flags = 0;
  for (let offset = 0; offset < L.RECORD_BYTES; offset += 4) view.setInt32(at + offset, 0, true);

  row.dims.forEach((dim, i) => {
    if (dims[dim]!.perRow) flags |= DIM_FLAGS[i]!;
    view.setInt32(at + L.RECORD_DIM0 + i * 4, dims[dim]!.size, true);
  });
  Object.keys(row.operands).forEach((name, i) => {
    const value = operands[name];
    view.setUint32(at + L.RECORD_POINTER0 + i * 4, value ? addressOf(value) : 0, true);
  });
  row.numbers.forEach((name, i) => view.setFloat32(at + L.RECORD_NUMBER0 + i * 4, node.numbers[name] ?? 0, true));
  Object.keys(row.integers).forEach((name, i) => {
    view.setInt32(at + L.RECORD_INTEGER0 + i * 4, node.integers[name] ?? 0, true);
  });
  view.setInt32(at + L.RECORD_OP, row.code, true);
  view.setInt32(at + L.RECORD_FLAGS, flags, true);
  view.setFloat32(at + L.RECORD_COST, row.cost(sizesOf(node, capacity)), true);
}
