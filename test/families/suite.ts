// What every member of every family promises. A family says how its members are tried; the suite does the rest, for each
// row of the family's table, so that a new row is tested by itself, and named where its twin, figures or case is missing.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadModel, type Model } from "../../src/index.js";
import { expectSameBits } from "../model/helpers.js";
import { expectDifferences, type Twin } from "./differences.js";
import { type Naming, testNames } from "./naming.js";

export interface Size {
  readonly rows: number;
  readonly width: number;
}

/** One row, one column, and between them: rests of vectors of every length. */
const SIZES: readonly Size[] = [
  ...[1, 2, 3, 5, 7, 17].flatMap((n) => [
    { rows: 1, width: n },
    { rows: n + 1, width: 1 },
  ]),
  { rows: 5, width: 3 },
  { rows: 3, width: 17 },
];
/** Central differences run a network twice for each weight. */
const SIZES_OF_GRADIENTS: readonly Size[] = [
  { rows: 1, width: 1 },
  { rows: 1, width: 7 },
  { rows: 5, width: 1 },
  { rows: 3, width: 5 },
  { rows: 7, width: 3 },
  { rows: 2, width: 9 },
];

/** A member and the options that it is tried with. */
export interface Member<Name extends string = string> {
  readonly name: Name;
  readonly options: object;
}

/** A small model that the member is part of, compiled, with data that fit it. */
export interface Network {
  readonly model: Model;
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** The same network in f64, where the family is differentiable. */
  readonly twin?: Twin;
}

/** What someone else computed. */
export interface Figures {
  readonly source: string;
  check(): void | Promise<void>;
}

export interface FamilyUnderTest {
  /** What one member is called: "activation". */
  readonly kind: string;
  /** Of its table. */
  readonly names: readonly string[];
  /** How members are called in code and in files. */
  readonly naming?: Naming;
  /** Options to try each member with, the least that it needs first; none: it has no case. */
  cases(name: string): readonly object[];
  hasTwin(name: string): boolean;
  figures(name: string): readonly Figures[];
  /** Where to add what is missing. */
  readonly files: Readonly<Record<"cases" | "twin" | "figures", string>>;
  /** Fewest rows that a member trains on, where one is not enough. */
  leastRows?(member: Member): number;
  /** Gradients go through its members: networks have twins. */
  readonly differentiable: boolean;
  /** Holds what the member makes of data of this size to its twin. */
  follows(member: Member, size: Size): void | Promise<void>;
  network(member: Member, size: Size): Promise<Network>;
}

/** What a member lacks, each with the place to add it. */
export function missing(family: FamilyUnderTest, name: string): string[] {
  const { kind, files } = family;
  return [
    ...(family.cases(name).length > 0 ? [] : [`add a case for ${kind} "${name}" to ${files.cases}`]),
    ...(family.hasTwin(name) ? [] : [`add the f64 twin of ${kind} "${name}" to ${files.twin}`]),
    ...(family.figures(name).length > 0 ? [] : [`add reference figures of ${kind} "${name}" to ${files.figures}`]),
  ];
}

export function testFamily(family: FamilyUnderTest): void {
  if (family.naming) testNames(family.naming, family.names, (name) => family.cases(name)[0] ?? {});

  describe.each(family.names)("%s", (name) => {
    const lacks = missing(family, name);
    test("has a case, a twin and reference figures", () => {
      if (lacks.length > 0) expect.fail(lacks.join("\n"));
    });
    if (lacks.length > 0) return;

    test.each(family.figures(name))("agrees with $source", ({ check }) => check());

    const members = family.cases(name).map((options) => ({ name, options, title: JSON.stringify(options) }));
    describe.each(members)("$title", (member) => testMember(family, member));
  });
}

function testMember(family: FamilyUnderTest, member: Member): void {
  const least = family.leastRows?.(member) ?? 1;
  const enough = (size: Size) => size.rows >= least;

  test.each(SIZES)("follows its twin: $rows × $width", (size) => family.follows(member, size));

  const slopes = family.differentiable ? SIZES_OF_GRADIENTS.filter(enough) : [];
  if (slopes.length > 0) {
    test.each(slopes)("has the slopes of its twin: $rows × $width", async (size) => {
      const { twin, ...network } = await family.network(member, size);
      expectDifferences(network, twin!);
    });
  }

  test.each([1, 7])("rows one by one, in twos and in threes are as all together: width %i", async (width) => {
    const { model, x, y } = await family.network(member, { rows: 7, width });
    const [all, evaluated] = [model.predict(x), await model.evaluate(x, y)];
    for (const batchSize of [1, 2, 3, 7]) {
      expect(model.predict(x, { batchSize })).toEqual(all);
      expect((await model.evaluate(x, y, { batchSize })).loss).toBeCloseTo(evaluated.loss!, 5);
    }
  });

  test("comes back from a file, and trains on to the same bits", async () => {
    const batchSize = 4; // the last batch has three rows
    const build = () => family.network(member, { rows: 11, width: 5 });
    const [whole, cut] = [await build(), await build()];
    await whole.model.fit(whole.x, whole.y, { epochs: 3, batchSize });
    await cut.model.fit(cut.x, cut.y, { epochs: 3, batchSize, maxSteps: 4 });

    const loaded = await throughFile(cut.model);
    expectSameBits(loaded, cut.model);
    expect(loaded.layers.map(({ config }) => config)).toEqual(cut.model.layers.map(({ config }) => config));
    expect(loaded.program({ training: true })).toBe(cut.model.program({ training: true }));
    expect(loaded.predict(cut.x)).toEqual(cut.model.predict(cut.x));
    expect(await loaded.evaluate(cut.x, cut.y)).toEqual(await cut.model.evaluate(cut.x, cut.y));

    for (const model of [cut.model, loaded]) {
      await model.fit(cut.x, cut.y, { epochs: 3, batchSize, resume: true });
      expectSameBits(model, whole.model);
    }
    const untrained = await build();
    const start = [...untrained.model.getWeights().values()];
    const moved = [...whole.model.getWeights().values()].some(({ data }, i) =>
      data.some((w, j) => w !== start[i]!.data[j]),
    );
    expect(moved).toBe(true);
  });
}

/** The model with all its training state, written to disk and read again. */
async function throughFile(model: Model): Promise<Model> {
  const folder = mkdtempSync(join(tmpdir(), "lanewise-"));
  try {
    const path = join(folder, "model.safetensors");
    await model.save(path, { includeOptimizer: true });
    return await loadModel(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
