import { knownOptions, positiveInteger } from "../check.js";
import { sizeOf } from "../shape.js";
import type { Core } from "./core.js";
import { type Rowlike, sliceRows, toRows } from "./data.js";
import { Dataset } from "./dataset.js";

export interface PredictOptions {
  /** Rows at a time (default 256): more of them are faster and take more memory. It changes no bit. */
  batchSize?: number;
}

export interface Prediction {
  readonly data: Float32Array;
  /** (rows, …output) */
  readonly shape: number[];
}

const PREDICT_OPTIONS = { batchSize: true };
const DEFAULT_BATCH = 256;

/** Bytes that a chunk of inputs and outputs may take: predicting a million rows needs no memory for a million. */
const CHUNK_BYTES = 16 * 1024 * 1024;

/** The outputs for each row of x, in inference mode. */
export function predict(core: Core, x: Rowlike, options: PredictOptions): Prediction {
  const { inputShapes, outputShape } = core.architecture;
  const { batchSize = DEFAULT_BATCH } = knownOptions<PredictOptions>(options, "predict()", PREDICT_OPTIONS);
  const batchRows = positiveInteger(batchSize, "batchSize");
  const input = toRows(x, inputShapes[0]!, "x");
  const width = sizeOf(outputShape);
  const data = new Float32Array(input.rows * width);
  const batches = Math.max(1, Math.floor(CHUNK_BYTES / ((input.width + width) * 4 * batchRows)));
  const chunk = Math.min(input.rows, batches * batchRows);

  const { run } = core.prepare("predict", Math.min(batchRows, chunk));
  const sink = core.engine.heap.allocate(chunk * width * 4, "predictions");
  try {
    run.sinks([sink]);
    for (let first = 0; first < input.rows; first += chunk) {
      const rows = Math.min(chunk, input.rows - first);
      const dataset = new Dataset(core, [sliceRows(input, first, rows)], { shuffle: false, batchRows, resident: true });
      try {
        dataset.attach(run);
        run.begin({ totalRows: rows, batchRows });
        run.slice(Infinity);
      } finally {
        dataset.release();
      }
      data.set(core.engine.f32(sink, rows * width), first * width);
    }
  } finally {
    core.engine.heap.free(sink);
  }
  return { data, shape: [input.rows, ...outputShape] };
}
