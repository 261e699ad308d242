// A step is halted by whichever thread finds a number that is not finite: here in the part that a helper takes.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as L from "../../assembly/shared/layout.js";
import { OP_GUARD } from "../../assembly/shared/ops.js";
import { wayToHire } from "../../src/runtime/helpers.js";

const [HEADER, RECORD, SPLIT, CREW, SEGMENTS, SLOTS, GRADIENTS] = [65536, 66560, 66624, 66688, 67072, 67136, 131072];
const COUNT = 1 << 20;

it("a helper halts a step", { timeout: 60_000 }, async () => {
  const module = new WebAssembly.Module(readFileSync(new URL("../../build/lanewise-threads.wasm", import.meta.url)));
  const memory = new WebAssembly.Memory({ initial: 80, maximum: 65536, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const { join, run } = exports as Record<string, (...args: unknown[]) => number>;

  const view = new DataView(memory.buffer);
  const words: readonly (readonly [at: number, value: number])[] = [
    [HEADER + L.HEADER_RECORDS, RECORD],
    [HEADER + L.HEADER_RECORD_COUNT, 1],
    [HEADER + L.HEADER_BATCH_ROWS, 1],
    [HEADER + L.HEADER_TOTAL_ROWS, 2 ** 30],
    [HEADER + L.HEADER_METRICS, SLOTS],
    [HEADER + L.HEADER_MAX_STEPS, 1],
    [HEADER + L.HEADER_SPLITS, SPLIT],
    [RECORD + L.RECORD_OP, OP_GUARD],
    [RECORD + L.RECORD_DIM0, COUNT],
    [RECORD + L.RECORD_DIM1, 1],
    [RECORD + L.RECORD_POINTER0, SEGMENTS],
    [RECORD + L.RECORD_POINTER1, GRADIENTS],
    [SPLIT + L.SPLIT_PARTS, 2],
    [SEGMENTS + L.SEGMENT_LENGTH, COUNT],
  ];
  for (const [at, value] of words) view.setUint32(at, value, true);
  view.setFloat64(HEADER + L.HEADER_BUDGET, Infinity, true);
  const last = GRADIENTS + (COUNT - 1) * 4;

  join!(CREW, 0, 0, true);
  const hire = await wayToHire();
  const end = await new Promise<() => void>((resolve, reject) => {
    const hiring = {
      module,
      memory,
      crew: CREW,
      thread: 1,
      scratch: 0,
      failed: CREW + L.CREW_FAILED,
      done: CREW + L.CREW_DONE,
    };
    const ender: () => void = hire(hiring, { onReport: () => resolve(ender), onEnd: reject });
  });
  try {
    const done = new Int32Array(memory.buffer, CREW + L.CREW_DONE, 1);
    for (let helped = 0, runs = 0; helped < 20; runs++) {
      const before = Atomics.load(done, 0);
      const isFinite = runs % 2 === 0;
      view.setFloat32(last, isFinite ? 1 : Infinity, true);
      expect(run!(HEADER)).toBe(isFinite ? L.STATUS_PAUSED : L.STATUS_NON_FINITE);
      if (!isFinite) helped += Atomics.load(done, 0) - before;
    }
  } finally {
    end();
  }
});
