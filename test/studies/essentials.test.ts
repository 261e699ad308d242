import { describe, expect, it, test } from "vitest";
import { loadData } from "../../bench/studies/essentials/data.js";
import { atLeast, type Part, upheld, verdictOf } from "../../bench/studies/essentials/experiment.js";
import { EXPERIMENTS } from "../../bench/studies/essentials/experiments/index.js";
import { contextOf } from "../../bench/studies/essentials/context.js";
import { percent, percentile, plain, spread } from "../../bench/studies/essentials/numbers.js";
import { help, readOptions } from "../../bench/studies/essentials/options.js";
import { page, sectionText } from "../../bench/studies/essentials/page.js";
import { pictureFile } from "../../bench/studies/essentials/picture.js";

const part = (values: readonly number[]): Part => ({ says: "it grows", values, ...atLeast(2, plain) });

describe("a verdict", () => {
  const [holds, fails] = [part([1, 2, 3, 4, 5]), part([1, 1, 3, 4, 5])];

  it("counts a part as upheld by four seeds in five", () => {
    expect(upheld(holds)).toBe(true);
    expect(upheld(fails)).toBe(false);
    expect(upheld(part([]))).toBe(false);
    expect(upheld(part([NaN]))).toBe(false);
  });

  it("follows from the parts, of which the first is the heart", () => {
    expect(verdictOf([holds, holds])).toBe("borne out");
    expect(verdictOf([holds, fails])).toBe("imprecise");
    expect(verdictOf([fails, holds])).toBe("wrong");
    expect(verdictOf([])).toBe("wrong");
  });
});

test("numbers are written as medians and ranges", () => {
  expect(percentile([4, 1, 3, 2], 50)).toBe(2.5);
  expect(percentile([10, 20, 30], 15)).toBeCloseTo(13, 12);
  expect(spread([0.1, 0.3, 0.2], percent)).toBe("20.0 % (10.0 % … 30.0 %)");
  expect(spread([2, 2], plain)).toBe("2");
  expect([0, 1234.5, -0.25, 3.25e-7, -4e9].map(plain)).toEqual(["0", "1,230", "−0.25", "3.3 · 10⁻⁷", "−4.0 · 10⁹"]);
});

test("a picture is a PNG whose zero is transparent and whose greatest weight has full colour", () => {
  const { png, width, height } = pictureFile([[0, 1, -2, 0]], { side: 2, columns: 1, gap: 1 });
  expect([width, height]).toEqual([3, 3]);
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  const opacities = png.subarray(png.indexOf("tRNS") + 4).subarray(0, 9);
  expect([opacities[0], opacities[4], opacities[8]]).toEqual([255, 0, 255]);
});

describe("every experiment, in a quick pass", () => {
  test.each(EXPERIMENTS.map((experiment, i) => [i + 1, experiment] as const))("%i", async (number, experiment) => {
    const context = contextOf(await loadData(undefined), { quick: true, machine: "a machine" }, () => undefined);
    const outcome = await experiment.run(context);
    expect(outcome.parts.length).toBeGreaterThan(1);
    for (const { values } of outcome.parts) {
      expect(values).toHaveLength(context.seeds.length);
      for (const value of values) expect(value).not.toBeNaN();
    }
    for (const { rows, head } of outcome.table ? [outcome.table] : []) {
      for (const row of rows) expect(row).toHaveLength(head.length);
    }
    const text = sectionText({ number, experiment, outcome });
    expect(text).toContain(`**Verdict: ${verdictOf(outcome.parts)}.**`);
    expect(text).not.toMatch(/undefined|NaN/);
    expect(experiment.text.split(/\s+/).length).toBeLessThanOrEqual(150);
    const about = { data: "x", seeds: 1, command: "npm run essentials" };
    expect(page([{ number, experiment, outcome }], about)).toContain(experiment.title);
  });
});

describe("options", () => {
  it("writes the page for a whole run only", () => {
    expect(readOptions([], 9)).toMatchObject({ data: undefined, only: undefined, quick: false, out: "docs" });
    expect(readOptions(["--quick"], 9)).toMatchObject({ quick: true, out: undefined });
    expect(readOptions(["--only", "3", "--data=mnist"], 9)).toMatchObject({ only: 3, data: "mnist", out: undefined });
    expect(readOptions(["--quick", "--out", "there"], 9)).toMatchObject({ out: "there" });
    expect(readOptions(["--machine", "a laptop"], 9)).toMatchObject({ machine: "a laptop" });
    expect(readOptions(["-h", "--quick"], 9)).toBe("help");
  });

  test.each([["0"], ["10"], ["elu"], ["1.5"]])("refuses --only %s", (only) => {
    expect(() => readOptions(["--only", only], 9)).toThrow(`from 1 to 9; got "${only}"`);
  });

  it("are named in the help, as are the experiments", () => {
    const text = help(EXPERIMENTS.map(({ title }) => title));
    for (const word of [
      "--data DIR",
      "--only N",
      "--quick",
      "--machine TEXT",
      "--out DIR",
      "--help",
      "Batch normalization",
    ]) {
      expect(text).toContain(word);
    }
  });
});
