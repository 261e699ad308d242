import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Callback, csvLogger, type CsvLoggerOptions, loadModel } from "../../src/index.js";
import { classifier, failureOf, samples, stateOf } from "../model/helpers.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lanewise-csv-"));
  path = join(folder, "run.csv");
});
afterEach(() => rm(folder, { recursive: true }));

const { x, y } = samples(50);
const options = { epochs: 3, batchSize: 8, validationSplit: 0.2 };
const log = (more: Partial<CsvLoggerOptions> = {}) => csvLogger({ filename: path, ...more });
const text = () => readFile(path, "utf8");

/** What a fit should write, from its history. */
function rowsOf({ history, epoch }: { history: Record<string, number[]>; epoch: number[] }): string[] {
  const names = ["accuracy", "loss", "val_accuracy", "val_loss"];
  return epoch.map((n, i) => [n, ...names.map((name) => history[name]![i])].join(","));
}
const HEADER = "epoch,accuracy,loss,val_accuracy,val_loss";

describe("rows", () => {
  test("a header, and one an epoch, all digits of each number", async () => {
    const history = await (await classifier()).fit(x, y, { ...options, callbacks: [log()] });
    expect(await text()).toBe([HEADER, ...rowsOf(history), ""].join("\n"));
    expect(await readdir(folder)).toEqual(["run.csv"]);
  });

  test("another fit begins the file anew, or appends if asked to", async () => {
    const model = await classifier();
    const first = await model.fit(x, y, { ...options, callbacks: [log()] });
    const second = await model.fit(x, y, { ...options, callbacks: [log({ append: true })] });
    expect(await text()).toBe([HEADER, ...rowsOf(first), ...rowsOf(second), ""].join("\n"));
    const third = await model.fit(x, y, { ...options, callbacks: [log()] });
    expect(await text()).toBe([HEADER, ...rowsOf(third), ""].join("\n"));
  });

  test("another separator, a URL, names that need quotes, a folder that is not there", async () => {
    const odd = Object.defineProperty((): number => 0.5, "name", { value: 'a;b "c"' });
    const model = await classifier({ metrics: [odd] });
    const deep = join(folder, "a", "b", "run.csv");
    const logger = csvLogger({ filename: pathToFileURL(deep), separator: ";" });
    const { history } = await model.fit(x, y, { ...options, epochs: 1, callbacks: [logger] });
    const [header, row] = (await readFile(deep, "utf8")).split("\n");
    expect(header).toBe('epoch;loss;"val_a;b ""c""";val_loss');
    expect(row).toBe(`0;${history.loss![0]};0.5;${history.val_loss![0]}`);
  });

  test("at every moment, whole lines", async () => {
    const seen: string[] = [];
    const watch: Callback = { name: "watch", onEpochEnd: async () => void seen.push(await text()) };
    await (await classifier()).fit(x, y, { ...options, callbacks: [log(), watch] });
    expect(seen.map((each) => each.split("\n").length)).toEqual([3, 4, 5]); // the header, the rows, nothing behind
    expect(seen.every((each) => each.endsWith("\n"))).toBe(true);
  });
});

describe("a resume", () => {
  test("from any epoch and step goes on behind the rows of what it goes on from", async () => {
    const whole = await (await classifier()).fit(x, y, { ...options, callbacks: [log()] });
    const expected = [HEADER, ...rowsOf(whole), ""].join("\n");
    expect(await text()).toBe(expected);
    const saves: Uint8Array[] = [];
    for (const order of ["before", "behind"]) {
      const model = await classifier();
      const keep = () => void saves.push(stateOf(model));
      const saver: Callback = { name: "saver", onBatchEnd: keep, onEpochEnd: keep };
      const callbacks = order === "before" ? [saver, log()] : [log(), saver];
      await model.fit(x, y, { ...options, callbacks });
    }
    expect(saves).toHaveLength(2 * 18);
    for (const bytes of saves) {
      // The file as a longer life left it: rows of epochs that are trained once more, half a line at the end.
      expect(await text()).toBe(expected);
      await writeFile(path, "2,0.5", { flag: "a" });
      const loaded = await loadModel(bytes);
      await loaded.fit(x, y, { ...options, resume: true, callbacks: [log()] });
      expect(await text()).toBe(expected);
    }
  });

  test("with a logger that the fit before had not appends", async () => {
    const model = await classifier();
    await model.fit(x, y, { ...options, callbacks: [log()] });
    const before = await text();
    const rest = await model.fit(x, y, { ...options, epochs: 5, resume: true, callbacks: [log()] });
    expect(await text()).toBe(before + rowsOf(rest).join("\n") + "\n");
    await model.fit(x, y, { ...options, epochs: 6, resume: true });
    const last = await model.fit(x, y, { ...options, epochs: 7, resume: true, callbacks: [log()] });
    expect(await text()).toBe([before + rowsOf(rest).join("\n"), ...rowsOf(last), ""].join("\n"));
  });

  test("without the file, which somebody removed or cut, begins or goes on where it ends", async () => {
    const model = await classifier();
    await model.fit(x, y, { ...options, callbacks: [log()] });
    await rm(path);
    const next = await model.fit(x, y, { ...options, epochs: 4, resume: true, callbacks: [log()] });
    expect(await text()).toBe([HEADER, ...rowsOf(next), ""].join("\n"));
    await truncate(path, HEADER.length + 1 + 4);
    const last = await model.fit(x, y, { ...options, epochs: 5, resume: true, callbacks: [log()] });
    expect(await text()).toBe([HEADER, ...rowsOf(last), ""].join("\n"));
  });
});

describe("what goes wrong", () => {
  test.each([
    [{}, "config/bad-path", /filename of csvLogger.*undefined/],
    [{ filename: "" }, "config/bad-path", /""/],
    [{ filename: 3 }, "config/bad-path", /3/],
    [{ filename: "a", separator: "" }, "config/bad-separator", /one character/],
    [{ filename: "a", separator: ",," }, "config/bad-separator", /",,"/],
    [{ filename: "a", separator: "." }, "config/bad-separator", /no number has/],
    [{ filename: "a", separator: "\n" }, "config/bad-separator", /\\n/],
    [{ filename: "a", separator: "e" }, "config/bad-separator", /"e"/],
    [{ filename: "a", append: "yes" }, "config/not-a-boolean", /append/],
    [{ filename: "a", seperator: ";" }, "config/unknown-option", /Did you mean "separator"/],
  ])("bad input: %j", async (given, code, message) => {
    const error = await failureOf(() => csvLogger(given as CsvLoggerOptions));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test("appending to a file with other columns is refused, and the file stays as it is", async () => {
    await writeFile(path, "epoch,loss\n0,1\n");
    const model = await classifier();
    const error = await failureOf(() => model.fit(x, y, { ...options, callbacks: [log({ append: true })] }));
    expect(error.code).toBe("config/other-columns");
    expect(error.message).toContain('begins with "epoch,loss", and this fit writes "epoch,accuracy,loss,');
    expect(await text()).toBe("epoch,loss\n0,1\n");
  });

  test("a folder in its place ends the fit", async () => {
    const error = await failureOf(async () =>
      (await classifier()).fit(x, y, { ...options, callbacks: [csvLogger({ filename: folder })] }),
    );
    expect(error.code).toBe("files/write-failed");
  });
});
