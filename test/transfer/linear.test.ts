import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test, vi } from "vitest";
import { loadDigits, takeRows } from "../../src/data/index.js";
import {
  LanewiseError,
  type LinearClassifier,
  linearSvm,
  type LinearSvmOptions,
  loadLinearModel,
  LogisticClassifier,
  logisticRegression,
  type LogisticRegressionOptions,
} from "../../src/index.js";
import { inner, logistic, softmaxLoss, squaredHinge } from "../reference/linear.js";

interface Figures {
  readonly data: Readonly<Record<string, { x: number[][]; y: number[] }>>;
  readonly cases: readonly {
    readonly data: string;
    readonly kind: "linearSvm" | "logisticRegression";
    readonly options: object;
    readonly weighted: boolean;
    readonly coefficients: number[][];
    readonly intercepts: number[];
    readonly decision: number[];
    readonly predicted: number[];
    readonly probabilities?: number[];
  }[];
  readonly digits: { rows: number; sum: number; right: Record<"raw" | "scaled", Record<string, number>> };
}

/** Made by make_linear.py. */
const FIGURES = JSON.parse(readFileSync(new URL("linear.json", import.meta.url), "utf8")) as Figures;

const TIGHT = { tolerance: 1e-9, maxIterations: 100_000 };

/** As make_linear.py weighs rows. */
const sampleWeights = (rows: number) => Float32Array.from({ length: rows }, (_, i) => (Math.floor(i / 5) % 3) / 2);

async function code(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof LanewiseError) return error.code;
    throw error;
  }
  return "nothing was thrown";
}

describe("scikit-learn's figures", () => {
  it.each(
    FIGURES.cases.map((found) => [`${found.data}: ${found.kind} ${JSON.stringify(found.options)}`, found] as const),
  )("%s", async (_, { data, kind, options, weighted, ...wanted }) => {
    const { x, y } = FIGURES.data[data]!;
    const unfitted =
      kind === "linearSvm" ? linearSvm({ ...options, ...TIGHT }) : logisticRegression({ ...options, ...TIGHT });
    const found = await unfitted.fit(x, y, weighted ? { sampleWeight: sampleWeights(y.length) } : {});
    expect(found.converged).toBe(true);
    expect(found.coefficients.shape).toEqual([wanted.coefficients.length, x[0]!.length]);

    // Their solutions are as good as 1e-6 for logistic regression, whose solver stops earlier than it is told to.
    const close = kind === "linearSvm" ? 1e-8 : 2e-6;
    const all = [...found.coefficients.data, ...found.intercepts];
    [...wanted.coefficients.flat(), ...wanted.intercepts].forEach((value, i) => {
      expect(Math.abs(all[i]! - value)).toBeLessThan(close * Math.max(1, Math.abs(value)));
    });
    const decision = found.decisionFunction(x);
    expect(decision.length).toBe(wanted.decision.length);
    wanted.decision.forEach((value, i) => {
      const rounding = 2 ** -24 * Math.abs(value);
      expect(Math.abs(decision[i]! - value)).toBeLessThan(rounding + 20 * close);
    });
    const predicted = found.predict(x);
    const perRow = decision.length / y.length;
    wanted.predicted.forEach((label, i) => {
      // Where two classes are as likely, rounding decides.
      const [best, next] = [...decision.subarray(i * perRow, (i + 1) * perRow)].sort((a, b) => b - a) as [
        number,
        number,
      ];
      if (Math.abs(perRow === 1 ? best : best - next) > 1e-6) expect(predicted[i]).toBe(label);
    });
    if (wanted.probabilities === undefined) return;
    const probabilities = (found as LogisticClassifier).predictProbabilities(x);
    expect(probabilities.length).toBe(wanted.probabilities.length);
    wanted.probabilities.forEach((value, i) => expect(Math.abs(probabilities[i]! - value)).toBeLessThan(1e-5));
  });

  it("digits by default settings: right in as many rows of the test", async () => {
    const { x, y } = await loadDigits();
    expect(
      x.reduce((sum, value, i) => sum + ((value * i) % 97), 0),
      "the same digits",
    ).toBe(FIGURES.digits.sum);
    const rows = Array.from(y, (_, i) => i);
    const [test, train] = [rows.filter((i) => i % 4 === 0), rows.filter((i) => i % 4 !== 0)];
    const parts = [takeRows(x, test, { shape: 64 }), takeRows(x, train, { shape: 64 })];
    const [xTest, xTrain] = parts.map((part) => Float32Array.from(part, (pixel) => pixel / 16)) as [
      Float32Array,
      Float32Array,
    ];
    const [yTest, yTrain] = [takeRows(y, test), takeRows(y, train)];
    const kinds = {
      linearSvm: linearSvm(),
      hinge: linearSvm({ loss: "hinge" }),
      crammerSinger: linearSvm({ multiClass: "crammerSinger" }),
      logisticRegression: logisticRegression(),
    };
    for (const [kind, unfitted] of Object.entries(kinds)) {
      const found = await unfitted.fit(xTrain, yTrain);
      expect(found.converged, kind).toBe(true);
      const right = found.score(xTest, yTest) * FIGURES.digits.rows;
      expect(Math.round(right), kind).toBe(FIGURES.digits.right.scaled[kind]); // 0.2 points are less than a row
    }
  });
});

// ── Optimality, by the conditions themselves ────────────────────────────────────────────────────────────────────────

interface Problem {
  readonly x: number[][];
  readonly y: number[];
}

/** Values exact in 32 bits; labels any whole numbers, two classes or more. */
const problem: fc.Arbitrary<Problem> = fc
  .record({
    rows: fc.integer({ min: 3, max: 14 }),
    width: fc.integer({ min: 1, max: 9 }),
    classes: fc.integer({ min: 2, max: 4 }),
  })
  .chain(({ rows, width, classes }) =>
    fc.record({
      x: fc.array(
        fc.array(
          fc.integer({ min: -16, max: 16 }).map((value) => value / 8),
          { minLength: width, maxLength: width },
        ),
        {
          minLength: rows,
          maxLength: rows,
        },
      ),
      y: fc
        .array(
          fc.integer({ min: 0, max: classes - 1 }).map((place) => 3 * place - 5),
          { minLength: rows, maxLength: rows },
        )
        .map((labels) => [-5, -2, ...labels.slice(2)]),
    }),
  );

const RUNS = { numRuns: 25 };
const cValues = fc.constantFrom(0.05, 1, 8);

function rowsOf(found: LinearClassifier): { w: number[]; b: number }[] {
  const [count, width] = found.coefficients.shape;
  return Array.from({ length: count }, (_, k) => ({
    w: [...found.coefficients.data.subarray(k * width, (k + 1) * width)],
    b: found.intercepts[k]!,
  }));
}

/** The largest component of w + Σ slope · x, and of the same for the intercept. */
function gradientOf(
  { w, b }: { w: number[]; b: number },
  x: number[][],
  slopes: number[],
  interceptRidge: number,
): number {
  const ofW = w.map((value, j) => value + x.reduce((sum, row, i) => sum + slopes[i]! * row[j]!, 0));
  const ofB = interceptRidge * b + slopes.reduce((sum, slope) => sum + slope, 0);
  return Math.max(...[...ofW, ofB].map(Math.abs));
}

const signsFor = (found: LinearClassifier, y: number[], k: number) =>
  y.map((label) => (label === found.classes[found.classes.length === 2 ? 1 : k] ? 1 : -1));

describe("at the solution", () => {
  it("the gradient of the squared hinge is 0, for each class", async () => {
    await fc.assert(
      fc.asyncProperty(problem, cValues, async ({ x, y }, c) => {
        const found = await linearSvm({ c, ...TIGHT }).fit(x, y);
        expect(found.converged).toBe(true);
        for (const [k, { w, b }] of rowsOf(found).entries()) {
          const signs = signsFor(found, y, k);
          const slopes = x.map((row, i) => squaredHinge(inner(row, w) + b, signs[i]!, c).slope);
          expect(gradientOf({ w, b }, x, slopes, 1)).toBeLessThan(1e-7);
        }
      }),
      RUNS,
    );
  });

  it("the gradient of the logistic loss is 0, of two classes and of more; the intercept is not regularized", async () => {
    await fc.assert(
      fc.asyncProperty(problem, cValues, async ({ x, y }, c) => {
        const found = await logisticRegression({ c, ...TIGHT }).fit(x, y);
        expect(found.converged).toBe(true);
        const rows = rowsOf(found);
        const slopesOf = (row: number[], i: number): readonly number[] => {
          const scores = rows.map(({ w, b }) => inner(row, w) + b);
          if (rows.length === 1) return [logistic(scores[0]!, signsFor(found, y, 0)[i]!, c).slope];
          return softmaxLoss(scores, found.classes.indexOf(y[i]!), c).slopes;
        };
        const slopes = x.map(slopesOf);
        rows.forEach((weights, k) => {
          expect(
            gradientOf(
              weights,
              x,
              slopes.map((own) => own[k]!),
              0,
            ),
          ).toBeLessThan(1e-7);
        });
        if (rows.length > 1) expect(Math.abs(found.intercepts.reduce((a, b) => a + b, 0))).toBeLessThan(1e-9);
      }),
      RUNS,
    );
  });

  it("no direction lowers the hinge: small steps along the axes and at random", async () => {
    await fc.assert(
      fc.asyncProperty(
        problem,
        cValues,
        fc.constantFrom("oneVsRest", "crammerSinger"),
        async ({ x, y }, c, multiClass) => {
          const found = await linearSvm({ c, loss: "hinge", multiClass, ...TIGHT }).fit(x, y);
          expect(found.converged).toBe(true);
          const rows = rowsOf(found);
          const together = multiClass === "crammerSinger" && rows.length > 1;
          const lossOf = (point: number[][]): number => {
            const ridge = 0.5 * point.flat().reduce((sum, value) => sum + value * value, 0);
            const losses = x.map((row, i) => {
              const scores = point.map((weights) => inner([...row, 1], weights));
              if (together) {
                const label = found.classes.indexOf(y[i]!);
                return Math.max(...scores.map((score, k) => score - scores[label]! + (k === label ? 0 : 1)));
              }
              return scores.reduce((sum, score, k) => sum + Math.max(0, 1 - signsFor(found, y, k)[i]! * score), 0);
            });
            return ridge + c * losses.reduce((a, b) => a + b, 0);
          };
          // Of two classes there is one row, which is the difference of two that are each other's negative.
          if (multiClass === "crammerSinger" && rows.length === 1) return;
          const best = rows.map(({ w, b }) => [...w, b]);
          const least = lossOf(best);
          let seed = 1;
          const random = () => (seed = (seed * 48271) % 2147483647) / 1073741823.5 - 1;
          for (let trial = 0; trial < 60; trial++) {
            const size = 10 ** -(1 + (trial % 4));
            const moved = best.map((weights) => weights.map((value) => value + size * random()));
            expect(lossOf(moved)).toBeGreaterThan(least - 1e-7 * (1 + least));
          }
        },
      ),
      RUNS,
    );
  });
});

// ── What must not matter, or must do so in a known way ──────────────────────────────────────────────────────────────

const KINDS: Readonly<
  Record<string, (options?: { c?: number; fitIntercept?: boolean }) => ReturnType<typeof linearSvm>>
> = {
  "squared hinge": (options) => linearSvm({ ...options, ...TIGHT }),
  hinge: (options) => linearSvm({ loss: "hinge", ...options, ...TIGHT }),
  "Crammer and Singer": (options) => linearSvm({ multiClass: "crammerSinger", ...options, ...TIGHT }),
  logistic: (options) => logisticRegression({ ...options, ...TIGHT }),
};

function expectSameScores(a: LinearClassifier, b: LinearClassifier, x: number[][], columns?: readonly number[]): void {
  const [first, second] = [a.decisionFunction(x), b.decisionFunction(x)];
  const width = first.length / x.length;
  first.forEach((score, i) => {
    const place = columns && width > 1 ? i - (i % width) + columns[i % width]! : i;
    expect(Math.abs(score - second[place]!)).toBeLessThan(2e-6 * (1 + Math.abs(score)));
  });
}

describe.each(Object.entries(KINDS))("%s", (kind, make) => {
  it("rows twice are C doubled, and weights of 2", async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y }) => {
        const doubled = await make({ c: 0.5 }).fit([...x, ...x], [...y, ...y]);
        expectSameScores(await make({ c: 1 }).fit(x, y), doubled, x);
        const sampleWeight = Float32Array.from(x, () => 2);
        expectSameScores(await make({ c: 0.5 }).fit(x, y, { sampleWeight }), doubled, x);
      }),
      RUNS,
    );
  });

  it("features doubled and C a quarter are the same without an intercept", async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y }) => {
        const scaled = x.map((row) => row.map((value) => 2 * value));
        const fitted = await make({ c: 0.25, fitIntercept: false }).fit(scaled, y);
        const plain = await make({ fitIntercept: false }).fit(x, y);
        const scores = fitted.decisionFunction(scaled);
        plain
          .decisionFunction(x)
          .forEach((score, i) => expect(Math.abs(score - scores[i]!)).toBeLessThan(2e-6 * (1 + Math.abs(score))));
      }),
      RUNS,
    );
  });

  it("labels are names: another order of the classes is another order of the scores", async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y }) => {
        const found = await make().fit(x, y);
        if (found.classes.length === 2) return;
        const renamed = await make().fit(
          x,
          y.map((label) => -label),
        );
        expect(renamed.classes).toEqual(found.classes.map((label) => -label).reverse());
        expectSameScores(
          found,
          renamed,
          x,
          found.classes.map((_, k) => found.classes.length - 1 - k),
        );
      }),
      RUNS,
    );
  });

  it("the same bits twice; JSON is the same to the bit", async () => {
    const { x, y } = FIGURES.data.three!;
    const [once, twice] = [await make().fit(x, y), await make().fit(Float32Array.from(x.flat()), Int32Array.from(y))];
    expect(twice.toJSON()).toEqual(once.toJSON());
    const loaded = await loadLinearModel(JSON.stringify(once));
    expect(loaded.toJSON()).toEqual(once.toJSON());
    expect(loaded.decisionFunction(x)).toEqual(once.decisionFunction(x));
    expect(loaded instanceof LogisticClassifier).toBe(kind === "logistic");
    const big = await loadLinearModel(once.toJSON());
    expect(big.predict(x)).toEqual(once.predict(x));
  });

  it.each<[string, Problem]>([
    ["two rows of one column", { x: [[1], [2]], y: [0, 1] }],
    [
      "a row a class",
      {
        x: [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
        y: [1, 2, 3],
      },
    ],
    [
      "constant columns",
      {
        x: [
          [3, 0, 1],
          [3, 0, 2],
          [3, 0, 5],
          [3, 0, 6],
        ],
        y: [0, 0, 1, 1],
      },
    ],
    ["rows of zeros alone", { x: [[0], [0], [0]], y: [0, 1, 1] }],
    [
      "one row under three labels",
      {
        x: [
          [1, 2],
          [1, 2],
          [1, 2],
        ],
        y: [7, 8, 9],
      },
    ],
    [
      "labels of 32 bits",
      {
        x: [
          [1, 0],
          [-1, 0],
          [0, 1],
        ],
        y: [2147483647, -2147483648, 16777217],
      },
    ],
  ])("fits %s", async (_, { x, y }) => {
    const found = await make({ c: 100 }).fit(x, y);
    expect(found.converged).toBe(true);
    expect([...found.coefficients.data, ...found.intercepts].every(Number.isFinite)).toBe(true);
    const classes = [...new Set(y)].sort((a, b) => a - b);
    expect(found.classes).toEqual(classes);
    expect([...found.predict(x)].every((label) => classes.includes(label))).toBe(true);
    if (new Set(x.map(String)).size === y.length) expect(found.score(x, y)).toBe(1);
  });

  it("takes features in every form, and refuses rows of another width", async () => {
    const { x, y } = FIGURES.data.three!;
    const flat = Float32Array.from(x.flat());
    const found = await make().fit(flat, y);
    const shaped = { data: flat, shape: [y.length, 5] };
    expect((await make().fit(shaped, { data: Int32Array.from(y), shape: [y.length] })).toJSON()).toEqual(
      found.toJSON(),
    );
    expect((await make().fit({ data: flat, shape: [y.length, 5, 1] }, y)).toJSON()).toEqual(found.toJSON());
    for (const form of [x, flat, shaped]) expect(found.predict(form)).toEqual(found.predict(x));
    expect(found.predict(x[0]!)).toEqual(found.predict(x).slice(0, 1));
    expect(await code(() => found.predict([[1, 2, 3]]))).toBe("shape/row-width");
    expect(await code(() => found.predict([1, 2, 3]))).toBe("shape/row-width");
    expect(await code(() => found.predict([[1, 2, 3, 4, NaN]]))).toBe("data/not-finite");
    expect(await code(() => found.score(x, y.slice(1)))).toBe("shape/rows-differ");
  });

  it("aborts with the signal's reason, before and within a fit", async () => {
    const { x, y } = FIGURES.data.three!;
    const reason = new Error("enough");
    await expect(make().fit(x, y, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    // A clock that runs: each look is 20 ms later, so that the host is let in after every millisecond's work.
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 20));
    try {
      const rows = 20_000;
      const wide = Float32Array.from({ length: rows * 40 }, (_, i) => ((i * 7919) % 1009) / 500 - 1);
      const labels = Int32Array.from({ length: rows }, (_, i) => (i * 31) % 3);
      const controller = new AbortController();
      const fit = make().fit(wide, labels, { signal: controller.signal });
      setImmediate(() => controller.abort(reason));
      await expect(fit).rejects.toBe(reason);
    } finally {
      clock.mockRestore();
    }
  });
});

test("a fit that is cut short says so", async () => {
  const { x, y } = FIGURES.data.three!;
  for (const unfitted of [
    linearSvm({ maxIterations: 1 }),
    linearSvm({ loss: "hinge", maxIterations: 1 }),
    linearSvm({ multiClass: "crammerSinger", maxIterations: 1 }),
    logisticRegression({ maxIterations: 1 }),
  ]) {
    const found = await unfitted.fit(x, y);
    expect([found.iterations, found.converged]).toEqual([1, false]);
  }
});

/** Of five features: several chunks, and whole repetitions of the figures' 60 rows. */
const ROWS = 150_000;

test("as many rows as one likes are predicted, in parts", async () => {
  const { x, y } = FIGURES.data.three!;
  const many = Float32Array.from({ length: ROWS * 5 }, (_, i) => x[Math.floor(i / 5) % x.length]![i % 5]!);
  for (const labels of [y, y.map((label) => (label === 5 ? 5 : 9))]) {
    const found = await logisticRegression().fit(x, labels);
    const [few, all] = [found.predictProbabilities(x), found.predictProbabilities(many)];
    expect(all.length).toBe((ROWS / x.length) * few.length);
    expect(all.findIndex((value, i) => value !== few[i % few.length])).toBe(-1);
    const [fewScores, scores] = [found.decisionFunction(x), found.decisionFunction(many)];
    expect(scores.findIndex((value, i) => value !== fewScores[i % fewScores.length])).toBe(-1);
  }
});

test("rows that weigh nothing do not count", async () => {
  const { x, y } = FIGURES.data.two!;
  const sampleWeight = y.map((_, i) => (i < 30 ? 1 : 0));
  for (const make of Object.values(KINDS)) {
    const weighted = await make().fit(x, y, { sampleWeight });
    expectSameScores(await make().fit(x.slice(0, 30), y.slice(0, 30)), weighted, x);
  }
});

test("the hinge: steps among the rows at no bound find what sweeps alone would take long for", async () => {
  const { x, y } = FIGURES.data.three!;
  const found = await linearSvm({ loss: "hinge", c: 10, tolerance: 1e-6, maxIterations: 3000 }).fit(x, y);
  expect(found.converged).toBe(true);
});

test("another seed is another way to the same solution", async () => {
  const { x, y } = FIGURES.data.three!;
  const [one, other] = [1, 2 ** 40].map((seed) => linearSvm({ loss: "hinge", seed, ...TIGHT }).fit(x, y));
  const [a, b] = [await one!, await other!];
  expect(a.toJSON()).not.toEqual(b.toJSON());
  expectSameScores(a, b, x);
});

describe("what cannot be learned from is refused", () => {
  const [x, y] = [[[1, 2], [3, 4], [5, 6]], [0, 1, 1]]; // prettier-ignore
  it.each<[string, () => unknown]>([
    ["config/not-positive", () => linearSvm({ c: 0 })],
    ["config/not-positive", () => logisticRegression({ c: -1 })],
    ["config/not-positive", () => linearSvm({ tolerance: 0 })],
    ["config/not-positive", () => linearSvm({ interceptScaling: 0 })],
    ["config/not-a-positive-integer", () => linearSvm({ maxIterations: 0 })],
    ["config/not-a-boolean", () => linearSvm({ fitIntercept: 1 as never })],
    ["config/bad-seed", () => linearSvm({ seed: -1 })],
    ["config/unknown-option", () => linearSvm({ C: 1 } as LinearSvmOptions)],
    ["config/unknown-option", () => logisticRegression({ loss: "hinge" } as LogisticRegressionOptions)],
    ["config/not-options", () => linearSvm(1 as never)],
    ["config/out-of-range", () => linearSvm({ loss: "hing" as never })],
    ["config/out-of-range", () => linearSvm({ multiClass: "oneVsOne" as never })],
    ["config/out-of-range", () => linearSvm({ multiClass: "crammerSinger", loss: "squaredHinge" })],
    ["config/bad-class-weight", () => linearSvm({ classWeight: { 5: 1 } }).fit(x, y)],
    ["config/bad-class-weight", () => linearSvm({ classWeight: "even" as never }).fit(x, y)],
    ["data/bad-weight", () => linearSvm({ classWeight: { 1: -1 } }).fit(x, y)],
    ["data/bad-weight", () => linearSvm().fit(x, y, { sampleWeight: [1, NaN, 1] })],
    ["shape/rows-differ", () => linearSvm().fit(x, y, { sampleWeight: [1] })],
    ["config/unknown-option", () => linearSvm().fit(x, y, { weight: 1 } as never)],
    ["config/bad-signal", () => linearSvm().fit(x, y, { signal: 1 as never })],
    ["data/one-class", () => linearSvm().fit(x, [1, 1, 1])],
    ["data/one-class", () => linearSvm().fit([], [])],
    ["data/bad-label", () => linearSvm().fit(x, [0, 1, 0.5])],
    ["data/bad-label", () => linearSvm().fit(x, [0, 1, 2 ** 31])],
    ["data/bad-label", () => linearSvm().fit(x, [[1, 0], [0, 1], [0, 1]])], // prettier-ignore
    ["data/bad-label", () => linearSvm().fit(x, ["a", "b", "b"] as never)],
    ["data/bad-type", () => linearSvm().fit(x, "abc" as never)],
    ["shape/row-shape", () => linearSvm().fit(x, { data: [1, 0, 0, 1, 0, 1], shape: [3, 2] })],
    ["shape/rows-differ", () => linearSvm().fit(x, [0, 1])],
    ["shape/rows-differ", () => linearSvm().fit(Float32Array.of(1, 2, 3, 4, 5), [0, 1])],
    ["shape/length", () => linearSvm().fit({ data: Float32Array.of(1, 2), shape: [2, 2] }, [0, 1])],
    ["shape/row-width", () => linearSvm().fit([[1, 2], [3]], [0, 1])],
    ["data/not-finite", () => linearSvm().fit([[1], [Infinity]], [0, 1])],
    ["data/not-a-number", () => linearSvm().fit([[1], ["2"]] as never, [0, 1])],
    ["data/bad-type", () => linearSvm().fit("x" as never, [0, 1])],
  ])("%s", async (expected, attempt) => {
    expect(await code(attempt)).toBe(expected);
  });
});

describe("loadLinearModel", () => {
  const good = async () => (await linearSvm().fit([[1, 2], [3, 4], [5, 7]], [0, 1, 2])).toJSON(); // prettier-ignore

  it.each<[string, (json: Record<string, unknown>) => unknown]>([
    ["model/not-lanewise", () => null],
    ["model/not-lanewise", () => "[]"],
    ["model/not-lanewise", (json) => ({ ...json, format: "lanewise" })],
    ["model/newer-version", (json) => ({ ...json, formatVersion: 2 })],
    ["model/bad-classifier", () => "{"],
    ["model/bad-classifier", (json) => ({ ...json, formatVersion: "1" })],
    ["model/bad-classifier", (json) => ({ ...json, type: "kernelSvm" })],
    ["model/bad-classifier", (json) => ({ ...json, classes: [0, 1] })],
    ["model/bad-classifier", (json) => ({ ...json, classes: [0, 2, 1] })],
    ["model/bad-classifier", (json) => ({ ...json, classes: [0, 1, 1] })],
    ["model/bad-classifier", (json) => ({ ...json, classes: [0, 1, 2.5] })],
    ["model/bad-classifier", (json) => ({ ...json, classes: [0] })],
    ["model/bad-classifier", (json) => ({ ...json, classes: { length: 3 } })],
    ["model/bad-classifier", (json) => ({ ...json, coefficients: [[1, 2], [3, 4], [5]] })], // prettier-ignore
    ["model/bad-classifier", (json) => ({ ...json, coefficients: [[], [], []] })],
    ["model/bad-classifier", (json) => ({ ...json, coefficients: [[1, null], [3, 4], [5, 6]] })], // prettier-ignore
    ["model/bad-classifier", (json) => ({ ...json, intercepts: [1, 2] })],
    ["model/bad-classifier", (json) => ({ ...json, intercepts: [1, 2, Infinity] })],
    ["model/bad-classifier", (json) => ({ ...json, intercepts: new Array(3) })],
    ["model/bad-classifier", (json) => ({ ...json, iterations: -1 })],
    ["model/bad-classifier", (json) => ({ ...json, converged: 1 })],
  ])("%s", async (expected, damage) => {
    const json = (await good()) as unknown as Record<string, unknown>;
    expect(await code(() => loadLinearModel(damage(json) as never))).toBe(expected);
  });

  it("of two classes", async () => {
    const found = await logisticRegression().fit([[1], [2], [4]], [5, 9, 9]);
    const loaded = (await loadLinearModel(JSON.stringify(found))) as LogisticClassifier;
    expect(loaded.predictProbabilities([[1], [4]])).toEqual(found.predictProbabilities([[1], [4]]));
    const [first, second] = found.predictProbabilities([[3]]) as unknown as [number, number];
    expect(first + second).toBeCloseTo(1, 6);
    expect(second).toBeGreaterThan(0.5);
  });
});
