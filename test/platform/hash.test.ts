import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ACTIVATIONS } from "../../src/activations/table.js";
import { readOptions } from "../../src/cli/options.js";
import { runTraining } from "../../src/cli/train.js";
import { loadModel } from "../../src/index.js";
import { INITIALIZERS } from "../../src/initializers/table.js";
import { OP_NAMES } from "../../src/program/ops.js";
import { build, conformance, differences, type Hashes, MIX, type Outcome, weightsHash } from "./conformance.js";

const FILE = new URL("hashes.json", import.meta.url);
/** After a change that is meant to change bits: LANEWISE_UPDATE_HASHES=1 npx vitest run test/platform */
const UPDATE = process.env["LANEWISE_UPDATE_HASHES"] === "1";

describe("the same seed", () => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await conformance();
  });

  it("gives the bits that are committed", () => {
    if (UPDATE) {
      const { trained, mix, classifiers } = outcome;
      writeFileSync(FILE, `${JSON.stringify({ trained, mix, classifiers } satisfies Hashes, null, 2)}\n`);
    }
    expect(differences(outcome, JSON.parse(readFileSync(FILE, "utf8")) as Hashes)).toEqual([]);
  });

  it("gives the same bits once more", async () => {
    expect(differences(await conformance(), outcome)).toEqual([]);
  });

  it("gives what npm start trains", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lanewise-"));
    try {
      const save = join(folder, "digits.safetensors");
      const options = readOptions(["--save", save]);
      if (options === "help") throw new Error("--save was taken for --help");
      let printed = "";
      await runTraining(options, { isTTY: false, columns: 80, write: (text: string) => (printed += text) !== "" });
      expect(await weightsHash(await loadModel(save))).toBe(outcome.trained.hash);
      expect(printed).toContain(`test accuracy: ${outcome.trained.accuracy.toFixed(3)} `);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("differences", () => {
  const hashes: Hashes = {
    trained: { hash: "a", lossBits: "b", accuracy: 0.5 },
    mix: { hash: "c", parts: { one: "d", two: "e" } },
    classifiers: { svm: "g" },
  };

  it("names each figure that is not as expected", () => {
    const outcome: Outcome = {
      trained: { hash: "A", lossBits: "B", accuracy: 0.25 },
      resumed: "r",
      mix: { hash: "C", parts: { one: "d", three: "f" } },
      classifiers: { svm: "G" },
    };
    expect(differences(outcome, hashes)).toEqual([
      "trained hash is A, expected a",
      "trained loss is B, expected b",
      "trained accuracy is 0.25, expected 0.5",
      "resumed hash is r, expected A",
      'mix "three" is f, expected undefined',
      'mix "two" is undefined, expected e',
      "mix hash is C, expected c",
      'classifier "svm" is G, expected g',
    ]);
  });

  it("finds nothing where all is the same", () => {
    expect(differences({ ...hashes, resumed: "a" }, hashes)).toEqual([]);
  });
});

describe("the mix uses every kernel", () => {
  const records: { op: string; rest: string }[] = [];
  const initializers = new Set<string>();
  beforeAll(async () => {
    for (const part of Object.values(MIX).map((make) => make())) {
      for (const { config } of part.layers) {
        initializers.add((config as { kernelInitializer?: { name: string } }).kernelInitializer?.name ?? "none");
      }
      const model = await build(part);
      const listings = [model.program({ training: true }), model.program()];
      for (const line of listings.flatMap((listing) => listing.split("\n"))) {
        const [, op, rest] = /^ *\d+ +(\w+) +(.*)$/.exec(line) ?? [];
        if (op !== undefined) records.push({ op, rest: rest! });
        else records.at(-1)!.rest += line; // a long record goes on in the next line
      }
    }
  });

  // A confusion matrix is counted by evaluate only, whose program is not listed; gradients are accumulated in the
  // programs of a fit that has begun; statistics are gathered where a callback asks, and change no bit.
  const unlisted = ["confusion", "accumulate", "tensorStatistics", "slopeStatistics"];
  it.each(OP_NAMES.filter((name) => !unlisted.includes(name)))("op %s", (name) => {
    expect(records.map(({ op }) => op)).toContain(name);
  });

  const elementwise = Object.entries(ACTIVATIONS.rows).filter(
    ([name, { op }]) => typeof op !== "string" && name !== "linear",
  );
  it.each(elementwise.map(([name]) => name))("activation %s: fused, by itself, and back", (name) => {
    const ops = records.filter(({ rest }) => new RegExp(`  ${name}(  |$)`).test(rest)).map(({ op }) => op);
    expect(ops).toEqual(expect.arrayContaining(["gemmNN", "activation", "activationBackward"]));
  });

  it.each(Object.keys(INITIALIZERS.rows))("initializer %s", (name) => {
    expect(initializers).toContain(name);
  });
});
