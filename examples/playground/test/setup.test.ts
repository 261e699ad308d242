// What can be tested without a page: shared links, cures, data.

import { describe, expect, it, test } from "vitest";
import { pixelsOf, type Stroke } from "../src/data/bitmap.js";
import { CsvError, readTable } from "../src/data/csv.js";
import { TOYS } from "../src/data/names.js";
import { pointsOf } from "../src/data/points.js";
import { type DataSet, digits, likelyTask, tableSet, toySet } from "../src/data/sets.js";
import { build } from "../src/network/build.js";
import { BROKEN, cured } from "../src/setup/cures.js";
import { textOf } from "../src/setup/fields.js";
import { ACTIVATIONS, INITIALIZERS, OPTIMIZERS } from "../src/setup/parts.js";
import { FIELD_NAMES, FIELDS, INITIAL, type Setup } from "../src/setup/setup.js";
import { hashOf, readHash } from "../src/setup/share.js";
import { CourseOfTraining } from "../src/worker/course.js";
import { DIGITS } from "./handwriting.js";

const OTHERS: Setup = {
  data: "spirals",
  rows: 800,
  noise: 0.3,
  scaleInputs: false,
  weighClasses: true,
  depth: 7,
  width: 100,
  shape: "funnel",
  activation: ACTIVATIONS.make("leakyRelu", { negativeSlope: 0.05 }),
  initializer: INITIALIZERS.make("randomNormal", { stddev: 1 }),
  normalization: "layerNorm",
  dropout: 0.25,
  maxNorm: 2.5,
  optimizer: OPTIMIZERS.make("sgd", { learningRate: 0.03, momentum: 0.9, nesterov: true }),
  clip: "clipByGlobalNorm",
  clipAt: 0.0123,
  batchSize: 64,
  epochs: 250,
  seed: 12345,
};

describe("shared links", () => {
  it("hold every setting, and only what is not as usual", () => {
    expect(hashOf(INITIAL)).toBe("");
    for (const name of FIELD_NAMES)
      expect(textOf(FIELDS[name], OTHERS[name])).not.toBe(textOf(FIELDS[name], INITIAL[name]));
    expect(readHash(`#${hashOf(OTHERS)}`)).toEqual({ setup: OTHERS, complaints: [] });
    expect(hashOf({ ...INITIAL, depth: 3 })).toBe("depth=3");
  });

  it.each([
    ["depth=500", "Hidden layers takes a whole number from 0 to 20."],
    ["depth=2.5", "Hidden layers takes a whole number from 0 to 20."],
    ["width=", "Units in each takes a whole number from 2 to 256."],
    ["data=__proto__", "Data set takes one of digits"],
    ["activation=softmax", "Activation takes one of"],
    ["activation=constructor", "Activation takes one of"],
    ["activation=elu~alpha~x", "Activation takes a number for alpha"],
    ["optimizer=adam~learningRate~-1", "learningRate of optimizer"],
    ["optimizer=adam~toString~1", "toString"],
    ["initializer=randomNormal~stddev~-1", "stddev of initializer"],
    ["seed=1e99", "Seed takes a whole number"],
    ["__proto__=1", "There is no setting “__proto__”."],
  ])("are not trusted: %s", (hash, complaint) => {
    const { setup, complaints } = readHash(`#${hash}`);
    expect(setup).toEqual(INITIAL);
    expect(complaints.join(" ")).toContain(complaint);
  });

  it("are not read where they are too long for one", () => {
    const { setup, complaints } = readHash(`#depth=3&x=${"a".repeat(3000)}`);
    expect({ setup, complaints }).toEqual({
      setup: INITIAL,
      complaints: ["The link is too long to be one of this page."],
    });
  });
});

describe("data", () => {
  it.each(TOYS)("$value: the same points for the same seed, in the plane, each class as often", ({ value }) => {
    const options = { rows: 300, noise: 0.1, seed: 7 };
    const { x, y, classes } = pointsOf(value, options);
    expect(pointsOf(value, options).x).toEqual(x);
    expect(pointsOf(value, { ...options, seed: 8 }).x).not.toEqual(x);
    expect(Math.max(...x.map(Math.abs))).toBeLessThan(1.3);
    for (let label = 0; label < classes; label++) expect(y.filter((own) => own === label)).toHaveLength(300 / classes);
  });

  it("toy points are the same on every machine", () => {
    const sum = TOYS.reduce((sum, { value }) => {
      const { x } = pointsOf(value, { rows: 200, noise: 0.2, seed: 1 });
      return new Uint32Array(x.buffer).reduce((hash, bits) => Math.imul(hash ^ bits, 16777619) >>> 0, sum);
    }, 2166136261);
    expect(sum).toMatchInlineSnapshot(`4103433700`);
  });

  it("a drawn digit looks as those of the data set do", async () => {
    const { x } = (await digits()).train;
    const mean = Array.from(x).reduce((sum, pixel) => sum + pixel, 0) / (x.length / 64);
    const one: Stroke[] = [[[0.5, 0.1], [0.48, 0.9]]]; // prettier-ignore
    const wide: Stroke[] = [[[0, 0], [9, 0], [0, 9], [9, 9]]]; // prettier-ignore
    for (const strokes of [one, wide]) {
      const pixels = pixelsOf(strokes);
      expect(pixels).toHaveLength(64);
      expect(Math.max(...pixels)).toBe(16);
      const ink = pixels.reduce((sum, pixel) => sum + pixel, 0);
      expect(ink).toBeGreaterThan(0.9 * mean);
      expect(ink).toBeLessThan(1.5 * mean);
      // In the middle: as far from the left as from the right, and over all rows.
      const columns = Array.from({ length: 8 }, (_, column) =>
        pixels.reduce((sum, pixel, i) => sum + (i % 8 === column ? pixel : 0), 0),
      );
      const centre = columns.reduce((sum, own, column) => sum + own * (column - 3.5), 0) / ink;
      expect(Math.abs(centre)).toBeLessThan(0.3);
      expect(pixels.slice(0, 8).some(Boolean) && pixels.slice(56).some(Boolean)).toBe(true);
    }
    expect(pixelsOf([])).toEqual(new Uint8Array(64));
    expect(pixelsOf([[[0.3, 0.3]]]).some(Boolean)).toBe(true);
  });
});

test("a network that has learned the digits reads those that are drawn", async () => {
  const data = await digits();
  const model = await build(INITIAL, data);
  await model.fit(data.train.x, data.train.y, { epochs: 40 });
  const drawn = DIGITS.flatMap((ways, digit) => ways.map((strokes) => ({ digit, pixels: pixelsOf(strokes) })));
  const read = drawn.map(({ pixels }) => {
    const { data } = model.predict(pixels);
    return data.indexOf(Math.max(...data));
  });
  const right = drawn.filter(({ digit }, i) => digit === read[i]).length;
  expect(right).toBeGreaterThanOrEqual(drawn.length - 2); // sevens without a bar: the data set has hardly any
});

describe("CSV", () => {
  it("finds header and separator, and reads quotes", () => {
    const { columns, rows, named } = readTable('\uFEFFa;"b; ""c""";kind\r\n1,5;2;x\r\n\r\n-3e2;?;"y\nz"\r\n');
    expect({ rows, named }).toEqual({ rows: 2, named: true });
    expect(columns.map(({ name, numeric, missing }) => [name, numeric, missing])).toEqual([
      ["a", true, 0],
      ['b; "c"', true, 1],
      ["kind", false, 0],
    ]);
    expect(columns[0]!.cells).toEqual(["1.5", "-3e2"]);
    expect(columns[2]!.cells).toEqual(["x", "y\nz"]);
  });

  it("names columns where the file does not, and each once", () => {
    expect(readTable("1,2\n3,4").named).toBe(false);
    expect(readTable("1,2\n3,4").columns.map(({ name }) => name)).toEqual(["column 1", "column 2"]);
    expect(readTable("a,a,\n1,2,3").columns.map(({ name }) => name)).toEqual(["a", "a (column 2)", "column 3"]);
  });

  it.each([
    ["", "fewer than two lines"],
    ["a,b", "fewer than two lines"],
    ["a\n1\n2", "one column"],
    ["a,b\n1,2\n1,2,3", "Line 3 has 3 values, and the first line has 2."],
    ['a,b\n1,"2\n3,4', "The quote that opens in line 2 is never closed."],
    ['a,b\n1,"2"3\n', "In line 2"],
    ["PK\0\0,\n", "no text file"],
  ])("says what is wrong: %j", (text, message) => {
    expect(() => readTable(text)).toThrow(CsvError);
    expect(() => readTable(text)).toThrow(message);
  });

  const table = readTable(
    [
      "x,word,kind,price",
      ...Array.from({ length: 60 }, (_, i) => `${i === 9 ? "NA" : i},w${i % 7},${i % 3 ? "a" : "b"},${i * 1.5}`),
    ].join("\n"),
  );

  it("becomes classes or numbers, without what cannot be learned from", () => {
    const classes = tableSet(table, { target: "kind", task: "classes" });
    expect(classes).toMatchObject({ features: 2, classes: ["a", "b"] });
    expect(classes.train.y.length + classes.validation.y.length).toBe(59);
    expect(classes.notes.join(" ")).toBe("Left out, since not numeric: word. 1 row with missing values left out.");
    const numbers = tableSet(table, { target: "price", task: "numbers" });
    expect(numbers.classes).toEqual([]);
    expect(numbers.target!.mean).toBeCloseTo(((59 * 60) / 2 - 9) * (1.5 / 59), 3);
    expect(table.columns.map(likelyTask)).toEqual(["numbers", "classes", "classes", "numbers"]);
  });

  it("says what to choose instead", () => {
    expect(() => tableSet(table, { target: "price", task: "classes" })).toThrow("at most 20 are classes");
    expect(() => tableSet(table, { target: "kind", task: "numbers" })).toThrow("Have classes predicted");
    expect(() => tableSet(readTable("a,b\n1,2\n3,4"), { target: "b", task: "numbers" })).toThrow(
      "at least 20 are needed",
    );
  });
});

describe("break and cure", () => {
  const learned = async (setup: Setup, data: DataSet) => {
    const model = await build(setup, data);
    await model.fit(data.train.x, data.train.y, { epochs: 40, batchSize: setup.batchSize });
    return (await model.evaluate(data.validation.x, data.validation.y)).accuracy!;
  };

  it.each(["digits", ...TOYS.map(({ value }) => value)] as const)(
    "%s: broken it does not learn, is told so, and the best cure learns",
    async (name) => {
      const setup: Setup = { ...INITIAL, ...BROKEN, data: name };
      const data = name === "digits" ? await digits() : toySet(setup);
      const chance = 1 / data.classes.length;
      expect(await learned(setup, data)).toBeLessThan(chance + 0.25);
      const model = await build(setup, data);
      await model.fit(data.train.x, data.train.y, { epochs: 5, batchSize: setup.batchSize });
      const report = await model.diagnose(data.train.x, data.train.y, { tryCures: true });
      expect(report.findings[0]).toMatchObject({ severity: "error" });
      const [best] = report.cures!;
      expect(best!.remedy.length).toBeGreaterThan(0);
      expect(await learned(cured(setup, best!.remedy), data)).toBeGreaterThan(0.85);
    },
  );
});

test("a course keeps its ends and some between, however long it is", () => {
  const course = new CourseOfTraining();
  for (let epoch = 1; epoch <= 5000; epoch++) course.add(epoch, { loss: 1 / epoch });
  const { epochs, figures } = course.toJSON();
  expect([epochs[0], epochs.at(-1)]).toEqual([1, 5000]);
  expect(epochs.length).toBeLessThanOrEqual(401);
  expect(figures.loss!.map((loss) => Math.round(1 / loss))).toEqual(epochs);
});
