// Every field of an encoded record is spoiled, one at a time, and each time the program is refused.

import { beforeEach, describe, expect, test } from "vitest";
import * as L from "../../assembly/shared/layout.js";
import { LanewiseError } from "../../src/errors.js";
import { encode } from "../../src/program/encode.js";
import { fixed, type Node, sizesOf, type Value } from "../../src/program/graph.js";
import { planMemory } from "../../src/program/memory.js";
import { operandBytes, opRow, OPS } from "../../src/program/ops.js";
import { Program } from "../../src/program/program.js";
import { type Region, verify } from "../../src/program/verify.js";
import { Workbench } from "./workbench.js";

const ROWS = 3;

/** Each field of a record: where it stands, and values that are not to pass. */
interface Spoiler {
  readonly field: string;
  readonly offset: number;
  readonly write: "setInt32" | "setFloat32";
  readonly value: number;
}

let bench: Workbench;
let nodes: readonly Node[];
let address: number;
let regions: Region[];
let readOnly: Value;

/** A program with an op of every kind: gather, product, activation, loss, metric, column sum, update. */
beforeEach(async () => {
  bench = await Workbench.create({ rows: ROWS });
  const { b } = bench;
  const z = bench.dense(b.affine(bench.input("x", [6]), 0.5, 1), 4, "hidden");
  const logits = bench.dense(b.add(b.activation(z, { code: 4, alpha: 1, name: "elu" }), z), 3, "output");
  b.loss("sparseSoftmaxCrossentropy", logits, bench.input("y", [1], { classes: 3 }), {
    gradient: true,
    smoothing: 0.1,
  });
  b.metric("binaryAccuracy", b.softmax(logits), bench.input("t", [3]), 2, 0.5);
  bench.differentiate();
  emitUpdate();

  nodes = b.nodes;
  const plan = planMemory(nodes, ROWS);
  address = bench.engine.heap.allocate(nodes.length * L.RECORD_BYTES, "records");
  const arena = bench.engine.heap.allocate(plan.bytes, "arena");
  encode(bench.engine.view, address, nodes, plan, arena, ROWS);
  regions = [...bench.regions, { name: "the arena", address: arena, bytes: plan.bytes, writable: true }];
});

/** Guard and Adam on regions of their own; the table of segments is read-only. */
function emitUpdate(): void {
  const { b } = bench;
  const n = 10;
  const at = (name: string, bytes: number, writable = true) =>
    b.value({ name, shape: [bytes / 4], perRow: false, address: bench.allocate(name, bytes, writable) });
  const segments = (readOnly = at("segments", L.SEGMENT_BYTES, false));
  const gradients = at("gradients", 4 * n);
  const sizes = { n: fixed(n), segments: fixed(1) };
  b.emit("guard", sizes, { segments, gradients });
  b.emit("adam", sizes, { segments, gradients, parameters: at("p", 4 * n), m: at("m", 4 * n), v: at("v", 4 * n) });
}

const check = () => verify(bench.engine.view, address, nodes.length, ROWS, regions);

function refusal(action: () => void): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(LanewiseError);
    expect((error as LanewiseError).code).toBe("program/invalid");
    return (error as LanewiseError).message;
  }
  return "nothing was refused";
}

/** Spoils each field of every record in turn, and mends it again. */
function expectEachRefused(spoil: (node: Node, index: number) => Spoiler[]): void {
  const { view } = bench.engine;
  let spoilt = 0;
  nodes.forEach((node, index) => {
    for (const { field, offset, write, value } of spoil(node, index)) {
      const at = address + index * L.RECORD_BYTES + offset;
      const old = view.getUint32(at, true);
      view[write](at, value, true);
      expect(refusal(check), `record ${index} (${node.op}), ${field} ${value}`).toMatch(`Record ${index} (`);
      view.setUint32(at, old, true);
      spoilt++;
    }
  });
  expect(spoilt).toBeGreaterThan(0);
  check();
}

const at = (base: number, i: number) => base + i * 4;
const pointerOf = (index: number, i: number) =>
  bench.engine.view.getUint32(address + index * L.RECORD_BYTES + at(L.RECORD_POINTER0, i), true);

describe("each field that is spoilt is refused", () => {
  test("none is: it passes", () => expect(check).not.toThrow());

  test("op code", () => {
    const codes = [-1, Object.keys(OPS).length, 1 << 30];
    expectEachRefused(() => codes.map((value) => ({ field: "op", offset: L.RECORD_OP, write: "setInt32", value })));
  });

  test("flags that name no size", () => {
    expectEachRefused(({ op }) =>
      [1 << opRow(op).dims.length, 1 << 31].map((value) => ({
        field: "flags",
        offset: L.RECORD_FLAGS,
        write: "setInt32",
        value,
      })),
    );
  });

  test("cost", () => {
    expectEachRefused(() =>
      [NaN, Infinity, -1, 0].map((value) => ({ field: "cost", offset: L.RECORD_COST, write: "setFloat32", value })),
    );
  });

  test("sizes that are not positive, or larger than their memory", () => {
    expectEachRefused(({ op }) =>
      opRow(op).dims.flatMap((field, i) =>
        [0, -1, -(2 ** 31), 2 ** 31 - 1].map((value) => ({
          field,
          offset: at(L.RECORD_DIM0, i),
          write: "setInt32" as const,
          value,
        })),
      ),
    );
  });

  test("pointers that are misaligned, missing, or an element outside of a region", () => {
    expectEachRefused((node, index) =>
      Object.entries(opRow(node.op).operands).flatMap(([field, { optional }], i) => {
        const address = pointerOf(index, i);
        const region = regions.find((r) => address >= r.address && address < r.address + r.bytes);
        const ends = region ? [region.address - 4, region.address + region.bytes - bytesOf(node, field) + 4] : [];
        const outside = [4, 1020, 0x7ffffffc, -4, ...ends];
        const misaligned = address ? [address + 1, address + 2, address + 3] : [];
        return [...outside, ...misaligned, ...(optional ? [] : [0])].map((value) => ({
          field,
          offset: at(L.RECORD_POINTER0, i),
          write: "setInt32" as const,
          value,
        }));
      }),
    );
  });

  test("outputs that overlap another operand, one element or all of it", () => {
    expectEachRefused((node, index) => {
      const row = opRow(node.op);
      const names = Object.keys(row.operands);
      return names.flatMap((field, i) => {
        if (row.operands[field]!.access === "read") return [];
        return names.flatMap((other, j): Spoiler[] => {
          const address = pointerOf(index, j);
          if (i === j || address === 0) return [];
          const offset = at(L.RECORD_POINTER0, i);
          const whole =
            row.inPlace[field] === other ? [] : [{ field, offset, write: "setInt32" as const, value: address }];
          const isScalar = bytesOf(node, other) === 4;
          return [...whole, ...(isScalar ? [] : [{ field, offset, write: "setInt32" as const, value: address + 4 }])];
        });
      });
    });
  });

  test("outputs in memory that may only be read", () => {
    expectEachRefused((node) =>
      Object.entries(opRow(node.op).operands).flatMap(([field, { access }], i): Spoiler[] => {
        const { storage } = readOnly;
        if (access === "read" || storage.kind !== "fixed") return [];
        return [{ field, offset: at(L.RECORD_POINTER0, i), write: "setInt32", value: storage.address }];
      }),
    );
    bench.engine.view.setInt32(address + L.RECORD_DIM0 + 4, 1, true); // the gathered rows now fit into it …
    bench.engine.view.setInt32(address + L.RECORD_FLAGS, 1, true);
    bench.engine.view.setInt32(address + L.RECORD_POINTER0, (readOnly.storage as { address: number }).address, true);
    expect(refusal(check)).toMatch("would write to segments"); // … and it is for its being read-only that it is refused
  });

  test("numbers that are not finite", () => {
    expectEachRefused(({ op }) =>
      opRow(op).numbers.flatMap((field, i) =>
        [NaN, Infinity, -Infinity].map((value) => ({
          field,
          offset: at(L.RECORD_NUMBER0, i),
          write: "setFloat32" as const,
          value,
        })),
      ),
    );
  });

  test("integers out of their range", () => {
    expectEachRefused(({ op }) =>
      Object.entries(opRow(op).integers).flatMap(([field, largest], i) =>
        [-1, largest + 1, -(2 ** 31)].map((value) => ({
          field,
          offset: at(L.RECORD_INTEGER0, i),
          write: "setInt32" as const,
          value,
        })),
      ),
    );
  });
});

function bytesOf(node: Node, operand: string): number {
  return operandBytes(opRow(node.op).operands[operand]!, sizesOf(node, ROWS));
}

test("a program that is refused gives its memory back and leaves the one before as it was", async () => {
  const other = await Workbench.create({ rows: 2 });
  other.regress(other.dense(other.input("x", [3]), 2, "z"));
  other.differentiate();
  const regions = other.regions.map((region) => ({ ...region }));
  const program = new Program(other.engine, other.b.nodes, regions);
  program.ensure(2);
  const { address, capacity } = program;
  regions.forEach((region) => (region.bytes = 4));
  const free = () => {
    const block = other.engine.heap.allocate(4, "probe");
    other.engine.heap.free(block);
    return block;
  };
  const before = free();
  expect(refusal(() => program.ensure(50))).toMatch("lies in no region");
  expect([program.address, program.capacity, free()]).toEqual([address, capacity, before]);
});
