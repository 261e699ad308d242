import * as L from "../../assembly/shared/layout.js";
import { LanewiseError } from "../errors.js";
import { OP_NAMES, operandBytes, type OpRow, opRow } from "./ops.js";

/** Bytes that a program may touch. */
export interface Region {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
  readonly writable: boolean;
}

/**
 * Reads every record back from memory, as the executor will, and checks op, sizes, numbers, and that each operand lies
 * whole in one region that may be used that way. A program that fails was built wrong: a bug in this library or in a
 * custom layer, never bad luck.
 */
export function verify(
  view: DataView,
  address: number,
  count: number,
  capacity: number,
  regions: readonly Region[],
): void {
  for (let i = 0; i < count; i++) verifyRecord(view, address + i * L.RECORD_BYTES, i, capacity, regions);
}

function verifyRecord(view: DataView, at: number, index: number, capacity: number, regions: readonly Region[]): void {
  const code = view.getInt32(at + L.RECORD_OP, true);
  const name = OP_NAMES[code];
  const refuse = (why: string): never => {
    throw new LanewiseError(
      "program/invalid",
      `Record ${index} (${name ?? `op ${code}`}) of the program is invalid: ${why}.`,
    );
  };
  if (name === undefined) return refuse("there is no such op");
  const row = opRow(name);

  const flags = view.getInt32(at + L.RECORD_FLAGS, true);
  const sizes: Record<string, number> = {};
  row.dims.forEach((dim, i) => {
    const size = view.getInt32(at + L.RECORD_DIM0 + i * 4, true);
    if (size < 1) refuse(`${dim} is ${size}`);
    sizes[dim] = size * (flags & (1 << i) ? capacity : 1);
  });
  if (flags >>> row.dims.length !== 0) refuse(`flags ${flags} name a size that the op does not have`);

  const integers: Record<string, number> = {};
  Object.entries(row.integers).forEach(([integer, largest], i) => {
    const value = view.getInt32(at + L.RECORD_INTEGER0 + i * 4, true);
    if (value < 0 || value > largest) refuse(`${integer} is ${value}, not in 0…${largest}`);
    integers[integer] = value;
  });
  const mismatch = row.refuse?.(sizes, integers);
  if (mismatch) refuse(mismatch);
  row.numbers.forEach((number, i) => {
    const value = view.getFloat32(at + L.RECORD_NUMBER0 + i * 4, true);
    if (!Number.isFinite(value)) refuse(`${number} is ${value}`);
  });
  const cost = view.getFloat32(at + L.RECORD_COST, true);
  if (!(cost > 0 && cost < Infinity)) refuse(`its cost is ${cost}, and a slice would not end`);

  const operands = operandsOf(view, at, row, sizes);
  for (const { operand, address, bytes, access, optional } of operands) {
    if (address === 0 && optional) continue;
    if (address % 4 !== 0) refuse(`${operand} at ${address} is not aligned to 4 bytes`);
    const region = regions.find((r) => address >= r.address && address + bytes <= r.address + r.bytes);
    if (!region) return refuse(`${operand} (${bytes} bytes at ${address}) lies in no region of the model's memory`);
    if (access !== "read" && !region.writable) refuse(`${operand} would write to ${region.name}`);
  }
  refuseOverlaps(operands, row, refuse);
}

interface EncodedOperand {
  operand: string;
  address: number;
  bytes: number;
  access: "read" | "write" | "update";
  optional: boolean;
}

function operandsOf(view: DataView, at: number, row: OpRow, sizes: Record<string, number>): EncodedOperand[] {
  return Object.entries(row.operands).map(([operand, operandRow], i) => ({
    operand,
    access: operandRow.access,
    optional: operandRow.optional,
    address: view.getUint32(at + L.RECORD_POINTER0 + i * 4, true),
    bytes: operandBytes(operandRow, sizes),
  }));
}

/** What is written must not overlap another operand, unless it is the same bytes and the op works in place. */
function refuseOverlaps(operands: readonly EncodedOperand[], row: OpRow, refuse: (why: string) => never): void {
  for (const out of operands.filter(({ access, address }) => access !== "read" && address !== 0)) {
    for (const other of operands) {
      if (other === out || other.address === 0) continue;
      const apart = out.address + out.bytes <= other.address || other.address + other.bytes <= out.address;
      const inPlace = row.inPlace[out.operand] === other.operand && out.address === other.address;
      if (!apart && !inPlace) refuse(`${out.operand} overlaps ${other.operand}`);
    }
  }
}
