import { ALIGNMENT_BYTES, SLACK_BYTES } from "../../assembly/shared/layout.js";
import { type Node, rootOf, sizesOf, usesOf, type Value, widthOf } from "./graph.js";
import { operandBytes, opRow } from "./ops.js";

/** Where each arena value begins, by its root's id. */
export interface MemoryPlan {
  readonly offsets: ReadonlyMap<number, number>;
  readonly bytes: number;
}

/** Bytes that are in use from one node to another; several values may pass through it one after the other. */
interface Slot {
  bytes: number;
  first: number;
  last: number;
  offset: number;
}

/**
 * Gives every arena value a place such that values alive at the same time never overlap:
 *
 *   nodes    0 1 2 3 4 5 …
 *   x        ██████            a value lives from the first node that writes it to the last that uses it;
 *   z          ████████        the largest are placed first, each at the lowest gap;
 *   d z              ████      an output may take its input's place where the op works in place.
 */
export function planMemory(nodes: readonly Node[], capacity: number): MemoryPlan {
  const slots = slotsOf(nodes, capacity);
  const placed: Slot[] = [];
  const distinct = [...new Set(slots.values())].sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const slot of distinct) {
    slot.offset = lowestGap(slot, placed);
    placed.push(slot);
  }
  const bytes = distinct.reduce((end, slot) => Math.max(end, slot.offset + slot.bytes), 0);
  return { offsets: new Map([...slots].map(([id, slot]) => [id, slot.offset])), bytes: bytes + SLACK_BYTES };
}

/** Bytes of a value at `capacity` rows, aligned; of scratch, what its op asks for. */
function bytesOf(value: Value, node: Node, operand: string, capacity: number): number {
  const row = opRow(node.op).operands[operand]!;
  if (typeof row.shape === "function") return align(operandBytes(row, sizesOf(node, capacity)));
  return align(widthOf(value) * (value.perRow ? capacity : 1) * 4);
}

function slotsOf(nodes: readonly Node[], capacity: number): Map<number, Slot> {
  const lastUse = new Map<number, number>();
  nodes.forEach((node, i) => {
    for (const { value } of usesOf(node)) lastUse.set(rootOf(value).id, i);
  });

  const slots = new Map<number, Slot>();
  nodes.forEach((node, i) => {
    const uses = usesOf(node).filter(({ value }) => value.storage.kind === "arena");
    for (const { operand, value, access } of uses) {
      const root = rootOf(value);
      if (slots.has(root.id)) continue;
      const bytes = bytesOf(root, node, operand, capacity);
      const last = lastUse.get(root.id)!;
      const input = access === "write" ? inPlaceInput(node, operand) : undefined;
      const slot = input && input.storage.kind === "arena" ? slots.get(rootOf(input).id) : undefined;
      if (slot && lastUse.get(rootOf(input!).id) === i && slot.last === i && slot.bytes === bytes) {
        slot.last = last;
        slots.set(root.id, slot);
      } else {
        slots.set(root.id, { bytes, first: i, last, offset: 0 });
      }
    }
  });
  return slots;
}

/** The input that `output` may overwrite, if nothing else of the node reads it. */
function inPlaceInput(node: Node, output: string): Value | undefined {
  const name = opRow(node.op).inPlace[output];
  const input = name === undefined ? undefined : (node.operands as Record<string, Value | undefined>)[name];
  const readings = usesOf(node).filter(({ value }) => input && rootOf(value) === rootOf(input));
  return readings.length === 1 ? input : undefined;
}

function lowestGap(slot: Slot, placed: readonly Slot[]): number {
  const neighbours = placed
    .filter((other) => other.first <= slot.last && slot.first <= other.last)
    .sort((a, b) => a.offset - b.offset);
  let offset = 0;
  for (const other of neighbours) {
    if (offset + slot.bytes <= other.offset) break;
    offset = Math.max(offset, other.offset + other.bytes);
  }
  return offset;
}

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}
