import { describe, expect, it, test } from "vitest";
import { chart } from "../../bench/rivals/chart.js";
import { digits, time } from "../../bench/rivals/format.js";
import { betweenMarkers } from "../../bench/rivals/markers.js";
import { HELP, readOptions, RIVAL_NAMES } from "../../bench/rivals/options.js";
import { page, readmeTable } from "../../bench/rivals/page.js";
import { median, merge, type Results, spread } from "../../bench/rivals/results.js";
import { rivalsOf } from "../../bench/rivals/rivals.js";
import { heading, line, WIDTH } from "../../bench/rivals/table.js";
import { gigaflops, TASKS } from "../../bench/rivals/tasks.js";

const RIVALS = rivalsOf(2);
const task = (name: string) => TASKS.find((one) => one.name === name)!;
const even = (seconds: number) => ({ seconds: spread([seconds]), rounds: 1 });

const RESULTS: Results = {
  machine: { cpu: "A processor", cores: 2, node: "v20.0.0" },
  versions: { lanewise: "0.1.0", jax: "0.1.25" },
  tasks: {
    A: {
      peak: spread([50]),
      cells: { lanewise: even(0.5e-6), jax: even(100e-6), brain: even(4e-6), onnx: { none: "inference only" } },
    },
    C: {
      peak: spread([50]),
      cells: { lanewise: even(1.5e-3), jax: even(3e-3), brain: { none: "crashed" }, onnx: { none: "inference only" } },
    },
    mnist: {
      peak: spread([50]),
      cells: { lanewise: { ...even(4), epochs: [2, 3] }, jax: { none: "not within 90 s" } },
    },
    cold: {
      peak: spread([50]),
      cells: { lanewise: { ...even(0.02), bytes: 5e6 }, jax: { ...even(0.04), bytes: 2e7 } },
    },
  },
};

describe("medians", () => {
  test.each([
    [[3], 3],
    [[9, 1, 4], 4],
    [[4, 1, 9, 2], 3],
  ])("of %j is %d", (values, expected) => expect(median(values)).toBe(expected));

  it("leaves the values in order", () => {
    const values = [3, 1, 2];
    expect(spread(values)).toEqual({ min: 1, median: 2, max: 3 });
    expect(values).toEqual([3, 1, 2]);
  });

  it("has none of nothing", () => expect(() => median([])).toThrow(/nothing/));
});

test.each([
  [1, "1.00"],
  [0, "0.00"],
  [0.632, "0.63"],
  [9.996, "10.0"],
  [31.04, "31.0"],
  [99.96, "100"],
  [1506.2, "1,506"],
])("%d has the digits %s", (value, text) => expect(digits(value)).toBe(text));

test.each([
  [0.63e-6, "0.63 µs"],
  [1.5e-3, "1,500 µs"],
  [0.0728, "72.8 ms"],
  [3.5, "3.50 s"],
])("%d s reads %s", (seconds, text) => expect(time(seconds)).toBe(text));

describe("the table of the terminal", () => {
  const { cells, peak } = RESULTS.tasks.C!;

  it("fits 80 columns, whatever it says", () => {
    const long = {
      none: "an error whose message goes on and on, as those of libraries do, beyond all reason and the margin",
    };
    const rows = RIVALS.map((rival) => line(task("C"), rival, cells[rival.name] ?? long, cells.lanewise, peak));
    for (const row of [...rows, ...heading(task("C")).split("\n")]) expect(row.length).toBeLessThanOrEqual(WIDTH);
    for (const { name } of TASKS)
      for (const row of heading(task(name)).split("\n")) expect(row.length).toBeLessThanOrEqual(WIDTH);
  });

  it("gives the ratio and the share of the peak", () => {
    const row = line(task("C"), { title: "jax-js" }, cells.jax!, cells.lanewise, peak);
    expect(row).toMatch(/jax-js +3,000 µs +3,000 µs … 3,000 µs +2\.00 × +38 %$/); // 56.3 MFLOP in 3 ms of 50 GFLOP/s
  });

  it("gives the reason where there is no figure", () => {
    expect(line(task("C"), { title: "brain.js" }, cells.brain!, cells.lanewise, peak)).toMatch(
      /brain\.js +— {2}crashed$/,
    );
  });
});

it("counts the work of the classic step", () => {
  expect(gigaflops(task("C"))! * 1e3).toBeCloseTo(56.34, 1);
  expect(gigaflops(task("A"))).toBeUndefined();
  expect(gigaflops(task("predict-32"))! * 1e3).toBeCloseTo(2 * 32 * (784 * 300 + 300 * 100 + 1000) * 1e-6, 6);
});

describe("the page", () => {
  const text = page(RESULTS, RIVALS);

  it("has a line for each rival that did something, with ratios", () => {
    expect(text).toContain("| **lanewise** | 0.50 | 1,500 |");
    expect(text).toContain("| jax-js, wasm | 100 (200 ×) | 3,000 (2.00 ×) |");
    expect(text).not.toContain("| onnxruntime-web |");
  });

  it("numbers its notes once each", () => {
    const marks = [...text.matchAll(/^<sup>(\d+)<\/sup> \S/gm)].map(([, number]) => Number(number));
    expect(marks).toEqual(marks.map((_, i) => i + 1));
    expect(text.match(/brain\.js: an update a sample/g)).toHaveLength(1);
    expect(text).toContain("jax-js, wasm: not within 90 s.");
  });

  it("says epochs and memory", () => {
    expect(text).toContain("| **lanewise** | 4.00 s, 2 to 3 epochs |");
    expect(text).toContain("| jax-js, wasm | 40.0, 20.0 MB (2.00 ×) |");
  });

  it("gives the README its steps only", () => {
    const table = readmeTable(RESULTS, RIVALS);
    expect(table).toContain("|  | A, µs | C, µs |");
    expect(table).not.toContain("epochs |");
  });
});

describe("the chart", () => {
  const svg = chart(RESULTS, RIVALS);

  it("has a symbol for each figure and each entry of the legend", () => {
    // jax in A, C, cold; brain in A; both in the legend
    expect(svg.match(/class="tone/g)).toHaveLength(6);
    expect(svg.match(/class="own"/g)).toHaveLength(2);
  });

  it("places powers of ten evenly: 2 × lies where its logarithm does", () => {
    const grid = [...svg.matchAll(/class="(?:grid|own)" d="M([\d.]+) \d+V/g)].map(([, x]) => Number(x));
    const [one, ten] = grid as [number, number];
    const dots = [...svg.matchAll(/class="tone orange full" transform="translate\(([\d.]+)/g)].map(([, x]) =>
      Number(x),
    );
    expect(dots).toContainEqual(expect.closeTo(one + (ten - one) * Math.log10(2), 0));
  });
});

describe("markers", () => {
  const written = "before\n<!-- t:start -->\nold\n<!-- t:end -->\nafter\n";

  it("keep what is around them", () => {
    const once = betweenMarkers(written, "t", "new\n\n");
    expect(once).toBe("before\n<!-- t:start -->\nnew\n<!-- t:end -->\nafter\n");
    expect(betweenMarkers(once, "t", "new")).toBe(once);
  });

  test.each(["", "<!-- t:start -->", "<!-- t:end --> <!-- t:start -->", `${written}${written}`])(
    "are refused in %j",
    (text) => expect(() => betweenMarkers(text, "t", "new")).toThrow(/<!-- t:start -->.*<!-- t:end -->/),
  );
});

it("keeps the tasks that were not run", () => {
  const run: Results = { ...RESULTS, versions: { jax: "0.2" }, tasks: { A: { ...RESULTS.tasks.A!, cells: {} } } };
  const merged = merge(RESULTS, run);
  expect(merged.tasks.A!.cells).toEqual({});
  expect(merged.tasks.C).toBe(RESULTS.tasks.C);
  expect(merged.versions).toEqual({ lanewise: "0.1.0", jax: "0.2" });
  expect(merge(undefined, run)).toBe(run);
});

describe("options", () => {
  it("take all, or what they are told", () => {
    expect(readOptions([])).toMatchObject({ rivals: RIVAL_NAMES, rounds: 3, quick: false, write: false });
    expect(readOptions(["--quick"])).toMatchObject({ rounds: 1 });
    expect(readOptions(["--only", "torch,lanewise", "--tasks", "F,C"])).toMatchObject({
      rivals: ["lanewise", "torch"],
      tasks: ["C", "F"],
    });
    expect(readOptions(["-h"])).toBe("help");
  });

  it("are on a page of 80 columns with every name", () => {
    for (const row of HELP.split("\n")) expect(row.length).toBeLessThanOrEqual(80);
    for (const word of [
      "--rounds",
      "--limit",
      "--mnist",
      "--write",
      ...RIVAL_NAMES,
      ...TASKS.map(({ name }) => name),
    ]) {
      expect(HELP).toContain(word);
    }
  });

  test.each([
    [["--only", "keras"], /lanewise, .*got "keras"/],
    [["--tasks", "Z"], /got "Z"/],
    [["--rounds", "0"], /--rounds.*"0"/],
    [["--write", "--quick"], /--write/],
    [["--write", "--only", "torch"], /--write/],
    [["--epochs", "3"], /--epochs/],
  ])("refuse %j", (args, message) => expect(() => readOptions(args)).toThrow(message));
});
