import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatClock, formatDuration, formatNumber, formatRate } from "../../src/callbacks/format.js";
import { progressBar, type ProgressBarOptions } from "../../src/callbacks/index.js";
import type { CallbackContext, Logs, TrainingInfo } from "../../src/model/callback.js";

const INFO: TrainingInfo = { epochs: 30, batchSize: 32, samples: 3200, stepsPerEpoch: 100 };

/** All that a progress bar may look at. */
const contextOf = (info: TrainingInfo) => ({ info }) as CallbackContext;

/** A stream that keeps what is written, a clock that goes when told, and the hooks as `fit` calls them. */
class Bench {
  readonly writes: string[] = [];
  time = 1000;
  readonly #context: CallbackContext;
  readonly #bar;

  constructor(
    { columns, ...options }: ProgressBarOptions & { columns?: number } = {},
    info: Partial<TrainingInfo> = {},
  ) {
    this.#context = contextOf({ ...INFO, ...info });
    const stream = {
      write: (text: string) => this.writes.push(text),
      ...(columns === undefined ? {} : { isTTY: true, columns }),
    };
    this.#bar = progressBar({ stream, now: () => this.time, ...options });
  }

  begin(): void {
    void this.#bar.onTrainBegin?.({}, this.#context);
  }
  beginEpoch(epoch: number): void {
    void this.#bar.onEpochBegin?.(epoch, {}, this.#context);
  }
  /** After `ms` more, `steps` of the epoch are done. */
  progress(ms: number, steps: number, logs: Logs = {}): void {
    this.time += ms;
    void this.#bar.onProgress?.(steps, logs, this.#context);
  }
  endEpoch(ms: number, epoch: number, logs: Logs = {}): void {
    this.time += ms;
    void this.#bar.onEpochEnd?.(epoch, logs, this.#context);
  }
  end(): void {
    void this.#bar.onTrainEnd?.({}, this.#context);
  }

  /** The last line drawn, without the blanks that wipe out the one before. */
  get last(): string {
    return this.writes.at(-1)!.replace(/^\r/, "").trimEnd();
  }

  /** What a terminal shows in the end, line by line. */
  get screen(): string[] {
    const lines = [""];
    for (const text of this.writes.join("").match(/\r|\n|[^\r\n]+/g) ?? []) {
      if (text === "\n") lines.push("");
      else if (text !== "\r") lines[lines.length - 1] = text + lines.at(-1)!.slice(text.length);
    }
    return lines.map((line) => line.trimEnd());
  }
}

const LOGS = { loss: 0.12341, accuracy: 0.96714 };
const FINAL = { loss: 0.1201, accuracy: 0.9682, val_loss: 0.1502, val_accuracy: 0.9583 };

/** Two epochs of 100 steps of 32 samples, a step every 10 ms, and 200 ms of validation after each. */
function train(bench: Bench, until = 57): void {
  bench.begin();
  bench.beginEpoch(0);
  for (let step = 1; step <= 100; step++) bench.progress(10, step, LOGS);
  bench.endEpoch(200, 0, FINAL);
  bench.beginEpoch(1);
  for (let step = 1; step <= until; step++) bench.progress(10, step, LOGS);
}

beforeEach(() => {
  for (const name of ["LC_ALL", "LC_CTYPE", "NO_COLOR"]) vi.stubEnv(name, undefined);
  vi.stubEnv("LANG", "en_US.UTF-8");
  vi.stubEnv("TERM", "xterm-256color");
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("in a terminal", () => {
  beforeEach(() => vi.stubEnv("NO_COLOR", "1"));

  it("begins with an empty bar", () => {
    const bench = new Bench({ columns: 80 });
    bench.begin();
    bench.beginEpoch(0);
    expect(bench.writes).toEqual([`\repoch  1/30 ▕${" ".repeat(30)}▏`]);
  });

  it("fits everything into 80 columns, the last one left free", () => {
    const bench = new Bench({ columns: 80 });
    train(bench);
    expect(bench.screen).toEqual([
      "epoch  1/30   1.2 s  loss 0.1201 (val 0.1502)  accuracy 0.9682 (val 0.9583)",
      "epoch  2/30 ▕██▊  ▏ loss 0.1234  accuracy 0.9671  3.2k samples/s  run 0:32 left",
    ]);
    expect(bench.last).toHaveLength(79);
  });

  it("shows what matters most in 40 columns", () => {
    const bench = new Bench({ columns: 40 });
    train(bench);
    expect(bench.screen).toEqual(["epoch  1/30  loss 0.1201 (val 0.1502)", "epoch  2/30 ▕███████▍     ▏ loss 0.1234"]);
  });

  it("gives the bar the room that a wide terminal has, up to the width asked for", () => {
    const bench = new Bench({ columns: 200, width: 120 });
    train(bench, 50);
    expect(bench.screen).toEqual([
      "epoch  1/30   1.2 s  loss 0.1201 (val 0.1502)  accuracy 0.9682 (val 0.9583)  3.2k samples/s",
      `epoch  2/30 ▕${"█".repeat(15)}${" ".repeat(15)}▏ loss 0.1234  accuracy 0.9671  3.2k samples/s  run 0:32 left`,
    ]);
  });

  it("draws in ASCII where the terminal is dumb, the Linux console, or not UTF-8", () => {
    for (const [name, value] of [
      ["TERM", "dumb"],
      ["TERM", "linux"],
      ["LANG", "C"],
      ["LC_ALL", "de_DE.ISO-8859-1"],
    ] as const) {
      vi.stubEnv(name, value);
      const bench = new Bench({ columns: 60 });
      train(bench);
      expect(bench.last, `${name}=${value}`).toBe("epoch  2/30 [=========>      ] loss 0.1234  accuracy 0.9671");
      vi.stubEnv(name, name === "TERM" ? "xterm" : "en_US.UTF-8");
    }
  });

  it("paints the bar, and only that, unless NO_COLOR is set", () => {
    vi.stubEnv("NO_COLOR", "");
    const bench = new Bench({ columns: 40 });
    train(bench);
    expect(bench.last).toBe("epoch  2/30 ▕\x1b[32m███████▍     \x1b[39m▏ loss 0.1234");
    expect(bench.writes.join("").replaceAll(/\x1b\[(32|39)m/g, "")).not.toContain("\x1b");
  });

  it("draws at most 15 times a second, however often it is told", () => {
    const bench = new Bench({ columns: 80 }, { stepsPerEpoch: 10_000 });
    bench.begin();
    bench.beginEpoch(0);
    for (let step = 1; step <= 10_000; step++) bench.progress(1, step, LOGS);
    expect(bench.writes.length).toBeGreaterThan(140);
    expect(bench.writes.length).toBeLessThanOrEqual(151);
  });

  it("asks for no batch hook, which would slow training down", () => {
    expect(progressBar()).not.toHaveProperty("onBatchEnd");
  });

  it("wipes out what a longer line left", () => {
    const bench = new Bench({ columns: 80 });
    bench.begin();
    bench.beginEpoch(0);
    bench.progress(100, 50, { loss: 0.5, aMetricWithALongName: 0.25, another: 0.125 });
    bench.endEpoch(100, 0, { loss: 0.5 });
    expect(bench.screen).toEqual(["epoch  1/30  200 ms  loss 0.5000", ""]);
  });

  it("tells the time left of a long run in hours", () => {
    const bench = new Bench({ columns: 80 }, { epochs: 100, stepsPerEpoch: 1000, samples: 32_000 });
    bench.begin();
    bench.beginEpoch(0);
    bench.progress(100, 1, LOGS);
    bench.progress(499 * 100, 500, LOGS);
    expect(bench.last).toBe("epoch   1/100 ▕████████        ▏ loss 0.1234  accuracy 0.9671  run 2:45:50 left");
  });

  it("says NaN where the loss is none", () => {
    const bench = new Bench({ columns: 80 });
    train(bench, 0);
    bench.progress(100, 50, { loss: NaN, accuracy: 0.1 });
    expect(bench.last).toContain(" loss NaN  accuracy 0.1000 ");
    bench.endEpoch(0, 1, { loss: NaN, accuracy: 0.1, val_loss: Infinity, val_accuracy: 0 });
    expect(bench.last).toContain("loss NaN (val Infinity)  accuracy 0.1000 (val 0.0000)");
  });

  it("goes on where a resumed run goes on, at the speed since then", () => {
    const bench = new Bench({ columns: 80 });
    bench.begin();
    bench.beginEpoch(28);
    bench.progress(10, 51, LOGS);
    expect(bench.writes.length).toBe(1);
    bench.progress(90, 60, LOGS);
    expect(bench.last).toBe("epoch 29/30 ▕███  ▏ loss 0.1234  accuracy 0.9671  3.2k samples/s  run 0:01 left");
    bench.endEpoch(400, 28, LOGS);
    expect(bench.last).toBe("epoch 29/30  500 ms  loss 0.1234  accuracy 0.9671  3.2k samples/s");
  });

  it("leaves speed and time out where the clock stands still", () => {
    const bench = new Bench({ columns: 80 });
    bench.begin();
    bench.beginEpoch(0);
    for (let step = 1; step <= 100; step++) bench.progress(0, step, LOGS);
    bench.endEpoch(0, 0, LOGS);
    expect(bench.screen).toEqual(["epoch  1/30    0 ms  loss 0.1234  accuracy 0.9671", ""]);
  });

  it("measures epochs too short for any progress", () => {
    const bench = new Bench({ columns: 80 });
    bench.begin();
    for (let epoch = 0; epoch < 2; epoch++) {
      bench.beginEpoch(epoch);
      bench.endEpoch(4, epoch, LOGS);
    }
    expect(bench.screen).toEqual([
      "epoch  1/30    4 ms  loss 0.1234  accuracy 0.9671  800k samples/s",
      "epoch  2/30    4 ms  loss 0.1234  accuracy 0.9671  800k samples/s",
      "",
    ]);
  });

  it("counts steps where a stream does not say how many there are", () => {
    const bench = new Bench({ columns: 80 }, { stepsPerEpoch: NaN, samples: NaN, epochs: 3 });
    bench.begin();
    bench.beginEpoch(0);
    bench.progress(100, 10, LOGS);
    bench.progress(100, 20, LOGS);
    expect(bench.last).toBe("epoch 1/3  step 20  loss 0.1234  accuracy 0.9671  3.2k samples/s");
  });

  it("keeps the last state of an epoch that was stopped", () => {
    const bench = new Bench({ columns: 80 });
    train(bench, 57);
    bench.end();
    expect(bench.screen.slice(1)).toEqual([
      "epoch  2/30 ▕███████████▍        ▏ loss 0.1234  accuracy 0.9671  3.2k samples/s",
      "",
    ]);
  });

  it("ends without a word after a whole epoch", () => {
    const bench = new Bench({ columns: 80 });
    train(bench, 57);
    bench.endEpoch(0, 1, LOGS);
    const { length } = bench.writes;
    bench.end();
    expect(bench.writes).toHaveLength(length);
  });

  it("starts afresh in the next fit", () => {
    const bench = new Bench({ columns: 80 });
    train(bench);
    bench.end();
    bench.time += 3_600_000;
    const { length } = bench.writes;
    train(bench);
    expect(bench.writes.slice(length)[0]).toContain("epoch  1/30 ▕ ");
    expect(bench.last).toContain("3.2k samples/s  run 0:32 left");
  });

  it("uses 80 columns where the terminal does not say how many it has", () => {
    const bench = new Bench({ columns: 0 });
    train(bench);
    expect(bench.last).toHaveLength(79);
  });

  it("never exceeds the width, nor cuts a figure", () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(0, -0, 9.99996, 99.996, 999.96, 999_999.6, 1e-3, 5e-324));
    const name = fc.constantFrom("loss", "accuracy", "val_loss", "val_accuracy", "meanAbsoluteError", "auc", "val_f1");
    const count = fc.constantFrom(1, 7, 100, 99_999, NaN, Infinity);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 130 }),
        fc.dictionary(name, value),
        fc.record({ epochs: count, stepsPerEpoch: count, batchSize: fc.integer({ min: 1, max: 1e9 }), samples: count }),
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (columns, logs, info, ms, fraction) => {
          const bench = new Bench({ columns }, info);
          const steps = Math.ceil((Number.isFinite(info.stepsPerEpoch) ? info.stepsPerEpoch : 500) * fraction);
          bench.begin();
          bench.beginEpoch(0);
          bench.progress(100, 1, logs);
          bench.progress(100 + ms, steps, logs);
          bench.endEpoch(ms, 0, logs);
          bench.beginEpoch(1);
          bench.progress(100, steps, logs);
          bench.end();
          for (const text of bench.writes) {
            const line = text.replaceAll(/[\r\n]/g, "");
            expect(line.length).toBeLessThanOrEqual(Math.min(80, columns - 1));
            for (const [key, one] of Object.entries(logs)) {
              const after = line.split(new RegExp(`(?<![A-Za-z_])${key} `))[1];
              if (after !== undefined) expect(after.split(/[ )]/)[0]).toBe(formatNumber(one));
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("elsewhere", () => {
  it("writes one plain line an epoch, every figure by its name", () => {
    const bench = new Bench();
    train(bench);
    bench.endEpoch(200, 1, FINAL);
    bench.end();
    expect(bench.writes).toEqual([
      "epoch  1/30   1.2 s  loss 0.1201  accuracy 0.9682  val_loss 0.1502  val_accuracy 0.9583  3.2k samples/s\n",
      "epoch  2/30  770 ms  loss 0.1201  accuracy 0.9682  val_loss 0.1502  val_accuracy 0.9583  3.2k samples/s\n",
    ]);
  });

  it("keeps to a width that was asked for", () => {
    const bench = new Bench({ width: 50 });
    train(bench, 0);
    expect(bench.writes).toEqual(["epoch  1/30   1.2 s  loss 0.1201  accuracy 0.9682\n"]);
  });

  it("says where an epoch was stopped", () => {
    const bench = new Bench();
    train(bench, 57);
    bench.end();
    expect(bench.writes.at(-1)).toBe("epoch  2/30  step 57/100  loss 0.1234  accuracy 0.9671  3.2k samples/s\n");
  });

  it("writes to the console where there is no process", () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    vi.stubGlobal("process", undefined);
    try {
      const context = contextOf(INFO);
      const bar = progressBar({ now: () => 0 });
      void bar.onTrainBegin?.({}, context);
      void bar.onEpochBegin?.(0, {}, context);
      void bar.onEpochEnd?.(0, { loss: 1 }, context);
      void bar.onTrainEnd?.({}, context);
    } finally {
      vi.unstubAllGlobals();
    }
    expect(log.mock.calls).toEqual([["epoch  1/30    0 ms  loss 1.0000"]]);
  });
});

describe("figures", () => {
  it.each([
    [0, "0.0000"],
    [-0, "0.0000"],
    [0.96714, "0.9671"],
    [9.99996, "10.00"],
    [12.345, "12.35"],
    [123.45, "123.5"],
    [1234.5, "1235"],
    [1.23e7, "1.2e+7"],
    [4.2e-7, "4.2e-7"],
    [-0.5, "-0.5000"],
    [NaN, "NaN"],
    [-Infinity, "-Infinity"],
  ])("number %d is %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it.each([
    [0.04, "0.0"],
    [3.21, "3.2"],
    [9.96, "10"],
    [950, "950"],
    [999.6, "1.0k"],
    [6912, "6.9k"],
    [52_340, "52k"],
    [999_600, "1.0M"],
    [4.2e12, "4.2T"],
  ])("rate %d is %s", (value, text) => {
    expect(formatRate(value)).toBe(text);
  });

  it.each([
    [0, "0 ms"],
    [999.6, "1.0 s"],
    [1440, "1.4 s"],
    [9_960, "10 s"],
    [59_600, "1:00"],
    [3_725_000, "1:02:05"],
  ])("duration %d is %s", (value, text) => {
    expect(formatDuration(value)).toBe(text);
  });

  it("clock shows hours only where there are any", () => {
    expect([0, 9_400, 59_600, 3_599_600].map(formatClock)).toEqual(["0:00", "0:09", "1:00", "1:00:00"]);
  });
});
