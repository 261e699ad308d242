// Workers that die: what the one who waits is told, and what is left of the model.

import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dense, type Model, sequential } from "../../src/index.js";
import { weightsHash } from "../platform/conformance.js";
import { helpedBy, watchCrews } from "./everything.js";

vi.mock("../../src/program/split.js", async (original) => (await import("./everything.js")).splitEverything(original));

const { workers, faults } = vi.hoisted(() => ({ workers: [] as Worker[], faults: { script: (text: string) => text } }));

/** Keeps every worker, and lets a test write faults into its script. */
vi.mock("node:worker_threads", async (original) => {
  const actual = (await original()) as typeof import("node:worker_threads");
  class Watched extends actual.Worker {
    constructor(script: URL, options?: import("node:worker_threads").WorkerOptions) {
      const text = decodeURIComponent(script.href.slice("data:text/javascript,".length));
      super(new URL(`data:text/javascript,${encodeURIComponent(faults.script(text))}`), options);
      workers.push(this);
    }
  }
  return { ...actual, Worker: Watched };
});

const rows = (count: number, width: number) =>
  Float32Array.from({ length: count * width }, (_, i) => Math.fround(((i * 7919) % 2003) / 1001.5 - 1));
const [x, y] = [rows(200, 12), rows(200, 3)];
const options = { batchSize: 10, epochs: 4 };

async function network(threads: number): Promise<Model> {
  const layers = [dense(60, { activation: "tanh" }), dense(3)];
  const model = await sequential({ inputShape: 12, layers, seed: 5, threads });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  return model;
}

/** Its weights after so many steps, by one thread. */
async function after(steps: number): Promise<string> {
  const model = await network(1);
  await model.fit(x, y, { ...options, epochs: 100000, maxSteps: steps });
  return weightsHash(model);
}

const ready = (worker: Worker) => new Promise((resolve) => worker.once("message", resolve));

beforeEach(() => {
  workers.length = 0;
});
afterEach(() => {
  faults.script = (text) => text;
  vi.restoreAllMocks();
});

describe("a worker that is ended while a fit runs", () => {
  it.each([2, 4])("rejects it, whole steps are kept, and the next call goes on: %i threads", async (threads) => {
    const model = await network(threads);
    let [steps, helped] = [0, 0];
    const crews = watchCrews();
    const forever = { ...options, epochs: 100000 };
    const fit = model.fit(x, y, {
      ...forever,
      callbacks: [
        {
          async onBatchEnd() {
            steps++;
            if (steps === 1) await ready(workers.at(-1)!);
            helped = helpedBy(crews);
            if (steps >= 33 && helped > 0) await workers.at(-1)!.terminate();
          },
        },
      ],
    });
    await expect(fit).rejects.toMatchObject({
      code: "threads/worker-died",
      message: expect.stringMatching(/exit code 1.*last whole step/) as string,
    });
    expect(helped).toBeGreaterThan(0);
    expect(await weightsHash(model)).toBe(await after(steps));

    const before = workers.length;
    const { stopReason } = await model.fit(x, y, { ...forever, maxSteps: 50, resume: true });
    expect(stopReason).toBe("maxSteps");
    expect(workers.length).toBe(before + threads - 1); // new ones
    expect(await weightsHash(model)).toBe(await after(steps + 50));
  });

  it("says nothing where none runs", async () => {
    const model = await network(2);
    let waited = false;
    const onBatchEnd = async () => {
      if (!waited) await ready(workers[0]!);
      waited = true;
    };
    await model.fit(x, y, { ...options, maxSteps: 33, callbacks: [{ onBatchEnd }] });
    await workers[0]!.terminate();
    await new Promise((resolve) => setImmediate(resolve));
    await model.fit(x, y, { ...options, resume: true });
    expect(await weightsHash(model)).toBe(await after(80));
    const expected = await network(1);
    await expected.fit(x, y, options);
    expect(model.predict(x).data).toEqual(expected.predict(x).data);
  });
});

describe("a worker that throws in the midst of a record", () => {
  /** Takes a part of a product, and fails. */
  function sabotage(text: string): string {
    const fault = `
      const words = new Int32Array(memory.buffer);
      const calls = new BigInt64Array(memory.buffer);
      for (;;) {
        const call = Atomics.load(calls, crew >> 3);
        const open = Number(call & 0xffffffffn);
        if (open === 0 || ![2, 3, 4].includes(words[words[(crew + 64) >> 2] >> 2])) continue;
        const left = call & ~BigInt(open & -open);
        if (Atomics.compareExchange(calls, crew >> 3, call, left) === call) throw new Error("sabotage");
      }`;
    expect(text).toContain("help();");
    return text.replace("help();", fault);
  }

  it("rejects, drops the step, and the next call has other threads", async () => {
    faults.script = sabotage;
    const model = await network(2);
    let steps = 0;
    const callback = {
      async onBatchEnd() {
        steps++;
        if (steps === 1) await ready(workers[0]!);
      },
    };
    const fit = model.fit(x, y, { ...options, epochs: 10000, callbacks: [callback] });
    await expect(fit).rejects.toMatchObject({ code: "threads/worker-died" });
    expect(steps).toBeGreaterThan(0);
    const reference = await network(1);
    await reference.fit(x, y, { ...options, epochs: 10000, maxSteps: steps });
    expect(await weightsHash(model)).toBe(await weightsHash(reference));

    faults.script = (text) => text;
    await model.fit(x, y, { ...options, epochs: 10000, maxSteps: 40, resume: true });
    await reference.fit(x, y, { ...options, epochs: 10000, maxSteps: 40, resume: true });
    expect(await weightsHash(model)).toBe(await weightsHash(reference));
  });

  it("rejects an evaluation too", async () => {
    faults.script = sabotage;
    const model = await network(2);
    const expected = await network(1);
    const [many, targets] = [rows(20000, 12), rows(20000, 3)];
    const evaluate = async () => {
      for (;;) await model.evaluate(many, targets);
    };
    await expect(evaluate()).rejects.toMatchObject({ code: "threads/worker-died" });
    faults.script = (text) => text;
    expect(await model.evaluate(x, y)).toEqual(await expected.evaluate(x, y));
  });
});

describe("a worker that cannot be started", () => {
  it("leaves the work to one thread, and a warning", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    faults.script = () => "throw new Error('no such script')";
    const model = await network(3);
    await model.fit(x, y, {
      ...options,
      callbacks: [{ onBatchEnd: () => new Promise((resolve) => setTimeout(resolve, 5)) }],
    });
    expect(await weightsHash(model)).toBe(await after(80));
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining("no such script")]);
    expect(workers).toHaveLength(2); // and no more at each slice
  });
});
