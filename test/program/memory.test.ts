// The memory plan over random graphs: what it promises, and that no result depends on what memory held before.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALIGNMENT_BYTES } from "../../assembly/shared/layout.js";
import { activate, resolveActivation } from "../../src/activations/table.js";
import { optimize } from "../../src/program/fuse.js";
import { type Node, rootOf, sizesOf, usesOf, type Value, widthOf } from "../../src/program/graph.js";
import { planMemory } from "../../src/program/memory.js";
import { operandBytes, opRow } from "../../src/program/ops.js";
import { Program } from "../../src/program/program.js";
import { arenaOf, NAN_BITS, Workbench } from "./workbench.js";

/** One more op on values made before: `pick` and `other` choose them. */
const step = fc.record({
  op: fc.constantFrom("dense", "tied", "relu", "elu", "softmax", "affine", "add", "reshape", "loss"),
  pick: fc.nat(99),
  other: fc.nat(99),
});
const graphs = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 14 }),
  rows: fc.integer({ min: 1, max: 7 }),
  training: fc.boolean(),
  seed: fc.nat(1000),
});
type Graph = typeof graphs extends fc.Arbitrary<infer T> ? T : never;

const WIDTH = 6;

/** A graph over (B, 6) and (B, 2, 3) values; its last value is stored, and with `training` has a loss and gradients. */
async function build({ steps, rows, training, seed }: Graph, poison = NAN_BITS): Promise<Workbench> {
  const bench = await Workbench.create({ rows, seed, poison });
  const { b } = bench;
  const tied = bench.variable("tied", [WIDTH, WIDTH]);
  const flat = (x: Value) => b.reshape(x, [WIDTH]);
  const values = [b.affine(bench.input("x", [WIDTH]), 0.5, 0.25)];
  steps.forEach(({ op, pick, other }, i) => {
    const x = values[pick % values.length]!;
    const y = values[other % values.length]!;
    if (op === "dense") values.push(bench.dense(flat(x), WIDTH, `dense${i}`));
    else if (op === "tied") values.push(b.matmul(flat(x), tied));
    else if (op === "relu" || op === "elu") values.push(activate(b, x, resolveActivation(op)));
    else if (op === "softmax") values.push(b.softmax(x));
    else if (op === "affine") values.push(b.affine(x, -0.5, 0.125));
    else if (op === "add") values.push(b.add(flat(x), flat(y)));
    else if (op === "reshape") values.push(b.reshape(x, x.shape.length === 1 ? [2, 3] : [WIDTH]));
    else bench.regress(x);
  });
  bench.regress(b.matmul(flat(values.at(-1)!), tied)); // so that some weight always learns
  b.store(values.at(-1)!);
  if (training) bench.differentiate();
  return bench;
}

const isArena = (value: Value) => rootOf(value).storage.kind === "arena";

function bytesAt(node: Node, operand: string, value: Value, capacity: number): number {
  const row = opRow(node.op).operands[operand]!;
  if (operand === "scratch") return operandBytes(row, sizesOf(node, capacity));
  return widthOf(value) * (value.perRow ? capacity : 1) * 4;
}

/** Each arena value's first and last use, and its bytes. */
function livesOf(nodes: readonly Node[], capacity: number) {
  const lives = new Map<number, { first: number; last: number; bytes: number }>();
  nodes.forEach((node, i) => {
    for (const { operand, value } of usesOf(node)) {
      if (!isArena(value)) continue;
      const { id } = rootOf(value);
      const life = lives.get(id) ?? { first: i, last: i, bytes: bytesAt(node, operand, value, capacity) };
      lives.set(id, { ...life, last: i });
    }
  });
  return lives;
}

/** The values that node i may write over: its own op says so, they end there, and nothing else of it reads them. */
function mayTakePlaceOf(node: Node, output: number): number | undefined {
  const uses = usesOf(node);
  const out = uses.find(({ value, access }) => access !== "read" && rootOf(value).id === output);
  const input = uses.find(({ operand }) => out && operand === opRow(node.op).inPlace[out.operand]);
  if (!input) return undefined;
  const { id } = rootOf(input.value);
  return uses.filter(({ value }) => rootOf(value).id === id).length === 1 ? id : undefined;
}

const RUNS = { numRuns: 80 };

describe("the plan", () => {
  test("values that are alive at once never overlap, but for an op that works in place", () =>
    fc.assert(
      fc.asyncProperty(graphs, fc.integer({ min: 1, max: 40 }), async (graph, capacity) => {
        const nodes = optimize((await build(graph)).b.nodes);
        const { offsets, bytes } = planMemory(nodes, capacity);
        const lives = [...livesOf(nodes, capacity)];
        expect(new Set(offsets.keys())).toEqual(new Set(lives.map(([id]) => id)));
        for (const [id, life] of lives) {
          const offset = offsets.get(id)!;
          expect(offset % ALIGNMENT_BYTES).toBe(0);
          expect(offset + life.bytes).toBeLessThanOrEqual(bytes);
          for (const [otherId, other] of lives) {
            if (otherId <= id || life.last < other.first || other.last < life.first) continue;
            const otherOffset = offsets.get(otherId)!;
            if (offset + life.bytes <= otherOffset || otherOffset + other.bytes <= offset) continue;
            const [older, newer] = life.first < other.first ? [id, otherId] : [otherId, id];
            const handOver = Math.max(life.first, other.first);
            expect(Math.min(life.last, other.last), "the older one ends where the newer begins").toBe(handOver);
            expect(mayTakePlaceOf(nodes[handOver]!, newer), "the op works in place").toBe(older);
            expect(otherOffset).toBe(offset);
          }
        }
      }),
      RUNS,
    ));

  test("places are used again: a long chain needs no more memory than a short one", async () => {
    const chain = async (length: number) => {
      const bench = await Workbench.create();
      let x = bench.input("x", [8]);
      for (let i = 0; i < length; i++) x = bench.b.softmax(bench.b.matmul(x, bench.variable(`w${i}`, [8, 8])));
      bench.b.store(x);
      return planMemory(optimize(bench.b.nodes), 32).bytes;
    };
    expect(await chain(20)).toBe(await chain(3));
  });

  test("an activation that nothing else reads works in place, one that is read again does not", async () => {
    const bench = await Workbench.create();
    const x = bench.b.affine(bench.dense(bench.input("x", [8]), 8, "z"), 2, 0);
    const y = bench.b.softmax(x);
    bench.b.store(y);
    expect(new Set(planMemory(bench.b.nodes, 4).offsets.values()).size).toBeLessThan(4);
    const { offsets } = planMemory(bench.b.nodes, 4);
    expect(offsets.get(y.id)).toBe(offsets.get(x.id));
    bench.regress(x);
    const kept = planMemory(bench.b.nodes, 4).offsets;
    expect(kept.get(y.id)).not.toBe(kept.get(x.id));
  });
});

describe("running", () => {
  const options = { storedWidth: WIDTH };

  test("no result depends on what memory held before", () =>
    fc.assert(
      fc.asyncProperty(graphs, async (graph) => {
        const [poisoned, clean] = [await build(graph), await build(graph, 0)];
        const results = poisoned.run(options);
        expect(results).toEqual(clean.run(options));
        const numbers = [results.loss, ...results.stored];
        if (graph.training) numbers.push(...results.gradients.get("tied")!);
        expect(numbers.every(Number.isFinite), "nothing poisoned came out").toBe(true);
      }),
      { numRuns: 60 },
    ));

  test("batches, the last one partial, give the same rows' results as all rows at once, bit for bit", () =>
    fc.assert(
      fc.asyncProperty(graphs, fc.integer({ min: 1, max: 7 }), async (graph, batchRows) => {
        const bench = await build({ ...graph, training: false });
        expect(bench.run({ ...options, batchRows }).stored).toEqual(bench.run(options).stored);
      }),
      { numRuns: 60 },
    ));

  test("a program with room for more rows gives the same bits", () =>
    fc.assert(
      fc.asyncProperty(graphs, fc.integer({ min: 1, max: 300 }), async (graph, more) => {
        const bench = await build(graph);
        expect(bench.run({ ...options, capacity: graph.rows + more })).toEqual(bench.run(options));
      }),
      { numRuns: 60 },
    ));

  test("more rows lay the program out anew, fewer leave it as it is", async () => {
    const bench = await build({ steps: [{ op: "dense", pick: 0, other: 0 }], rows: 4, training: true, seed: 1 });
    const program = new Program(bench.engine, bench.b.nodes, bench.regions);
    program.ensure(4);
    const { address, bytes } = arenaOf(program);
    program.ensure(2);
    expect([program.capacity, arenaOf(program).address]).toEqual([4, address]);
    program.ensure(400);
    expect(program.capacity).toBe(400);
    expect(arenaOf(program).bytes).toBeGreaterThan(bytes);
  });

  test("a program writes nothing outside its arena and its variables' gradients", async () => {
    const bench = await build({
      steps: (["dense", "elu", "softmax", "add", "loss"] as const).map((op, i) => ({ op, pick: i, other: 0 })),
      rows: 5,
      training: true,
      seed: 2,
    });
    const guard = bench.engine.heap.allocate(4096, "guard");
    const words = bench.engine.u32(guard, 1024).fill(NAN_BITS);
    const weights = bench.variables.map(({ data }) => [...data]);
    bench.run(options);
    expect(words.every((word) => word === NAN_BITS)).toBe(true);
    bench.variables.forEach(({ value }, i) => {
      const { address } = value.storage as { address: number };
      expect([...bench.engine.f32(address, weights[i]!.length)]).toEqual(weights[i]);
      const behind = bench.engine.u32(address + weights[i]!.length * 4, 16); // the slack
      expect(behind.every((word) => word === NAN_BITS)).toBe(true);
    });
  });
});
