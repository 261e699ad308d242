// Observing a network at work: over a data set, and in a step of training.

import type { Observation } from "../diagnostics/observation.js";
import { yieldToHost } from "../runtime/yield.js";
import type { Core } from "./core.js";
import type { Rows } from "./data.js";
import { Dataset } from "./dataset.js";
import { Pacer } from "./pacer.js";

/**
 * One forward and backward pass over all rows in training mode, batch by batch. Changes nothing: no weight, no moving
 * statistic, no gradient of a fit that is under way.
 *
 * @param samples Rows of each input, then of each output.
 */
export async function observe(
  core: Core,
  samples: readonly Rows[],
  { batchRows, signal }: { batchRows: number; signal?: AbortSignal | undefined },
): Promise<Observation> {
  const { rows } = samples[0]!;
  const { gradients } = core.regions;
  const { step } = core.run("train");
  core.refuseSmallBatches(rows, batchRows);
  const kept = core.engine.f32(gradients, core.variables.size).slice();
  core.evaluations++; // the model must stay as it is until all is seen
  const { run } = core.prepare("gradients", Math.min(batchRows, rows), { observed: true });
  const data = new Dataset(core, samples, { shuffle: false, batchRows });
  try {
    core.observer.clear();
    run.step = step;
    const refill = data.attach(run);
    run.begin({ totalRows: rows, batchRows });
    const pacer = new Pacer();
    for (;;) {
      const status = pacer.slice(run);
      if (status === "epochDone") break;
      if (status === "needsRows") refill();
      else await yieldToHost();
      signal?.throwIfAborted();
    }
    return { step, rows, layers: core.observer.read(core.trainable) };
  } finally {
    core.evaluations--;
    data.release();
    core.engine.f32(gradients, core.variables.size).set(kept);
  }
}

/** What a step of training did: begun before it, read after it. */
export class ObservedStep {
  readonly #core: Core;
  readonly #step: number;
  readonly #position: number;

  constructor(core: Core) {
    this.#core = core;
    this.#step = core.run("train").step;
    this.#position = core.run("train").position;
    core.observer.beginStep();
  }

  read(): Observation {
    const core = this.#core;
    const rows = core.run("train").position - this.#position;
    return { step: this.#step, rows, layers: core.observer.read(core.trainable, true) };
  }
}
