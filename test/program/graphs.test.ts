// Graphs that are no chain, below the public API: branches, shared weights, several inputs, frozen parts.

import { describe, expect, test } from "vitest";
import { activate, resolveActivation } from "../../src/activations/table.js";
import type { Value } from "../../src/program/graph.js";
import { usesOf } from "../../src/program/graph.js";
import { optimize } from "../../src/program/fuse.js";
import { expectGradients } from "./compare.js";
import { Workbench } from "./workbench.js";

const tanh = ({ b }: Workbench, x: Value) => activate(b, x, resolveActivation("tanh"));

const GRAPHS: Readonly<Record<string, (bench: Workbench) => void>> = {
  "a residual branch, x + f(x)"(bench) {
    const x = bench.dense(bench.input("x", [4]), 4, "x");
    bench.regress(bench.b.add(x, tanh(bench, bench.dense(x, 4, "f"))));
  },
  "a residual branch, f(x) + x"(bench) {
    const x = bench.dense(bench.input("x", [4]), 4, "x");
    bench.regress(bench.b.add(tanh(bench, bench.dense(x, 4, "f")), x));
  },
  "a residual branch of two layers"(bench) {
    const x = tanh(bench, bench.dense(bench.input("x", [3]), 5, "x"));
    const f = bench.dense(tanh(bench, bench.dense(x, 7, "f1")), 5, "f2");
    bench.regress(bench.dense(bench.b.add(x, f), 2, "y"));
  },
  "two residual branches, one after the other"(bench) {
    let x = bench.dense(bench.input("x", [3]), 4, "x");
    for (const name of ["f", "g"]) x = bench.b.add(x, tanh(bench, bench.dense(x, 4, name)));
    bench.regress(x);
  },
  "a value with three consumers"(bench) {
    const x = tanh(bench, bench.dense(bench.input("x", [3]), 4, "x"));
    const branches = ["f", "g", "h"].map((name) => bench.dense(x, 5, name));
    bench.regress(branches.reduce((sum, branch) => bench.b.add(sum, branch)));
  },
  "a value with consumers of three kinds: passed on, computed, multiplied"(bench) {
    const x = bench.dense(bench.input("x", [3]), 4, "x");
    bench.regress(bench.b.add(bench.b.add(bench.b.softmax(x), x), bench.dense(x, 4, "f")));
    bench.regress(bench.b.affine(x, 3, -1));
  },
  "a gradient that several values share until one of them gets more"(bench) {
    const [u, x] = ["u", "x"].map((name) => bench.dense(bench.input(name, [3]), 4, name)) as [Value, Value];
    const f = tanh(bench, bench.dense(x, 4, "f"));
    bench.regress(bench.b.add(bench.b.add(x, u), f));
  },
  "a layer used twice, one use upon the other"(bench) {
    const [w, bias] = [bench.variable("w", [4, 4]), bench.variable("bias", [4])];
    const once = tanh(bench, bench.b.matmul(bench.input("x", [4]), w, bias, "once"));
    bench.regress(bench.b.matmul(once, w, bias, "twice"));
  },
  "a layer used on two inputs"(bench) {
    const [w, bias] = [bench.variable("w", [3, 2]), bench.variable("bias", [2])];
    const [left, right] = ["left", "right"].map((name) => bench.b.matmul(bench.input(name, [3]), w, bias, name));
    bench.regress(bench.b.add(tanh(bench, left!), right!));
  },
  "a weight that is a product's factor and goes through an activation"(bench) {
    const w = bench.variable("w", [3, 2]);
    const x = bench.input("x", [3]);
    bench.regress(bench.b.add(bench.b.matmul(x, w), bench.b.matmul(x, tanh(bench, w))));
    bench.regress(bench.b.matmul(x, tanh(bench, w)));
  },
  "two inputs"(bench) {
    const [left, right] = [bench.input("left", [3]), bench.input("right", [6])];
    bench.regress(bench.b.add(bench.dense(left, 4, "f"), tanh(bench, bench.dense(right, 4, "g"))));
  },
  "one input used by two layers"(bench) {
    const x = bench.input("x", [3]);
    bench.regress(bench.b.add(bench.dense(x, 2, "f"), bench.dense(x, 2, "g")));
  },
  "two outputs with a loss each"(bench) {
    const x = tanh(bench, bench.dense(bench.input("x", [3]), 4, "x"));
    bench.regress(bench.dense(x, 2, "f"));
    bench.b.loss("sparseSoftmaxCrossentropy", bench.dense(x, 3, "g"), bench.input("labels", [1], { classes: 3 }), {
      gradient: true,
    });
  },
  "a value used in two shapes"(bench) {
    const flat = bench.dense(bench.input("x", [3]), 6, "flat");
    const grid = bench.b.reshape(flat, [2, 3]);
    bench.regress(bench.b.softmax(grid, "over three"));
    bench.regress(bench.b.softmax(flat, "over six"));
  },
  "a value used in two shapes and both times passed on"(bench) {
    const flat = bench.dense(bench.input("x", [3]), 6, "flat");
    const grid = bench.b.reshape(flat, [3, 2]);
    const rows = bench.b.add(grid, bench.dense(grid, 2, "f"));
    bench.regress(bench.b.add(bench.b.reshape(rows, [6]), flat));
  },
  "one shape after another"(bench) {
    const x = bench.b.reshape(bench.b.reshape(bench.input("x", [2, 2, 3]), [12]), [4, 3]);
    const y = bench.b.reshape(tanh(bench, bench.dense(x, 2, "f")), [8]);
    bench.regress(bench.dense(bench.b.reshape(bench.b.reshape(y, [2, 4]), [8]), 3, "g"));
  },
};

describe.each(Object.entries(GRAPHS))("%s", (_, build) => {
  test.each([1, 5])("in batches of %i", async (rows) => {
    const bench = await Workbench.create({ rows, seed: 7 });
    build(bench);
    bench.differentiate();
    expectGradients(bench);
  });
});

describe("frozen layers", () => {
  async function threeLayers(...trainable: boolean[]) {
    const bench = await Workbench.create({ seed: 5 });
    let x = bench.input("x", [4]);
    trainable.forEach((isTrainable, i) => {
      const w = bench.variable(`${i}/w`, [x.shape[0]!, 3 + i], { trainable: isTrainable });
      const bias = bench.variable(`${i}/b`, [3 + i], { trainable: isTrainable });
      x = tanh(bench, bench.b.matmul(x, w, bias, `${i}/z`));
    });
    bench.regress(x);
    const nodes = optimize(bench.differentiate());
    const written = nodes.flatMap((node) => usesOf(node).filter(({ access }) => access !== "read"));
    return { bench, gradients: written.map(({ value }) => value.name).filter((name) => name.startsWith("d ")) };
  }

  test("there is no gradient record below the lowest trainable layer", async () => {
    const { bench, gradients } = await threeLayers(false, false, true);
    expect(gradients).toEqual(["d tanh", "d 2/z", "d 2/w", "d 2/b"]);
    expectGradients(bench);
  });

  test("gradients pass through a frozen layer to those below it", async () => {
    const { bench, gradients } = await threeLayers(true, false, true);
    expect(gradients.filter((name) => /\/[wb]/.test(name))).toEqual(["d 2/w", "d 2/b", "d 0/w", "d 0/b"]);
    expect(gradients).toContain("d 1/z");
    expectGradients(bench);
  });

  test("with nothing to train there is no backward record", async () => {
    const { bench } = await threeLayers(false, false, false);
    expect(bench.b.nodes.length).toBe(bench.forwardNodes);
  });

  test("a frozen branch beside one that learns", async () => {
    const bench = await Workbench.create();
    const x = bench.input("x", [3]);
    const frozen = bench.b.matmul(x, bench.variable("frozen", [3, 4], { trainable: false }));
    bench.regress(bench.b.add(tanh(bench, frozen), bench.dense(x, 4, "f")));
    const nodes = bench.differentiate();
    expect(nodes.map(({ op }) => op)).not.toContain("activationBackward");
    expectGradients(bench);
  });
});
