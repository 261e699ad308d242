// Each pass over the nodes leaves the results' bits as they were, and does what it is for.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { activate, resolveActivation } from "../../src/activations/table.js";
import { dropDead, fuseActivations, fuseRescaling } from "../../src/program/fuse.js";
import type { Node, Value } from "../../src/program/graph.js";
import { Workbench } from "./workbench.js";

const PASSES = { dropDead, fuseRescaling, fuseActivations };

/** Runs the same graph with the nodes as they were emitted and after a pass. */
function expectSameBits(bench: Workbench, pass: (nodes: readonly Node[]) => Node[], storedWidth: number): void {
  const plain = bench.run({ storedWidth, passes: (nodes) => [...nodes] });
  expect(bench.run({ storedWidth, passes: pass })).toEqual(plain);
  expect(bench.run({ storedWidth })).toEqual(plain);
}

const ops = (nodes: readonly Node[]) => nodes.map(({ op }) => op);

const activations = fc.array(fc.constantFrom("relu", "tanh", "sigmoid", "elu", "linear"), { maxLength: 4 });
const graphs = fc.record({
  activations,
  scale: fc.constantFrom(1, 0.5, 1 / 255, -2),
  offset: fc.constantFrom(0, 0.25, -1),
  shared: fc.boolean(),
  rows: fc.integer({ min: 1, max: 6 }),
  seed: fc.nat(1000),
});

async function build({
  activations,
  scale,
  offset,
  shared,
  rows,
  seed,
}: typeof graphs extends fc.Arbitrary<infer T> ? T : never) {
  const bench = await Workbench.create({ rows, seed });
  const raw = bench.input("x", [5]);
  let x = bench.b.affine(raw, scale, offset);
  if (shared) x = bench.b.add(x, raw); // the data are read twice
  const hidden: Value[] = [];
  activations.forEach((name, i) => {
    const z = bench.dense(x, 5, `layer${i}`);
    hidden.push(z);
    x = activate(bench.b, z, resolveActivation(name));
    bench.b.softmax(x, "nobody reads this");
  });
  if (shared && hidden[0]) x = bench.b.add(x, hidden[0]);
  bench.regress(bench.dense(x, 5, "output"));
  bench.b.store(x);
  bench.differentiate();
  return bench;
}

describe.each(Object.entries(PASSES))("%s", (_, pass) => {
  test("leaves every bit of loss, gradients and outputs as it was", () =>
    fc.assert(
      fc.asyncProperty(graphs, async (graph) => expectSameBits(await build(graph), pass, 5)),
      { numRuns: 40 },
    ));
});

test("what nobody reads is dropped, what has an effect stays", async () => {
  const { nodes } = await example();
  expect(ops(nodes)).toContain("softmax");
  expect(ops(dropDead(nodes))).not.toContain("softmax");
  expect(ops(dropDead(nodes))).toEqual(expect.arrayContaining(["loss", "store"]));
});

async function example() {
  const bench = await build({
    activations: ["elu", "relu"],
    scale: 0.5,
    offset: 0.25,
    shared: false,
    rows: 2,
    seed: 1,
  });
  return { nodes: bench.b.nodes };
}

test("rescaling goes into the gathering of its data", async () => {
  const { nodes } = await example();
  const [gather, next] = fuseRescaling(nodes) as [Node, Node];
  expect([gather.op, gather.numbers, next.op]).toEqual(["gather", { scale: 0.5, offset: 0.25 }, "gemmNN"]);
});

test("activations go into their products, where the product's sum is not read again", async () => {
  const { nodes } = await example();
  const products = fuseActivations(nodes).filter(({ op, note }) => op === "gemmNN" && note);
  expect(products.map(({ note }) => note)).toEqual(["elu", "relu"]);
  expect(ops(fuseActivations(nodes))).not.toContain("activation");

  const bench = await Workbench.create();
  const z = bench.dense(bench.input("x", [3]), 4, "z");
  bench.regress(bench.b.add(activate(bench.b, z, resolveActivation("tanh")), z));
  expect(ops(fuseActivations(bench.b.nodes))).toContain("activation");
});

test("an activation whose derivative needs its input stays by itself", async () => {
  const bench = await Workbench.create();
  const z = bench.dense(bench.input("x", [3]), 4, "z");
  bench.regress(bench.b.activation(z, { code: 3, savesInput: true }));
  expect(ops(fuseActivations(bench.b.nodes))).toContain("activation");
});

test("a product applies one activation; a second one stays by itself", async () => {
  const bench = await Workbench.create({ rows: 2 });
  let x = bench.dense(bench.input("x", [3]), 4, "z");
  for (const name of ["sigmoid", "tanh"]) x = activate(bench.b, x, resolveActivation(name as "tanh"));
  bench.b.store(x);
  expectSameBits(bench, fuseActivations, 4);
  expect(ops(fuseActivations(bench.b.nodes))).toContain("activation");
});

test("rescaling by 1 and 0 keeps its bits too: −0 becomes 0 either way", async () => {
  const bench = await Workbench.create({ rows: 2 });
  bench.b.store(bench.b.affine(bench.input("x", [2]), 1, 0));
  bench.sources[0]!.set([-0, 0, -1, 1]);
  expectSameBits(bench, fuseRescaling, 2);
});
